"""What `benchmarks.ui` measures on: the real window on a project, and how late its event loop is."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

BEAT_MS = 5
"""Between two beats of the heart."""
SHORT = {"train": {"epochs": 2}, "affinity": {"epochs": 1}}
"""Of a starter run: minutes would measure the same again."""


def platform() -> str:
    """What the windows are drawn on, for the figures."""
    from PySide6.QtGui import QGuiApplication

    return QGuiApplication.platformName()


def prepare() -> Any:
    """The application; offscreen where there is no display."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from mmap_studio.ui.app import load_pyqtgraph, make_application
    from mmap_studio.ui.kit import theme

    app = make_application()
    load_pyqtgraph()
    theme.apply("light")
    return app


@contextmanager
def window_on(project: str, folder: Path) -> Iterator[Any]:
    """The real window on a project, opened and at rest; cache, home and settings in `folder`."""
    prepare()
    from PySide6.QtCore import QSettings

    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.window.main_window import MainWindow

    before = dict(os.environ)
    os.environ |= {"MMAP_STUDIO_HOME": str(folder / "home"), "MMAP_STUDIO_CACHE": str(folder / "cache")}
    window = MainWindow(Studio(), Preferences(QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)))
    try:
        window.show()
        window.open(project)
        rest(window)
        yield window
    finally:
        window.leave()
        spin(lambda: not window.isVisible())
        window.deleteLater()
        os.environ.clear()
        os.environ.update(before)


def spin(until: Callable[[], bool], patience: float = 3600.0) -> None:
    """Let the event loop run as it does for a user, until something is so."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer, end = QEventLoop(), QTimer(interval=20), time.monotonic() + patience
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
    timer.start()
    loop.exec()
    timer.stop()
    assert until(), f"waited {patience} s in vain"


def rest(window: Any) -> None:
    """Until the job is done and everything it said is shown."""
    spin(lambda: at_rest(window))


def at_rest(window: Any) -> bool:
    """Nothing runs, and all that was said is shown."""
    return not window.studio.job.busy and not len(window.studio.job.mailbox) and window.registry["run"].isEnabled()


def lateness(until: Callable[[], bool]) -> tuple[np.ndarray, np.ndarray]:
    """How late the loop is at beats 5 ms apart, and how much of each beat was its own work; float64 (n,) and (m,), ms.

    Late is what an event would have waited. The timer does not ring while the loop is held up, so the beats it left
    out are put in: a hold-up of 100 ms would have kept the events of twenty beats waiting, the first for 100 ms and
    the last for 5. Work is the processor time of this thread between two rings: what other programs on a busy machine
    take is not in it.
    """
    from PySide6.QtCore import Qt, QTimer

    found: list[tuple[float, float]] = []
    last = [time.perf_counter(), time.thread_time()]

    def beat() -> None:
        now = [time.perf_counter(), time.thread_time()]
        found.append((1000 * (now[0] - last[0]) - BEAT_MS, 1000 * (now[1] - last[1])))
        last[:] = now

    timer = QTimer(interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start()
    spin(until)
    timer.stop()
    late, work = np.array(found).T
    return filled(late), work


def filled(late: np.ndarray) -> np.ndarray:
    """With the beats that were left out: float64 (n,) in ms, none below zero."""
    late = late.clip(min=0)
    return np.concatenate([np.arange(one, -1e-9, -BEAT_MS) if one > BEAT_MS else [one] for one in late])


def painted_ms(widget: Any, change: Callable[[], object]) -> float:
    """Milliseconds from a change to the end of the last repaint it asks for inside `widget`; the loop runs no timers'
    waiting in between."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication, QWidget

    app = QApplication.instance()
    assert app is not None
    seen = [0]

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
                seen[0] += widget is watched or widget.isAncestorOf(watched)
            return False

    counter = Painted()
    app.installEventFilter(counter)
    start = time.perf_counter()
    change()
    end, before = start, -1
    while seen[0] != before:  # a layout may ask for another one
        before = seen[0]
        app.processEvents()
        end = time.perf_counter()
        if not seen[0] and end - start < 1:
            before = -1
    app.removeEventFilter(counter)
    return 1000 * (end - start)


def resident_mb() -> float:
    """Resident memory of this process."""
    if sys.platform.startswith("linux"):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def platform_name() -> str:
    """As `platform`, before there is an application here."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return os.environ.get("QT_QPA_PLATFORM") or ("xcb" if shown else "offscreen")


def own_folders(folder: Path) -> dict[str, str]:
    """The variables of a process that has nothing of the user's: as at the very first start."""
    names = {"MMAP_STUDIO_HOME": "home", "MMAP_STUDIO_CACHE": "cache", "XDG_CONFIG_HOME": "config",
             "XDG_STATE_HOME": "state"}  # fmt: skip
    own = {name: str(folder / part) for name, part in names.items()}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | own | {"QT_QPA_PLATFORM": platform_name()}  # a user's Python keeps what it has compiled


def own(window: Any) -> dict[str, Any]:
    """What the project's settings must keep: the prompt's shape fits its backbone."""
    return {"prompt": window.studio.project.settings.prompt.model_dump()}


def two_groups(tasks: Any) -> Any:
    """The first half of the tasks, and the second."""
    from mmap_studio.method.grouping.grouping import Grouping

    half = max(1, len(tasks) // 2)
    return Grouping.of([tasks[:half], tasks[half:]])


def drop(board: Any, task: str, group: int) -> None:
    """What Qt does when a card is let go over a column."""
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QDropEvent

    from mmap_studio.ui.board import drag

    column, copy = board.body.columns[group], Qt.DropAction.CopyAction
    place = column.mapTo(board.body, QPoint(column.width() // 2, column.height() - 5))
    mime = drag.pack([task])
    event = QDropEvent(QPointF(place), copy, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    board.body.dropEvent(event)
