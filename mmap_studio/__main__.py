"""`python -m mmap_studio` and the command `mmap-studio`."""


def main() -> None:
    from mmap_studio.cli.terminal.signals import STOPPER

    STOPPER.install()  # first of all: Ctrl+C is heard while the rest is being imported
    from mmap_studio.cli.app import start

    start()


if __name__ == "__main__":
    main()
