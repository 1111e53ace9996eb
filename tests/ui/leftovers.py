"""What a test of the window leaves behind: threads, timers, animations, processes, widgets, files.

After napari's fixtures of this kind. Only what Python knows of is looked at: a timer that Qt started for itself has no
object here. Processes and open files are those that Linux tells of.
"""

import gc
import os
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 2.0
"""Within which threads and processes that were told to end must have ended."""
HALF_WRITTEN = ".mmap-*.tmp"
LIBRARIES = ("torchinductor_",)
"""How folders begin that torch makes among the temporary files when it is first used."""
PACKAGES = tuple(sysconfig.get_paths()[which] for which in ("purelib", "platlib"))
"""Where libraries are; they keep open what they have there, as matplotlib its fonts."""


@contextmanager
def nothing_left(temporary: Path, folder: Callable[[], Path | None], files_too: bool = True) -> Iterator[None]:
    """Raises AssertionError with the names of what is there after the block, and was not before.

    temporary : an empty folder, where temporary files go meanwhile
    folder : the test's own folder, asked for after the block; no half-written file may be there
    files_too : whether files that are open count
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setenv("TMPDIR", str(temporary))
        threads, children, widgets, files = set(threading.enumerate()), child_processes(), set(windows()), open_files()
        gc.collect()
        gc.freeze()  # what was there before, torch's half a million objects too, is not looked through again
        yield
        gc.collect()
        new = [one for one in threading.enumerate() if one not in threads]
        left = {
            "threads": lambda: [one.name for one in new if one.is_alive()],
            "timers, animations or threads of Qt": running_objects,
            "child processes": lambda: [told for one, told in child_processes().items() if one not in children],
            "widgets": lambda: [told for one, told in windows().items() if one not in widgets],
            "threads of Qt's pool": pooled,
            "open files": lambda: sorted(open_files() - files) if files_too else [],
            "temporary files": lambda: written(temporary) + half_written(folder()),
        }
        told = [f"{what} left: {', '.join(found)}" for what, look in left.items() if (found := waited_for(look))]
    assert not told, "; ".join(told)


def waited_for(look: Callable[[], list[str]]) -> list[str]:
    """What is still there after a while."""
    end = time.monotonic() + PATIENCE_S
    while True:
        delete_later()
        found = look()
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.02)
        gc.collect()


def written(temporary: Path) -> list[str]:
    """Names of temporary files, without those of libraries."""
    return [one.name for one in temporary.iterdir() if not one.name.startswith(LIBRARIES)]


def qt() -> Any:
    """Qt's widgets, where an application is there; else None."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets if widgets is not None and widgets.QApplication.instance() is not None else None


def delete_later() -> None:
    """Let Qt delete what was told to go."""
    if qt():
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def windows() -> dict[int, str]:
    """What is shown as a window, and widgets without a parent that are hidden: address -> class and title."""
    if not (widgets := qt()):
        return {}
    import shiboken6

    return {
        shiboken6.getCppPointer(one)[0]: f"{type(one).__name__} {one.windowTitle() or one.objectName()}".strip()
        for one in widgets.QApplication.topLevelWidgets()
        if one.isVisible() or one.parent() is None
    }


def pooled() -> list[str]:
    """One line if the pool that Qt keeps for everybody is at work."""
    if not qt():
        return []
    from PySide6.QtCore import QThreadPool

    active = QThreadPool.globalInstance().activeThreadCount()
    return [f"{active} at work"] if active else []


def running_objects() -> list[str]:
    """Every QTimer, QThread and animation of this test that runs, whoever its parent is."""
    if not qt():
        return []
    import shiboken6
    from PySide6.QtCore import QAbstractAnimation, QThread, QTimer

    found, wanted = [], (QTimer, QThread, QAbstractAnimation)
    for one in gc.get_objects():
        kind = type(one)  # asked for their class, some objects of torch answer with a warning
        if not issubclass(kind, wanted) or not shiboken6.isValid(one):
            continue
        running = (one.isActive() if isinstance(one, QTimer)
                   else one.isRunning() if isinstance(one, QThread)
                   else one.state() == QAbstractAnimation.State.Running)  # fmt: skip
        if running:
            found.append(f"{kind.__name__} of {type(one.parent()).__name__}")
    return found


def child_processes() -> dict[int, str]:
    """Processes that this one has started and that have not been waited for: number -> command."""
    found = {}
    for tasks in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for number in tasks.read_text().split():
                found[int(number)] = f"{number} {command(number)}".strip()
    return found


def command(number: str) -> str:
    """How a process was called; empty where it has gone."""
    with suppress(OSError):
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    return ""


def open_files() -> set[str]:
    """What this process has open: paths, without those of libraries, and names of pipes and sockets."""
    found = set()
    with suppress(OSError):
        for number in os.listdir("/proc/self/fd"):
            with suppress(OSError):  # the one of the listing itself
                found.add(os.readlink(f"/proc/self/fd/{number}"))
    return {one for one in found if not one.startswith(PACKAGES)}


def half_written(folder: Path | None) -> list[str]:
    """What the studio began to write below a folder and neither finished nor deleted."""
    return [str(one) for one in folder.rglob(HALF_WRITTEN)] if folder is not None and folder.exists() else []
