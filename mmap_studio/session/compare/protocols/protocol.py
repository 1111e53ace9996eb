"""The protocol of a comparison: what a trial is tested on that it was not trained on, and how its figure is made.

Loads no torch. What a protocol makes of a project's tasks is in `rounds`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value

Asks = Literal["", "classes", "domains"]


@dataclass(frozen=True)
class Protocol:
    """One way of training and testing all methods of a comparison."""

    name: str
    """As it is asked for."""
    title: str
    what: str
    """In one sentence."""
    asks: Asks = ""
    """What models are tested on that they were not trained on; a method must have an answer for it."""
    halves: tuple[str, ...] = ()
    """Parts of every task's classes that are tested each by itself; none: its classes together."""
    figure: str = ""
    """What the one figure of a trial is, where it is not the mean over the tasks."""

    @classmethod
    def parse(cls, name: str) -> "Protocol":
        """The protocol of a name; InputError for one that is none."""
        if name not in PROTOCOLS:
            raise InputError(f"A protocol must be one of {', '.join(PROTOCOLS)}. Got {shown_value(name)} instead.")
        return PROTOCOLS[name]

    @property
    def key(self) -> dict[str, str]:
        """What the name of a trial in the cache has of it; nothing of the usual one."""
        return {"protocol": self.name} if self != SHOTS else {}

    def tested(self, task: str) -> tuple[str, ...]:
        """Names of what is tested of a task: the task, or its halves."""
        return tuple(f"{task} ({half})" for half in self.halves) or (task,)

    def rows(self, names: Sequence[str]) -> dict[str, list[int]]:
        """Places of what was tested of every half, among these names."""
        return {half: [n for n, name in enumerate(names) if name.endswith(f" ({half})")] for half in self.halves}

    def overall(
        self, values: np.ndarray, names: Sequence[str], axis: int = 0, mean: Callable[..., np.ndarray] = np.mean
    ) -> np.ndarray:
        """The one figure, of the figures of what was tested.

        values : of everything tested, in the order of `names`, along `axis`
        """
        if not self.halves:
            return mean(values, axis=axis)
        one, other = (mean(values.take(rows, axis), axis=axis) for rows in self.rows(names).values())
        total = one + other
        return np.where(total > 0, 2 * one * other / np.where(total > 0, total, 1), 0 * total).astype(total.dtype)

    def by_half(self, values: Mapping[str, float]) -> dict[str, float]:
        """Mean of every half over the tasks, from the figures of what was tested."""
        names = list(values)
        return {half: float(np.mean([values[names[n]] for n in rows])) for half, rows in self.rows(names).items()}


SHOTS = Protocol("shots", "Over shots", "Models are trained and tested on the same classes of the same tasks.")
BASE_TO_NEW = Protocol(
    "base-to-new",
    "Base to new",
    "Models are trained on the first half of the classes, and tested on these among themselves and on the other half "
    "among themselves; accuracy is the harmonic mean of the two means over the tasks.",
    "classes",
    ("base", "new"),
    "harmonic mean of base and new classes",
)
DOMAIN_OUT = Protocol(
    "leave-one-domain-out",
    "Domain left out",
    "Every task is tested by models that were trained on all the other tasks.",
    "domains",
)
PROTOCOLS = {one.name: one for one in (SHOTS, BASE_TO_NEW, DOMAIN_OUT)}
