"""`python -m tests.ui.leaver NUMBER PHASE HOW PROJECT`: the real `mmap-studio PROJECT` that is left at a moment.

HOW is close (the window, answering yes), or SIGINT or SIGTERM, which the thread that computes sends to its process.
"""

import os
import signal
import sys
import traceback

from tests.ui.moments import Moment, Watched, live


class Signalled(Watched):
    """Sends a signal when it would ring."""

    number = 0

    def ring(self) -> None:
        super().ring()
        if self.number:
            os.kill(os.getpid(), self.number)


def main() -> None:
    """Start the studio, wait until the project is open, and leave."""
    # as in the foreground: what a shell starts in the background inherits that Ctrl+C is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    number, phase, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    del sys.argv[1:4]
    from PySide6.QtCore import QTimer

    from mmap_studio.session.studio import studio
    from mmap_studio.ui.window.main_window import MainWindow

    studio.StudioEngine = Signalled
    show = MainWindow.show

    def act(window: MainWindow) -> None:
        if window.studio.project is None or not window.isVisible():
            QTimer.singleShot(1, window, lambda: act(window))
            return
        if how.startswith("SIG"):
            window.studio.engine.number = signal.Signals[how].value
        try:
            live(window, Moment.of(number, phase, () if how.startswith("SIG") else ("close",)))
        except BaseException:
            traceback.print_exc()
            os._exit(99)

    def shown(window: MainWindow) -> None:
        show(window)
        QTimer.singleShot(0, window, lambda: act(window))

    MainWindow.show = shown
    from mmap_studio.__main__ import main as start

    start()


if __name__ == "__main__":
    main()
