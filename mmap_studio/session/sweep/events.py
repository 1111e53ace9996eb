"""What a sweep in the window says: each report of the search, and its end."""

from dataclasses import dataclass

from mmap_studio.session.events import Event
from mmap_studio.session.sweep.trial import Sweep, SweepTrial


@dataclass(frozen=True)
class SweepAhead(Event):
    """How far a sweep is; the fields are those of `SweepReport`."""

    done: int
    total: int
    text: str
    step: int = 0
    steps: int = 0
    trial: SweepTrial | None = None
    notice: bool = False


@dataclass(frozen=True)
class SweepFound(Event):
    """All trials of a sweep that came to its end."""

    sweep: Sweep
