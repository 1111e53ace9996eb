"""`python -m mmap_studio` and the command `mmap-studio`."""

import os
import signal


def main() -> None:
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))  # until there is more to end
    from mmap_studio.cli.terminal.signals import STOPPER

    STOPPER.install()  # first of all: Ctrl+C is heard while the rest is being imported
    from mmap_studio.cli.app import start

    start()


if __name__ == "__main__":
    main()
