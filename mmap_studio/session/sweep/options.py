"""What a sweep is asked for. Loads no torch."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmap_studio.errors import InputError

if TYPE_CHECKING:
    from mmap_studio.method.clip import FrozenClip

USUAL_TRIALS, MOST_TRIALS = 20, 10_000


@dataclass(frozen=True)
class SweepOptions:
    """What is varied, how often, with which seeds."""

    over: str = ""
    """Such as ``train.learning_rate=1e-3..1e-1:log,prompt.tokens=2|4|8,shots=4|full,groups=1..3``; empty: the learning
    rate, ten times up and down."""
    trials: int = USUAL_TRIALS
    """Beside the one with the settings as they are. More of them continue the sweep with fewer."""
    seeds: tuple[int, ...] = (1,)
    """Each trial is trained with each of them; with several, trials that are behind are ended early."""
    groups: str = "together"
    """As `RunOptions.groups`, of every trial unless `over` varies them."""
    only_kept: bool = False
    """Nothing is trained: what is kept is reported."""
    test: bool = False
    """The chosen settings are scored on the test images; nothing else ever is."""
    watch: Callable[[], None] | None = field(default=None, compare=False)
    """Called before every block of either tower; may raise `Interrupted`."""
    clip: "FrozenClip | None" = field(default=None, compare=False)
    """A backbone that is loaded already."""

    def check(self) -> None:
        """InputError for a number of trials that cannot be meant."""
        if not 1 <= self.trials <= MOST_TRIALS:
            raise InputError(f"A sweep must make from 1 to {MOST_TRIALS:,} trials. Got {self.trials} instead.")
        if not self.seeds:
            raise InputError("A sweep must have seeds, but has none; give one at least.")
