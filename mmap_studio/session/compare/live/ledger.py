"""The ledger of a comparison: what is chosen, kept, made, in hand, waiting and left out, trial by trial. Without torch.

A window shows it. It hears the events of `live`; the plan decides which of what it knows counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from mmap_studio.formatting import counted, time_left
from mmap_studio.session.compare.live.events import (
    Compared,
    MethodFacts,
    MethodsListed,
    Surveyed,
    TrialLeftOut,
    TrialMade,
    TrialsAhead,
    TrialStepped,
)
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import in_order
from mmap_studio.session.compare.remaining import Ahead
from mmap_studio.session.compare.trial import Amount, Cell, Comparison, Trial
from mmap_studio.session.events import Event

FAMILIES = {
    "zero_shot": "Zero-shot", "features": "Frozen features", "prompts": "Prompts", "weights": "Weights",
    "mmap": "MmAP",
}  # fmt: skip
"""In the order of tables, with their titles."""
WHAT = {
    "zero_shot": "CLIP as it is: nothing is trained",
    "features": "A classifier on the image and text features of the frozen towers: seconds a trial",
    "prompts": "Learned tokens beside those of the towers",
    "weights": "Some or all weights of CLIP are changed",
    "mmap": "Prompts of few numbers that groups of tasks share: this studio's own method",
}
State = Literal["done", "running", "failed", "waiting", "skipped"]


@dataclass(frozen=True)
class LedgerLine:
    """One method at one amount of training images, over its seeds."""

    method: str
    title: str
    family: str
    amount: Amount
    state: State
    made: tuple[int, ...]
    """Seeds whose trial is there."""
    seeds: tuple[int, ...]
    words: str
    """Such as ``2 of 3 seeds, step 40 of 400``."""
    problem: str = ""
    """Why a trial was left out."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple((self.method, self.amount.label, seed) for seed in self.seeds)


