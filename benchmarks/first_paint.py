"""`python -m benchmarks.first_paint studio|bare STARTED`: seconds from STARTED until a window has painted itself.

STARTED is the wall clock (`time.time()`) just before the process was started. `studio` is the real `mmap-studio`,
bare an empty QMainWindow. Imports nothing before it has to, as the program it times.
"""

import os
import sys
import time


def main(which: str, started: float) -> None:
    """Print the seconds, and the processor time of them, and leave at once."""
    if which == "bare":
        from PySide6.QtWidgets import QApplication, QMainWindow

        app = QApplication([])
        told = tell_when_painted(app, started)
        window = QMainWindow()
        window.show()
        app.exec()
        del told
        return
    from mmap_studio.ui import app as studio

    make, told = studio.make_application, []

    def watched() -> object:
        made = make()
        told.append(tell_when_painted(made, started))
        return made

    studio.make_application = watched
    sys.argv = ["mmap-studio"]
    from mmap_studio.__main__ import main as start

    start()


def tell_when_painted(app, started: float):  # type: ignore[no-untyped-def]
    """Once the event loop runs, wait for the next paint of a main window; the event after it is the end.

    Not earlier: while a window is built thousands of events would pass through Python for this.
    """
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QMainWindow, QWidget

    class Filter(QObject):
        def eventFilter(self, watched, event):  # type: ignore[no-untyped-def]  # noqa: N802
            painted = event.type() == QEvent.Type.Paint and isinstance(watched, QWidget)
            if painted and isinstance(watched.window(), QMainWindow):
                app.removeEventFilter(self)
                QTimer.singleShot(0, done)
            return False

    def watch() -> None:
        app.installEventFilter(kept)
        for window in app.topLevelWidgets():
            window.update()  # one that has painted already does so again

    def done() -> None:
        print(time.time() - started, time.process_time(), flush=True)
        os._exit(0)

    kept = Filter(app)
    QTimer.singleShot(0, app, watch)
    return kept


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
