"""A split as a value: three disjoint lists of image indices, and what is unusual about them."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmap_studio.data.reports import shown, some
from mmap_studio.errors import CorruptError
from mmap_studio.formatting import counted
from mmap_studio.method.task import SPLITS


@dataclass(frozen=True)
class Split:
    """Indices of one task's images, sorted, in at most one part each. Equal when the parts are."""

    train: tuple[int, ...]
    val: tuple[int, ...]
    test: tuple[int, ...]
    notices: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        every = np.array([*self.train, *self.val, *self.test], np.int64)
        if len(np.unique(every)) != len(every) or (len(every) and every.min() < 0):
            raise ValueError("The parts of a split must be disjoint, each index 0 or more and given once.")

    @classmethod
    def of(cls, parts: Mapping[str, Sequence[int]], notices: Sequence[str] = ()) -> "Split":
        """From lists in any order."""
        train, val, test = (tuple(sorted(int(i) for i in parts[name])) for name in SPLITS)
        return cls(train, val, test, tuple(notices))

    def part(self, name: str) -> tuple[int, ...]:
        """The indices of one of `SPLITS`."""
        if name not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}. Got {name!r} instead.")
        indices: tuple[int, ...] = getattr(self, name)
        return indices

    @property
    def digest(self) -> str:
        """Hex digest of the three lists, notices aside."""
        return hashlib.sha256(json.dumps([self.train, self.val, self.test]).encode()).hexdigest()

    def without(self, unreadable: Collection[int]) -> "Split":
        """The same split less images that turned out unreadable; the rest keep their indices and their part."""
        gone = set(unreadable)
        parts = {name: [i for i in self.part(name) if i not in gone] for name in SPLITS}
        return Split.of(parts, self.notices)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: list(self.part(name)) for name in SPLITS} | {"notices": list(self.notices)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Split":
        """From `as_dict`. Raises CorruptError for anything else."""
        try:
            parts = {name: [_index(i) for i in values[name]] for name in SPLITS}
            return cls.of(parts, [str(n) for n in values.get("notices", [])])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CorruptError(f"A stored split cannot be read ({error!r}); required are lists {SPLITS}.") from None


def _index(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"an index must be a whole number, got {value!r}")
    return value


def split_notices(
    parts: Mapping[str, Sequence[int]],
    labels: np.ndarray,
    class_names: Sequence[str],
    task_name: str,
    shots: int | None = None,
) -> list[str]:
    """What is unusual: classes that a part misses, and those with fewer than `shots` training images."""
    n = len(class_names)
    counts = {name: np.bincount(labels[np.asarray(parts[name], np.int64)], minlength=n) for name in SPLITS}
    unusual = {"no training image": counts["train"] == 0, "no test image": counts["test"] == 0}
    if len(parts["val"]):
        unusual["no validation image"] = counts["val"] == 0
    if shots is not None:
        unusual[f"fewer than {shots} training images"] = (counts["train"] > 0) & (counts["train"] < shots)
    start = f"Task {shown(task_name)}:"
    notices = [
        f"{start} {counted(int(mask.sum()), 'class has', 'classes have')} {what}: "
        f"{some([name for name, hit in zip(class_names, mask, strict=True) if hit])}."
        for what, mask in unusual.items()
        if mask.any()
    ]
    return notices if len(parts["val"]) else [*notices, f"{start} there are no validation images."]