class Ledger:
    """What is known of a project's comparison; a plan of it says what is asked for."""

    def __init__(self) -> None:
        self.methods: dict[str, MethodFacts] = {}
        self.refused: tuple[str, ...] = ()
        self.ahead: dict[Cell, Ahead] = {}
        self.trials: dict[Cell, Trial] = {}
        self.failed: dict[Cell, str] = {}
        self.in_hand: Cell | None = None
        self.step = self.steps = 0
        self.surveyed: ComparisonPlan | None = None
        """The plan whose amounts and seeds are known."""
        self.tasks: tuple[str, ...] = ()
        self.about: Mapping[str, Any] = {}
        self._expected = self._took = 0.0
        """Seconds of what was trained since `begin`, as it was expected and as it was."""

    # ---- events

    def hear(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, MethodsListed):
            self.methods = {one.name: one for one in event.methods}
            self.refused = event.refused
        elif isinstance(event, Surveyed):
            self.surveyed = event.plan
            self.ahead = {one.cell: one for one in event.ahead}
            self.trials = {one.cell: one for one in event.comparison.trials}
            self._learn(event.comparison)
        elif isinstance(event, TrialsAhead):
            self.ahead |= {one.cell: one for one in event.ahead}
        elif isinstance(event, TrialStepped):
            self.in_hand, self.step, self.steps = event.cell, event.step, event.steps
        elif isinstance(event, TrialMade):
            self._made(event)
        elif isinstance(event, TrialLeftOut):
            self.failed[event.cell] = event.sentence
            self._lay_down(event.cell)
        elif isinstance(event, Compared):
            self._learn(event.comparison)
            self.in_hand = None

    def begin(self) -> None:
        """A comparison begins: what failed is tried again, and speed is measured anew."""
        self.failed.clear()
        self.in_hand = None
        self._expected = self._took = 0.0

    def end(self) -> None:
        """Nothing is in hand any more."""
        self.in_hand = None

    def _made(self, event: TrialMade) -> None:
        self.trials[event.cell] = event.trial
        ahead = self.ahead.get(event.cell)
        if not event.cached and ahead is not None and ahead.seconds:
            self._expected, self._took = self._expected + ahead.seconds, self._took + event.trial.seconds
        self._lay_down(event.cell)

    def _lay_down(self, cell: Cell) -> None:
        if self.in_hand == cell:
            self.in_hand = None

    def _learn(self, comparison: Comparison) -> None:
        self.tasks, self.about = comparison.tasks, comparison.about

    # ---- what is asked for

    def names(self, plan: ComparisonPlan) -> tuple[str, ...]:
        """The methods of a plan that are in the catalogue, in its order, the baseline among them.

        Those that have no answer by its protocol are `left_out`.
        """
        return tuple(name for name in self._asked(plan) if plan.protocol.name in self.methods[name].protocols)

    def left_out(self, plan: ComparisonPlan) -> tuple[str, ...]:
        """The methods of a plan that have no answer by its protocol."""
        return tuple(name for name in self._asked(plan) if plan.protocol.name not in self.methods[name].protocols)

    def _asked(self, plan: ComparisonPlan) -> Iterator[str]:
        usual = "usual" in plan.methods
        for name, one in self.methods.items():
            if name in plan.methods or name == plan.baseline or (usual and one.usual) or "all" in plan.methods:
                yield name

    def cells(self, plan: ComparisonPlan) -> list[Cell]:
        """The trials of a plan as the queue makes them."""
        names = self.names(plan)
        every = [(name, amount.label, seed) for seed in plan.seeds for amount in sorted(plan.amounts) for name in names]
        found = [cell for cell in every if cell not in plan.without] if plan.without else every
        return in_order(found, lambda cell: cell, lambda cell: self.methods[cell[0]].family, plan.first)

    def is_surveyed(self, plan: ComparisonPlan) -> bool:
        """Whether what is kept of this plan is known."""
        cells = self.cells(plan)
        same = self.surveyed is not None and _of_trials(self.surveyed) == _of_trials(plan)
        return same and all(cell in self.ahead for cell in cells)

    def done(self, plan: ComparisonPlan) -> int:
        """Trials of a plan that are there."""
        return sum(cell in self.trials for cell in self.cells(plan))

    def waiting(self, plan: ComparisonPlan) -> list[Cell]:
        """Trials that are neither there nor left out, in their order."""
        return [cell for cell in self.cells(plan) if cell not in self.trials and cell not in self.failed]

    def seconds(self, cells: Sequence[Cell]) -> float | None:
        """How long these take, at the speed that those before had; None where one of them is not known."""
        pace = self._took / self._expected if self._expected else 1.0
        each = [self._seconds(cell, pace) for cell in cells if cell not in self.trials]
        return None if None in each else sum(one for one in each if one is not None)

    def _seconds(self, cell: Cell, pace: float) -> float | None:
        known = self.ahead.get(cell)
        if known is not None and known.seconds is not None:
            return known.seconds * pace
        same = [one.seconds for other, one in self.trials.items() if other[0] == cell[0] and one.seconds]
        return float(np.mean(same)) if same else None

    def takes(self, plan: ComparisonPlan, method: str) -> str:
        """How long a method takes in this plan, or that all of it is kept."""
        every = [(method, amount.label, seed) for amount in plan.amounts for seed in plan.seeds]
        cells = [cell for cell in every if cell not in plan.without]
        kept = sum(cell in self.trials for cell in cells)
        if kept == len(cells):
            return "kept" if cells else "skipped"
        seconds = self.seconds(cells)
        text = f"≈ {time_left(seconds)}" if seconds is not None else ""
        return " · ".join(filter(None, (text, f"{kept} of {len(cells)} kept" if kept else "")))

    def total(self, plan: ComparisonPlan) -> str:
        """How many trials a plan has, how many are there, and how long the rest takes."""
        cells, done = self.cells(plan), self.done(plan)
        text = f"{counted(len(self.names(plan)), 'method')}, {counted(len(cells), 'trial')}"
        without = self.left_out(plan)
        text += f" ({counted(len(without), 'other')} without an answer by this protocol)" if without else ""
        if not self.is_surveyed(plan):
            return f"{text}; looking up which of them are kept"
        waiting = self.waiting(plan)
        text += f", {done} of them there" if done else ""
        text += f", {len(self._failed_of(plan))} left out" if self._failed_of(plan) else ""
        if not waiting:
            return text
        seconds = self.seconds(waiting)
        known = f"the others take about {time_left(seconds)}" if done else f"about {time_left(seconds)}"
        return f"{text}; {known if seconds is not None else 'how long they take shows after the first of them'}"

    def _failed_of(self, plan: ComparisonPlan) -> list[Cell]:
        return [cell for cell in self.cells(plan) if cell in self.failed]

    # ---- what is shown

    def lines(self, plan: ComparisonPlan) -> list[LedgerLine]:
        """A line for every method and amount of the plan, amount by amount."""
        order = {cell: place for place, cell in enumerate(self.waiting(plan), 1)}
        return [
            self._line(plan, self.methods[name], amount, order)
            for amount in sorted(plan.amounts) for name in self.names(plan)
        ]  # fmt: skip

    def _line(self, plan: ComparisonPlan, method: MethodFacts, amount: Amount, order: Mapping[Cell, int]) -> LedgerLine:
        every = [(method.name, amount.label, seed) for seed in plan.seeds]
        cells = [cell for cell in every if cell not in plan.without]
        made = tuple(cell[2] for cell in cells if cell in self.trials)
        problem = next((self.failed[cell] for cell in cells if cell in self.failed), "")
        places = [order[cell] for cell in cells if cell in order]
        if not cells:
            return LedgerLine(method.name, method.title, method.family, amount, "skipped", made, plan.seeds, "skipped")
        state: State = "done" if len(made) == len(cells) else "failed" if problem and not places else "waiting"
        parts = [f"{len(made)} of {counted(len(cells), 'seed')}"] if len(cells) > 1 else ["done"] if made else []
        if self.in_hand in cells:
            state = "running"
            parts.append(f"step {self.step:,} of {self.steps:,}" if self.steps else "begins")
        elif places:
            parts.append(f"place {places[0]}")
        if problem:
            parts.append("left out")
        return LedgerLine(
            method.name, method.title, method.family, amount, state, made, plan.seeds, ", ".join(parts), problem
        )

    def comparison(self, plan: ComparisonPlan, project: str) -> Comparison:
        """Of the plan's trials that are there."""
        wanted = self.cells(plan)
        trials = tuple(self.trials[cell] for cell in wanted if cell in self.trials)
        tasks = self.tasks or (tuple(trials[0].per_task) if trials else ())
        return Comparison(
            project, tasks, self.names(plan), tuple(sorted(plan.amounts)), plan.seeds, trials, plan.baseline,
            about=self.about, protocol=plan.protocol, budget=plan.budget,
        )  # fmt: skip


def _of_trials(plan: ComparisonPlan) -> tuple[object, ...]:
    """What makes a trial of the same method, amount and seed another one."""
    return plan.choose, plan.baseline, plan.protocol, plan.budget, plan.board


def more_seeds(plan: ComparisonPlan, count: int) -> ComparisonPlan:
    """The same with so many seeds more, the next free numbers."""
    seeds = list(plan.seeds)
    while len(seeds) < len(plan.seeds) + count:
        seeds.append(max(seeds) + 1)
    return replace(plan, seeds=tuple(seeds))
