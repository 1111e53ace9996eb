"""What a comparison is asked for. Loads no torch."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value
from mmap_studio.method.budget import AS_SET, Budget
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol
from mmap_studio.session.compare.trial import CHEAP, Amount, Cell, Measure

if TYPE_CHECKING:
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.session.engines.engine import Engine

MANY = 20
"""Amounts at most."""
T = TypeVar("T")


class BaselineError(InputError):
    """The method that differences are taken to has no trial in this comparison."""


@dataclass(frozen=True)
class CompareOptions:
    """Methods x amounts of training images x seeds."""

    methods: tuple[str, ...]
    """Names of the catalogue."""
    amounts: tuple[Amount, ...]
    seeds: tuple[int, ...]
    choose: bool = True
    """Hyper-parameters are chosen on validation, or folds, for every method; else the published ones are used."""
    baseline: str = "zero_shot"
    """Method that differences are taken to; it is compared whether asked for or not."""
    only_kept: bool = False
    """Nothing is trained: trials that are not kept are left out, as for the report of a comparison that was stopped."""
    watch: Callable[[], None] | None = field(default=None, compare=False)
    """Called before every block of either tower; may raise `Interrupted`."""
    measure: Measure = field(default="accuracy", kw_only=True)
    """What methods are ranked by."""
    protocol: Protocol = field(default=SHOTS, kw_only=True)
    """What models are trained and tested on."""
    budget: Budget = field(default=AS_SET, kw_only=True)
    """For how long each method trains."""
    board: str | None = field(default=None, kw_only=True)
    """Groups for MmAP by hand, as `Grouping.parse` reads them; None: those that are kept beside the project."""
    clip: "FrozenClip | None" = field(default=None, compare=False)
    """A backbone that is loaded already."""
    first: tuple[Cell, ...] = field(default=(), compare=False)
    """Trials to be made before the others, in this order."""
    without: frozenset[Cell] = field(default=frozenset(), compare=False)
    """Trials that are not made, such as those that failed a moment ago."""
    engine: "Engine | None" = field(default=None, compare=False)
    """What makes the trials; None for this process, one after the other."""
    more: Callable[[], bool] | None = field(default=None, compare=False)
    """Asked before a training begins: once it is false those in hand come to their end, and no other begins."""

    @property
    def all_methods(self) -> tuple[str, ...]:
        """The baseline first."""
        return tuple(dict.fromkeys((self.baseline, *self.methods)))

    def digest(self, project: str) -> str:
        """Hex digest of what is asked for, and of the project's file: the same comparison has the same folder."""
        asked = [sorted(self.all_methods), [a.label for a in sorted(self.amounts)], sorted(self.seeds)]
        more = [*[self.measure] * (self.measure != "accuracy"), *self.protocol.key.values(), *self.budget.key.values()]
        text = json.dumps([*asked, self.choose, self.baseline, *more, project])
        return hashlib.sha256(text.encode()).hexdigest()[:10]


def in_order(
    trials: Iterable[T], cell: Callable[[T], Cell], family: Callable[[T], str], first: Sequence[Cell] = ()
) -> list[T]:
    """Trials as the queue makes them: zero-shot, which all are compared with; `first`, which was moved up; then what
    takes seconds, so that a useful table is there early; the others as they are given."""
    moved = {one: place for place, one in enumerate(first)}

    def rank(one: T) -> tuple[int, bool]:
        place = -1 if family(one) == "zero_shot" else moved.get(cell(one), len(moved))
        return place, family(one) not in CHEAP

    return sorted(trials, key=rank)


def trials_text(cells: Iterable[Cell]) -> str:
    """Trials as `parse_trials` reads them."""
    return ",".join(f"{method}:{amount}:{seed}" for method, amount, seed in cells)


def parse_trials(text: str) -> frozenset[Cell]:
    """``ridge:4:1,coop:pooled:full:2`` as trials: a method, an amount, a seed; InputError for anything else."""
    found = set()
    for word in filter(None, map(str.strip, text.split(","))):
        method, amount, seed = (["", "", *word.rsplit(":", 2)])[-3:]
        if not method or not (seed.isascii() and seed.isdecimal()):
            raise InputError(f"A trial must be METHOD:AMOUNT:SEED such as ridge:4:1. Got {shown_value(word)} instead.")
        found.add((method, Amount.parse(amount).label, int(seed)))
    return frozenset(found)


def parse_amounts(text: str) -> tuple[Amount, ...]:
    """``1,4,full`` as amounts in ascending order, each once; InputError as `Amount.parse`, or for too many."""
    found = sorted({Amount.parse(word) for word in text.split(",")})
    if len(found) > MANY:
        raise InputError(f"A comparison takes at most {MANY} amounts of training images. Got {len(found)} instead.")
    return tuple(found)
