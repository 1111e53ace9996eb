"""Random moments of a run in a real window, with the real engine on a small project, and what a user does then."""

import faulthandler
import json
import random
import threading
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from mmap_studio.session.events import PhaseStarted
from mmap_studio.session.project.lock import ProjectLock
from mmap_studio.session.runtime.job import State
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.storage import disk
from mmap_studio.storage.hdf5 import unpack
from mmap_studio.storage.runs import list_runs
from mmap_studio.storage.temporaries import NAME

EVENTS = {"opening": 15, "affinity": 12, "training": 12, "evaluation": 2, "export": 2}
"""Of every phase, how many events it has about; the rest of a run belongs to the phase before."""
DEEDS = {
    "opening": ("close", "run stop", "run close", "close close"),
    "affinity": ("stop", "close", "pause resume stop", "pause stop", "pause close", "stop close", "pause resume close"),
}
PATIENCE = 150.0
"""Seconds to wait for what a quiet machine does in one."""
SLOW_DISK = 0.002
"""Seconds that fsync takes longer, so that phases that only write are there to be hit."""


@dataclass(frozen=True)
class Moment:
    """When, and what is done then."""

    number: int
    phase: str
    event: int
    """The n-th of the phase, or its end."""
    wait: float
    """Seconds after that event."""
    deeds: tuple[str, ...]
    """Empty where a signal comes instead."""

    @property
    def leaves(self) -> bool:
        """Whether the window is closed in the end."""
        return not self.deeds or "close" in self.deeds

    @classmethod
    def of(cls, number: int, phase: str = "", deeds: tuple[str, ...] | None = None) -> "Moment":
        """The moment of this number, always the same; phases take turns."""
        rng = random.Random(number)
        phase = phase or tuple(EVENTS)[number % len(EVENTS)]
        chosen = (*rng.choice(DEEDS.get(phase, DEEDS["affinity"])).split(),) if deeds is None else deeds
        return cls(number, phase, rng.randint(1, EVENTS[phase]), rng.choice([0, rng.random() / 50]), chosen)


class Watched(StudioEngine):
    """The real engine; rings at the event it is set to, in the thread that computes."""

    def __init__(self) -> None:
        super().__init__()
        self.moment: Moment | None = None
        self.rung, self.heard = threading.Event(), threading.Event()
        self.phase = ""
        """Where the thread is now."""

    def set(self, moment: Moment) -> None:
        """Ring at this moment."""
        self.moment, self.seen = moment, 0
        self.rung.clear()
        self.heard.clear()

    def ring(self) -> None:
        """It is the moment; go on when that was noticed, or when the first deed is done: on a busy machine the phase
        would be over by then.
        """
        self.rung.set()
        self.heard.wait(PATIENCE)

    def opening(self, *asked, **more):
        return self._watched(super().opening(*asked, **more), "opening")

    def running(self, *asked, **more):
        return self._watched(super().running(*asked, **more), "")

    def _watched(self, work, phase):
        def watched(stop):
            events = work(stop)
            try:
                for event in events:
                    self._see(phase or (event.phase if isinstance(event, PhaseStarted) else ""))
                    yield event
                self._see("over")
            finally:
                events.close()

        return watched

    def _see(self, phase: str) -> None:
        ours = self.moment is not None and self.phase == self.moment.phase
        if phase in EVENTS or phase == "over":
            self.phase = phase
        if self.moment is None or self.rung.is_set():
            return
        self.seen += self.phase == self.moment.phase
        if self.seen == self.moment.event or (ours and self.phase != self.moment.phase):
            self.ring()


def live(window, moment: Moment, patience: float = PATIENCE) -> str:
    """Begin what the moment is in, do its deeds, wait until all is over; the phase in which the first was done."""
    engine, project = window.studio.engine, window.studio.project
    start = window.registry["measure" if moment.phase == "affinity" else "run"]
    until(lambda: at_rest(window) and start.isEnabled(), patience)
    window.studio.set_settings(project.settings.model_copy(update={"seed": 1000 + moment.number}))
    until(lambda: at_rest(window) and start.isEnabled(), patience)
    engine.set(moment)
    if moment.phase == "opening":
        window.studio.jobs.refresh()
    else:
        start.trigger()
    until(engine.rung.is_set, patience)
    if moment.wait or not moment.deeds or moment.phase == "opening":  # what is asked then waits for the opening
        engine.heard.set()
        QTest.qWait(round(1000 * moment.wait))
    hit, yes = engine.phase, QTimer(window, interval=1)
    yes.timeout.connect(say_yes)
    yes.start()
    for deed in moment.deeds:
        window.close() if deed == "close" else window.run_commands.actions[deed]()
        engine.heard.set()
        QTest.qWait(random.Random(moment.number).choice([0, 1, 5]))
    if moment.leaves:
        until(lambda: not window.isVisible(), patience)
    else:
        until(lambda: at_rest(window), patience)
    yes.stop()
    return hit


def at_rest(window) -> bool:
    """Nothing runs, and all that was said is shown."""
    return not window.studio.job.busy and not len(window.studio.job.mailbox)


def say_yes() -> None:
    """Answer the question that is asked."""
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox) and box.standardButtons() & QMessageBox.StandardButton.Yes:
        box.button(QMessageBox.StandardButton.Yes).click()


def until(fits, patience: float) -> None:
    """Let the window live until it fits."""
    end = time.monotonic() + patience
    while not fits():
        if time.monotonic() > end:
            faulthandler.dump_traceback()
            raise AssertionError(f"waited {patience} s in vain")
        QTest.qWait(5)


def check_end(window, moment: Moment) -> None:
    """No thread, no lock, Start enabled, and one of the good last states."""
    job = window.studio.job
    assert job.join(5)
    assert job.state in (State.DONE, State.CANCELLED)
    if moment.leaves:
        lock = ProjectLock(window.studio.project.folder)
        lock.acquire()
        lock.release()
        assert not [t.name for t in threading.enumerate() if t.name.startswith("mmap-")]
    else:
        assert window.registry["run"].isEnabled()
        assert not window.registry["stop"].isEnabled()


def check_files(project: Path, *more: Path) -> int:
    """Every file of the project and of the other folders is whole; how many were read."""
    for run in list_runs(project / "runs"):
        assert run.state in ("finished", "cancelled", "interrupted"), f"{run.path} is {run.state}"
        assert run.verify() == []
        run.metrics()
    readers = {".json": lambda p: json.loads(p.read_text()), ".toml": lambda p: tomllib.loads(p.read_text()),
               ".h5": unpack, ".safetensors": _tensors}  # fmt: skip
    files = [path for folder in (project, *more) for path in folder.rglob("*") if path.is_file()]
    for path in files:
        readers.get(path.suffix, Path.stat)(path)
    return len(files)


def left_half_written(*folders: Path) -> list[Path]:
    """Temporaries: only a process that was killed may leave some."""
    return [path for folder in folders for path in folder.rglob("*") if NAME.fullmatch(path.name)]


def slow_disk() -> disk.System:
    """The system's calls, with an fsync as slow as on a laptop's disk."""

    def fsync(handle: int) -> None:
        time.sleep(SLOW_DISK)
        disk.System.fsync(handle)

    return disk.System(fsync=fsync)


def _tensors(path: Path) -> None:
    from safetensors.numpy import load_file

    load_file(path)
