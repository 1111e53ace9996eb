"""What a run will take, before it starts: time at the speed last measured on this machine, memory by its parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmap_studio.config import Settings
from mmap_studio.session.footprint import Footprint, footprint
from mmap_studio.session.known import Knowledge
from mmap_studio.session.pace import duration
from mmap_studio.session.progress import foretold, planned
from mmap_studio.session.rates import remembered, shape_key
from mmap_studio.session.sizes import BackboneFacts


@dataclass(frozen=True)
class Estimate:
    """Before the start."""

    seconds: float | None = None
    """None where nothing of this shape was measured on this machine yet."""
    memory: Footprint | None = None
    """None while the backbone is not loaded."""

    def time(self) -> str:
        """Such as ``about 3 min 20 s``."""
        if self.seconds is None:
            return "after the first steps"
        return f"about {duration(self.seconds)}" if self.seconds >= 1 else "a moment, all is known"


def estimate(
    settings: Settings,
    known: Knowledge,
    backbone: BackboneFacts | None,
    untrained: Sequence[Sequence[str]],
    measured: bool,
) -> Estimate:
    """`untrained` are the members of every group that a run would train; `measured` if the affinity is known."""
    if backbone is None or not known.tasks:
        return Estimate()
    count = len(known.tasks)
    parts = planned(known.tasks, settings, affinity=not measured)
    parts["zero_shot"].share = float("zero_shot" in known.methods)
    share = sum(map(len, untrained)) / count
    for name in ("training", "evaluation"):
        parts[name].share = 1 - share
    seconds = foretold(parts, remembered(shape_key(settings, backbone, count)))
    seconds = 0.0 if not any(part.share < 1 for part in parts.values()) else seconds
    memory = None
    if backbone.shape is not None and len(known.texts) == count:
        largest = max(map(len, untrained), default=1)
        memory = footprint(settings, backbone.shape, known.texts, largest, not measured)
    return Estimate(seconds, memory)
