"""The application: from the checks to the open window; what is heavy begins after its first paint."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from mmap_studio.errors import InputError
from mmap_studio.ui.display import answering_platforms, load_qt

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from mmap_studio.ui.window.main_window import MainWindow

DESKTOP_ID = "io.github.mmap_studio.MmapStudio"


def open_window(project: str | None = None, reset_layout: bool = False) -> int:
    """Open the window and stay until it closes; its exit code. StudioError where there can be none."""
    platforms = answering_platforms()
    if project is not None:
        from mmap_studio.session.project.project import Project

        Project.open(project)  # a wrong folder is refused before Qt is loaded
    if sys.platform == "win32":
        import torch  # noqa: F401  before Qt, or its DLLs do not load
    import PySide6

    from mmap_studio.ui.kit.versions import refusal

    problem = refusal(PySide6.__version__)
    if problem:
        raise InputError(problem)
    load_qt(platforms)
    from mmap_studio.ui.kit.log_files import end_log, keep_log

    crashes = keep_log()
    app = make_application()
    load_pyqtgraph()
    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.kit import theme
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.window.error_dialog import Hooks
    from mmap_studio.ui.window.main_window import MainWindow

    preferences = Preferences()
    if reset_layout:
        preferences.remove("layout")
        preferences.remove("geometry")
    theme.choose(preferences.theme)
    window = MainWindow(Studio(), preferences)
    theme.apply(theme.choice())  # a window takes a style sheet faster once it is whole than part by part
    hooks, signals = Hooks(window), Signals()
    window.tick.timeout.connect(lambda: window.leave() if signals.code else None)
    window.show()
    logging.getLogger(__name__).info("window open")
    first = project or ("starter" if not preferences.recent and not preferences.text("seen") else "")
    preferences.save("seen", "yes")
    if first:
        after_first_paint(window, lambda: begin(window, first, tour=project is None))
    code = int(app.exec())
    hooks.remove()
    signals.remove()
    code, ended = signals.code or code, window.studio.close()
    end_log(crashes)
    if not ended:
        os._exit(code)  # the interpreter's end would abort the process over a thread that is still inside torch
    return code


def load_pyqtgraph() -> None:
    """Import pyqtgraph without CUDA's bindings.

    Where torch brought them, it imports them for a widget that is not used here: 0.14 s of every start.
    """
    os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"
    absent = "cuda" not in sys.modules
    if absent:
        sys.modules["cuda"] = None  # type: ignore[assignment]
    try:
        import pyqtgraph  # noqa: F401
    finally:
        if absent:
            del sys.modules["cuda"]


def begin(window: "MainWindow", first: str, tour: bool) -> None:
    """Open the first project; at the very first start, which shows the starter, with a tour of the window."""
    window.open(first)
    if tour:
        window.registry["tour"].trigger()


class Signals:
    """Ctrl+C in the terminal and SIGTERM close the window in order; a second signal ends the process at once.

    Python runs signal handlers between two lines of Python, and the window's timer is Python twenty times a second:
    the handler notes the exit code, and the timer reads it. A signal that was inherited as ignored stays ignored.
    """

    def __init__(self) -> None:
        self.code = 0
        """The exit code: 0, or 130 after Ctrl+C and 143 after SIGTERM, as shells have it."""
        heard = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        numbers = [number for number in heard if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        self._fd = signal.set_wakeup_fd(-1)  # the command line's thread would end the process meanwhile

    def remove(self) -> None:
        signal.set_wakeup_fd(self._fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.code:
            os._exit(self.code)
        self.code = 128 + number


def after_first_paint(widget: "QWidget", act: Callable[[], object]) -> None:
    """Call `act` once `widget` has painted itself: importing torch holds Python, and a paint would wait for it."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Filter(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, self, act)  # after the paint, which is still to come
            return False

    widget.installEventFilter(Filter(widget))


def make_application() -> "QApplication":
    """The one QApplication, with name, icon, Fusion and a decimal point."""
    import builtins
    import locale

    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from mmap_studio.resources import resource

    # PySide6 has put its own import over Python's, which reads the source of every module imported later, torch's too
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    QApplication.setOrganizationName("mmap-studio")
    QApplication.setApplicationName("mmap-studio")
    QApplication.setApplicationDisplayName("MmAP Studio")
    QApplication.setDesktopFileName(DESKTOP_ID)
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    locale.setlocale(locale.LC_NUMERIC, "C")  # QApplication takes the desktop's comma; C libraries choke on it
    app.setStyle("Fusion")
    app.setWindowIcon(QIcon(str(resource("icons/mmap-studio.svg"))))
    return app
