"""How far a whole run is, and how long the rest will take.

Work is counted in passes: one image once through the image tower. A training step costs `TRAINED` passes an image, a
measurement of affinity a pass for each pair of tasks besides. The plan follows from the tasks and the settings as soon
as they are known; what comes from the cache counts as done and says nothing of the speed. Seconds a pass are measured
phase by phase; a phase that was not reached yet goes at the speed of those that were. Of events in quick succession the
window sees the newest alone, so each says how far the phase is, and none is taken for a single step.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatchmethod
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

from mmap_studio.config import Settings, TrainSettings
from mmap_studio.formatting import percent, time_left
from mmap_studio.session.estimates.eta import NEEDED
from mmap_studio.session.estimates.memory import in_a_step
from mmap_studio.session.events import Event, GroupReady, GroupScored, PhaseEnded, PhaseStarted, Progress, TasksReady
from mmap_studio.session.methods import CONTROLS
from mmap_studio.session.runtime.job import State, StateChanged

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.task import TaskSpec

TRAINED = 3
"""Passes of an image in a step: forward, and about twice that backward (the weights take no gradient)."""
TUNED = 4
"""The same where every weight is trained."""


@dataclass
class PhasePart:
    """One phase, or one control."""

    passes: float
    share: float = 0.0
    """Done, in [0, 1]."""
    seconds: float = 0.0
    measured: float = 0.0
    """Passes that took these seconds; what the cache had is not among them."""
    steps: int = 0
    """Steps (tasks, where tasks are counted) that were measured."""

    @property
    def pace(self) -> float | None:
        """Seconds a pass; none while there is too little to tell."""
        return self.seconds / self.measured if self.measured and self.steps >= NEEDED else None


class RunProgress:
    """Hears the events of one run."""

    def __init__(
        self,
        settings: Settings,
        controls: Sequence[str] = (),
        affinity: bool = True,
        training: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._controls = settings, tuple(CONTROLS) if "all" in controls else tuple(controls)
        self._affinity, self._training = affinity, training
        self._clock = clock
        self._parts: dict[str, PhasePart] = {}
        self._at = 0.0
        """When the event that is heard was posted."""
        self._since: float | None = None
        self._teams: dict[str, list[str]] = {}
        self._tasks = 0
        self._done = 0.0

    @property
    def done(self) -> float:
        """Share of the whole, in [0, 1]; it never goes back."""
        weights = {name: part.passes * (self._pace(part) or 1.0) for name, part in self._parts.items()}
        whole = sum(weights.values())
        share = sum(weights[name] * part.share for name, part in self._parts.items()) / whole if whole else 0.0
        self._done = max(self._done, share)
        return self._done

    @property
    def seconds_left(self) -> float | None:
        """Of the whole run; none while there is too little to tell."""
        left = [(part.passes * (1 - part.share), self._pace(part)) for part in self._parts.values()]
        if not left or any(pace is None for passes, pace in left if passes):
            return None
        return sum(passes * (pace or 0.0) for passes, pace in left)

    def text(self) -> str:
        """Such as ``run 43 % · 5 min 2 s left``; empty before the tasks are known."""
        return f"run {percent(self.done, 0)} · {self.left}" if self._parts else ""

    @property
    def left(self) -> str:
        """Such as ``5 min 2 s left``; empty before the tasks are known."""
        seconds = self.seconds_left
        said = "estimating…" if seconds is None else f"{time_left(seconds)} left"
        return said if self._parts else ""

    @property
    def rates(self) -> dict[str, float]:
        """Seconds a pass of every phase that was measured."""
        return {name: part.pace for name, part in self._parts.items() if part.pace is not None}

    def hear(self, event: Event, when: float | None = None) -> None:
        """Take in one event, posted at `when` on the clock; None for now."""
        self._at = self._clock() if when is None else when
        self.handle(event)

    @singledispatchmethod
    def handle(self, event: Event) -> None:
        """Update the plan or its state; the handlers below are chosen by the event's type."""

    @handle.register
    def _(self, event: TasksReady) -> None:
        self._tasks = len(event.tasks)
        self._parts = planned(event.tasks, self._settings, self._controls, self._affinity, self._training)

    @handle.register
    def _(self, event: StateChanged) -> None:
        if event.state is State.RUNNING:  # the time of a pause belongs to nothing
            self._since = self._at

    @handle.register
    def _(self, event: PhaseStarted) -> None:
        self._since = self._at

    @handle.register
    def _(self, event: PhaseEnded) -> None:
        for name, part in self._parts.items():
            if name.partition(":")[0] == event.phase:
                part.share = 1.0
                if event.cached:
                    part.seconds, part.measured, part.steps = 0.0, 0.0, 0

    @handle.register
    def _(self, event: Progress) -> None:
        name, done, share, had = self._place(event)
        part = self._parts.get(name)
        if part is not None:
            computed = done - event.cached
            if computed > part.steps and self._since is not None:
                part.seconds += self._at - self._since
                part.steps, part.measured = computed, (share - had) * part.passes
            part.share = max(part.share, share)
        self._since = self._at

    @handle.register
    def _(self, event: GroupReady | GroupScored) -> None:
        self._since = self._at

    def _place(self, event: Progress) -> tuple[str, int, float, float]:
        """Which part an event belongs to, how many of its steps are done, and what share of it; cached, too."""
        total = max(1, event.total)
        share, had = event.done / total, event.cached / total
        if event.share is not None:
            share, had = event.share, event.share_cached
        if event.phase != "controls":
            return event.phase, event.done, share, had
        control, colon, _ = event.note.partition(":")
        if not colon:
            return f"controls:{control}", event.done, share, had
        teams = self._teams.setdefault(control, [])  # one training a task
        if event.note not in teams:
            teams.append(event.note)
        before, count = len(teams) - 1, max(1, self._tasks)
        return f"controls:{control}", before * total + event.done, (before + share) / count, had / count

    def _pace(self, part: PhasePart) -> float | None:
        if part.pace is not None:
            return part.pace
        known = [other for other in self._parts.values() if other.pace is not None]
        passes = sum(other.measured for other in known)
        return sum(other.seconds for other in known) / passes if passes else None


