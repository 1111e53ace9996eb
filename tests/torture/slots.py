"""`python -m tests.torture.slots FOLDER COUNT`: an error in every function of the window that Qt calls, once each.

A window on a small project is clicked, typed into and commanded at random. The first time that Qt calls a function of
ours (a slot, a paint, a filter of events, a timer), it raises there; every error must be shown to whoever sits at the
window, and the window must live: in the end a run is made in it, and it is closed. Prints one JSON document.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.torture.outcome import Outcome

ROOT = Path(__file__).parents[2]
OURS = (str(ROOT / "mmap_studio" / "ui"), str(ROOT / "mmap_studio" / "session" / "studio"))
HOOKS = "error_dialog.py"
"""What tells of errors: nobody could tell of its own."""
WITHOUT = {"quit", "starter"}
"""Actions that would end the torture, or open what takes minutes to read."""
EVERY_MS = 3
"""Between two deeds."""
KEYS = (0x01000001, 0x01000004, 0x20, 0x01000000, 0x01000015, 0x01000014, 0x01000007, 0x41, 0x31, 0x01000010)
"""Qt's numbers of Tab, Return, Space, Escape, Down, Right, Delete, A, 1, Home."""
AT_REST_S = 45.0
"""Seconds of deeds in vain, after which nothing new is expected."""


def exceptions_everywhere(folder: Path, count: int) -> Outcome:
    """In a process of its own, until so many functions have raised."""
    command = [sys.executable, "-m", "tests.torture.slots", str(folder), str(count)]
    own = {"QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1", "MMAP_STUDIO_CACHE": str(folder / "cache"),
           "MMAP_STUDIO_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}  # fmt: skip
    # its dialogs of files begin there, and it saves what it saves
    done = subprocess.run(command, cwd=folder, env=dict(os.environ) | own, capture_output=True, text=True)
    if done.returncode or not done.stdout.strip():
        return Outcome(
            1, crashes=1, notes=[f"the process ended with {done.returncode}", *done.stderr.splitlines()[-5:]]
        )
    found = json.loads(done.stdout.splitlines()[-1])
    outcome = Outcome(found["raised"], lost=len(found["untold"]), notes=found["untold"][:5])
    if not found["alive"]:
        outcome.torn += 1
        outcome.notes.append(f"afterwards a run could not be made: {found['state']}")
    outcome.notes.append(f"{found['deeds']} clicks, keys and commands")
    return outcome


class Raiser:
    """Raises in every function of ours that the code of this file calls through Qt, the first time it is called."""

    def __init__(self, count: int) -> None:
        self.count, self.raised, self.names, self.on = count, set[CodeType](), list[str](), False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code, before = frame.f_code, frame.f_back
        if not self.on or event != "call" or len(self.raised) >= self.count or code in self.raised:
            return
        called_by_qt = before is not None and before.f_code.co_filename == __file__
        if called_by_qt and code.co_filename.startswith(OURS) and not code.co_filename.endswith(HOOKS):
            self.raised.add(code)
            self.names.append(f"torture: {code.co_qualname} in line {code.co_firstlineno}.")
            raise RuntimeError(self.names[-1][:-1])


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from mmap_studio.session.runtime.job import BackgroundJob, Finished
    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.window.error_dialog import Hooks
    from mmap_studio.ui.window.main_window import MainWindow
    from tests import projects

    app = QApplication([])
    quick = {"train.epochs": 1, "affinity.epochs": 1}
    tried, sound = (projects.make(folder / name, ("art", "real"), **quick).folder for name in ("tried", "sound"))
    preferences = Preferences(QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))
    window = MainWindow(Studio(job=BackgroundJob(on_thread=lambda: None)), preferences)
    hooks, told = Hooks(window), []
    hooks.raised.connect(lambda sentence, _: told.append(sentence) if "torture: " in sentence else None)
    ends: list[str] = []
    window.studio.listen(lambda event: ends.append(event.message) if isinstance(event, Finished) else None)
    window.show()
    run(app, window, tried)
    raiser = Raiser(count)
    deeds = torture(app, window, raiser)
    alive = run(app, window, sound)  # of the other one the deeds may have taken all tasks
    studio = window.studio
    state = f"{studio.jobs.state} {ends[-1:]} in {studio.project.folder.name}, "
    state += f"{studio.comparisons.doing or 'no comparison'}, "
    state += f"Run {'can' if window.registry['run'].isEnabled() else 'cannot'} be pressed"
    untold = sorted(one for one in raiser.names if not any(one in sentence for sentence in told))
    window._may_stop = lambda: True
    window.close()
    pump(app, lambda: not window.isVisible(), 60)
    print(json.dumps({"raised": len(raiser.raised), "untold": untold, "alive": alive, "deeds": deeds,
                      "state": state}), flush=True)  # fmt: skip
    os._exit(0 if not window.isVisible() else 3)  # what other threads still do is not looked at


