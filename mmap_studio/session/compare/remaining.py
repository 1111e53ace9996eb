"""What lies ahead of a comparison: which trials there are, which are kept, how long the others take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmap_studio.formatting import counted, time_left
from mmap_studio.session.compare.trial import Amount, Cell


@dataclass(frozen=True)
class Ahead:
    """One trial as it is before the comparison begins."""

    method: str
    """Name in the catalogue."""
    amount: Amount
    seed: int
    kept: bool
    """Whether it was made before, so that nothing has to be trained."""
    seconds: float | None
    """Roughly, of what is to be trained; None where nothing is known of this machine's speed."""
    tested: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Task -> digest of its test images, as they are split for this amount and seed."""

    @property
    def cell(self) -> Cell:
        return self.method, self.amount.label, self.seed


def seconds_left(ahead: Sequence[Ahead]) -> float | None:
    """Of all that is not kept; None where one of them is not known."""
    found = [one.seconds for one in ahead if not one.kept]
    return None if None in found else sum(one for one in found if one is not None)


def said(ahead: Sequence[Ahead]) -> str:
    """In one sentence: how many trials, how many of them done before, how long the rest takes."""
    done = sum(one.kept for one in ahead)
    text = f"{counted(len(ahead), 'trial')}, {done} of them done before"
    if done == len(ahead):
        return f"{text}."
    left = seconds_left(ahead)
    if left is None:
        return f"{text}; how long the others take shows after the first of them."
    return f"{text}; the others take roughly {time_left(left)}."