def planned(
    tasks: "Sequence[TaskSpec]",
    settings: Settings,
    controls: Sequence[str] = (),
    affinity: bool = True,
    training: bool = True,
) -> dict[str, PhasePart]:
    """Passes of every phase that takes long."""
    train, count, test = settings.train, len(tasks), sum(len(task.test) for task in tasks)
    per_epoch = steps_per_epoch(tasks, train)
    images = per_epoch * sum(in_a_step(train.batch_size, len(task.train)) for task in tasks)
    epochs = train.epochs_of(per_epoch, largest(tasks))
    stage_three = epochs * (TRAINED * images + sum(len(task.val) for task in tasks))
    parts = {"zero_shot": PhasePart(test)}
    if affinity and count > 1:
        looking = settings.affinity.epochs_of(per_epoch, train.warmup)
        by_look = looking * images * (TRAINED + measured(settings, count))
        parts["affinity"] = PhasePart(_of_pairs(tasks, settings) if settings.affinity.by == "training" else by_look)
    if training:
        parts |= {"training": PhasePart(stage_three), "evaluation": PhasePart(test)}
    costs = {
        "head": sum(len(task.train) + len(task.val) + len(task.test) for task in tasks),
        "prompts": stage_three + test,
        "weights": epochs * TUNED * images + test,
    }
    return parts | {f"controls:{name}": PhasePart(costs[CONTROLS[name].trains]) for name in controls}


def _of_pairs(tasks: "Sequence[TaskSpec]", settings: Settings) -> int:
    """Passes of the trainings of every task alone and of every pair, all repetitions."""
    train = settings.affinity.of_a_pair(settings.train)
    passes = 0
    for members in combinations_with_replacement(tasks, 2):
        steps = train.steps_on(len(task.train) for task in members)
        own = {task.name: in_a_step(train.batch_size, len(task.train)) for task in members}
        passes += TRAINED * steps * sum(own.values())
    return settings.affinity.repeats * passes


def steps_per_epoch(tasks: "Sequence[TaskSpec]", train: TrainSettings) -> int:
    """Steps until the largest training set has been seen once."""
    return max((-(-len(task.train) // train.batch_size) for task in tasks), default=0)


def largest(tasks: "Sequence[TaskSpec]") -> int:
    """Images of the largest training set."""
    return max((len(task.train) for task in tasks), default=0)


def measured(settings: Settings, tasks: int) -> float:
    """Passes an image and step that measuring the affinity adds: a gradient a task, and a look a pair if exact."""
    looks = tasks if settings.affinity.order == "exact" else 0
    return (TRAINED + looks) / settings.affinity.every


def predicted_seconds(parts: dict[str, PhasePart], rates: dict[str, float]) -> float | None:
    """Seconds of a plan at these speeds; a phase without one goes at that of training. None where that is not known."""
    if not rates:
        return None
    usual = rates.get("training", rates.get("affinity", next(iter(rates.values()))))
    return sum(part.passes * (1 - part.share) * rates.get(name, usual) for name, part in parts.items())
