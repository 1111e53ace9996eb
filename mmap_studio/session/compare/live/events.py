"""What a comparison says while it is looked up and made: frozen dataclasses, importable without torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.protocols.protocol import PROTOCOLS
from mmap_studio.session.compare.remaining import Ahead
from mmap_studio.session.compare.trial import Cell, Comparison, Trial
from mmap_studio.session.events import Event


@dataclass(frozen=True)
class MethodFacts:
    """A method that can be chosen."""

    name: str
    title: str
    family: str
    what: str
    """One line."""
    source: str
    """Its publication."""
    usual: bool
    parameters: int | None = None
    """Trained for all tasks of the project together; None until the backbone is there."""
    protocols: frozenset[str] = frozenset(PROTOCOLS)
    """Names of those that it has an answer by."""


@dataclass(frozen=True)
class MethodsListed(Event):
    """What can be compared; a second time with the numbers that each trains."""

    methods: tuple[MethodFacts, ...]
    refused: tuple[str, ...] = ()
    """A sentence for each method of another package that cannot be used."""


@dataclass(frozen=True)
class Surveyed(Event):
    """What the plan's amounts and seeds have ahead, of every method, and all trials that are kept."""

    plan: ComparisonPlan
    ahead: tuple[Ahead, ...]
    comparison: Comparison


@dataclass(frozen=True)
class TrialsAhead(Event):
    """What lies ahead of the comparison that begins."""

    ahead: tuple[Ahead, ...]


@dataclass(frozen=True)
class TrialStepped(Event):
    """How far the trial in hand is."""

    coalesce: ClassVar[bool] = True
    cell: Cell
    step: int
    steps: int


@dataclass(frozen=True)
class TrialMade(Event):
    trial: Trial
    cached: bool

    @property
    def cell(self) -> Cell:
        return self.trial.cell


@dataclass(frozen=True)
class TrialLeftOut(Event):
    """A trial that could not be made; the others go on."""

    cell: Cell
    sentence: str


@dataclass(frozen=True)
class Compared(Event):
    """All trials of the plan are made or left out."""

    comparison: Comparison


@dataclass(frozen=True)
class Exported(Event):
    """What a trial learned is written."""

    cell: Cell
    folder: Path