def torture(app: Any, window: Any, raiser: Raiser) -> int:
    """Deeds at random in the event loop, until nothing new raises; how many."""
    from PySide6.QtCore import QTimer

    chance, deeds, last, before = random.Random(0), 0, time.monotonic(), 0
    actions = [action for key, action in window.registry.by_key.items() if key not in WITHOUT]

    def step() -> None:
        nonlocal deeds, last, before
        deeds += 1
        if len(raiser.raised) > before:
            before, last = len(raiser.raised), time.monotonic()
        if len(raiser.raised) >= raiser.count or time.monotonic() - last > AT_REST_S:
            app.exit()  # `quit` would ask whether the window may be closed
        raiser.on = False
        deed(chance, window, actions)
        raiser.on = True
        sys.settrace(raiser)  # an error that a trace raises ends it

    timer = QTimer(interval=EVERY_MS)
    timer.timeout.connect(step)
    timer.start()
    app.exec()  # what Qt calls from here, not from a call of ours, gets its errors to the hooks at once
    timer.stop()
    sys.settrace(None)
    pump(app, lambda: close_popup() is None, 10)
    return deeds


def deed(chance: random.Random, window: Any, actions: list[Any]) -> None:
    """One click, key, move or command, left for the event loop to do."""
    from PySide6.QtCore import QCoreApplication, QEvent, QMetaObject, QPointF, Qt
    from PySide6.QtGui import QKeyEvent, QMouseEvent
    from PySide6.QtWidgets import QApplication, QWidget

    popup = QApplication.activePopupWidget() or QApplication.activeModalWidget()
    if popup is not None and chance.random() < 0.1:
        close_popup()
        return
    what, widgets = chance.random(), [one for one in (popup or window).findChildren(QWidget) if one.isVisible()]
    if popup is None and what < 0.2:
        QMetaObject.invokeMethod(chance.choice(actions), "trigger", Qt.ConnectionType.QueuedConnection)
    if not widgets:
        return
    widget, none, left = chance.choice(widgets), Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    at = QPointF(chance.randrange(max(1, widget.width())), chance.randrange(max(1, widget.height())))
    there = widget.mapToGlobal(at)

    def mouse(kind: QEvent.Type, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        QCoreApplication.postEvent(widget, QMouseEvent(kind, at, there, button, held, none))

    nothing = Qt.MouseButton.NoButton
    if what < 0.5:
        mouse(QEvent.Type.MouseMove, nothing, nothing)
        mouse(QEvent.Type.MouseButtonPress, left, left)
        if what > 0.45:
            mouse(QEvent.Type.MouseMove, nothing, left)
        mouse(QEvent.Type.MouseButtonRelease, left, nothing)
    elif what < 0.6:
        mouse(QEvent.Type.MouseMove, nothing, nothing)
    elif what < 0.65:
        mouse(QEvent.Type.MouseButtonDblClick, left, left)
    elif what < 0.9:
        widget.setFocus()
        key = chance.choice(KEYS)
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QCoreApplication.postEvent(widget, QKeyEvent(kind, key, none, chr(key) if key < 128 else ""))
    else:
        widget.update()


def close_popup() -> Any:
    """Leave the menu or dialog that is open, if one is; returns it."""
    from PySide6.QtWidgets import QApplication

    popup = QApplication.activePopupWidget() or QApplication.activeModalWidget()
    if popup is not None:
        popup.close()
    return popup


def pump(app: Any, fits: Callable[[], bool], seconds: float) -> bool:
    """Let the window live until it fits; whether it did in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        if fits():
            return True
        time.sleep(0.005)
    return False


def run(app: Any, window: Any, project: Path) -> bool:
    """Whether a project can be opened, and a run of it comes to its end."""
    from mmap_studio.session.runtime.job import State

    window.studio.jobs.stop()
    window.studio.comparisons.stop()
    pump(app, lambda: not window.studio.busy, 60)
    window.open(str(project))
    pump(app, lambda: window.studio.backbone is not None and window.registry["run"].isEnabled(), 120)
    window.registry["run"].trigger()
    pump(app, lambda: window.studio.busy, 10)
    pump(app, lambda: not window.studio.busy and not len(window.studio.job.mailbox), 120)
    return bool(window.studio.project.folder == project and window.studio.jobs.state is State.DONE)


if __name__ == "__main__":
    main()
