"""How fast it goes and how long it will take: from this phase's own steps, and "estimating" until there are some."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mmap_studio.formatting import number, time_left

NEEDED = 3
"""Steps before a rate is told."""


@dataclass(frozen=True)
class Pace:
    """What the status bar says."""

    done: int = 0
    total: int = 0
    unit: str = "steps"
    rate: float | None = None
    """Units a second; None while there is too little to tell."""

    seconds_left: float | None = None
    """Until the phase ends, at the speed of its work so far."""

    def text(self, left: bool = True) -> str:
        """Such as ``step 298 / 480 · 2.4 steps/s · 1 min 16 s left``; the time only if `left` is wanted."""
        if not self.total:
            return ""
        parts = [f"{self.unit} {self.done:,} / {self.total:,}"]
        if self.done >= self.total:
            return parts[0]
        if self.rate is None or self.seconds_left is None:
            return f"{parts[0]} · estimating the time" if left else parts[0]
        if not left:
            return f"{parts[0]} · {number(self.rate)} {self.unit}/s"
        return f"{parts[0]} · {number(self.rate)} {self.unit}/s · {time_left(self.seconds_left)} left"


class PaceKeeper:
    """Hears steps, tells the pace; time spent paused does not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """A new phase, or a resume after a pause."""
        self._first: tuple[float, int, float] | None = None
        self.pace = Pace()

    def hear(self, done: int, total: int, unit: str = "steps", share: float | None = None) -> Pace:
        """`done` of `total` is finished now, and so much of the work, where not every step takes as long."""
        now, share = self._clock(), done / max(total, 1) if share is None else share
        if self._first is None or done < self.pace.done or total != self.pace.total:
            self._first = now, done, share
        since, start, begun = self._first
        self.pace = Pace(done, total, unit)
        if done - start >= NEEDED and now > since and share > begun:
            left = (now - since) * (1 - share) / (share - begun)
            self.pace = Pace(done, total, unit, (done - start) / (now - since), left)
        return self.pace
