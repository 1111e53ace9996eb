"""From a command to a window: checks, log, Qt, theme, hooks, and only then anything heavy, in the background."""

import logging
import os
import sys

DESKTOP_ID = "io.github.mmap_studio.MmapStudio"
NO_DISPLAY = "No display was found; run without a window: mmap-studio run {project}"


def open_window(project: str | None = None, reset_layout: bool = False) -> int:
    """Open the window and stay until it closes; the exit code. 1 with one sentence where there can be no window."""
    if not _has_display():
        print(NO_DISPLAY.format(project=project or "starter"), file=sys.stderr)
        return 1
    if sys.platform == "win32":
        import torch  # noqa: F401  before Qt, or its DLLs do not load
    import PySide6

    from mmap_studio.ui.kit.versions import refusal

    problem = refusal(PySide6.__version__)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    from mmap_studio.ui.kit.log_files import end_log, keep_log

    crashes = keep_log()
    os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"
    app = make_application()
    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.first_paint import AfterFirstPaint
    from mmap_studio.ui.kit import theme
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.signals import Signals
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
    signals.asked.connect(window.leave)
    window.show()
    logging.getLogger(__name__).info("window open")
    first = project or ("starter" if not preferences.recent and not preferences.text("seen") else "")
    preferences.save("seen", "yes")
    if first:
        AfterFirstPaint(window, lambda: window.open(first))
    code = int(app.exec())
    hooks.remove()
    signals.remove()
    code, ended = signals.code or code, window.studio.close()
    end_log(crashes)
    if not ended:
        os._exit(code)  # the interpreter's end would abort the process over a thread that is still inside torch
    return code


def make_application():  # type: ignore[no-untyped-def]
    """The one QApplication, with name, icon, Fusion and a decimal point."""
    import locale

    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from mmap_studio.resources import resource

    plain_imports()
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


def plain_imports() -> None:
    """Give Python its own import back: PySide6's reads the source of every module imported later, torch's too."""
    import builtins

    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


def _has_display() -> bool:
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
