"""What a sweep says: each report of the search, and in the window its end."""

from dataclasses import dataclass

from mmap_studio.session.events import Event
from mmap_studio.session.sweep.trial import Sweep, SweepTrial


@dataclass(frozen=True)
class SweepReport(Event):
    """How far a sweep is."""

    done: int
    """Trials, that with the settings as they are among them."""
    total: int
    text: str
    """The trial in hand, or a sentence for the user."""
    step: int = 0
    steps: int = 0
    """Of the training in hand."""
    trial: SweepTrial | None = None
    """At its end."""
    kept: bool = False
    """Whether the trial was made before."""
    notice: bool = False
    """Whether `text` is a sentence."""


@dataclass(frozen=True)
class SweepFound(Event):
    """All trials of a sweep that came to its end."""

    sweep: Sweep
