"""Which images are selected: one boolean mask per task and split, shared by gallery, map and confusion matrix.

Every view writes here and listens here; none knows another. The mask of an untouched split is absent, not empty.
A selection carries a label ("fox taken for cat"), so that a filter made in one view stays visible in the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mmap_studio.formatting import counted
from mmap_studio.session.listeners import Listeners

Place = tuple[str, str]
"""Task name and split."""


@dataclass(frozen=True)
class ImageRef:
    task: str
    split: str
    index: int
    """Row in `TaskSpec.split(split)`."""


class Selection:
    """Masks and a label; `select` and `clear` are the only ways to change them."""

    def __init__(self) -> None:
        self._masks: dict[Place, np.ndarray] = {}
        self.changed = Listeners[[]]()
        self.label = ""
        """What was selected, as the user would say it."""

    def __len__(self) -> int:
        return sum(int(mask.sum()) for mask in self._masks.values())

    def __contains__(self, image: object) -> bool:
        if not isinstance(image, ImageRef):
            return False
        mask = self._masks.get((image.task, image.split))
        return mask is not None and image.index < len(mask) and bool(mask[image.index])

    def __iter__(self) -> Iterator[ImageRef]:
        for (task, split), mask in self._masks.items():
            yield from (ImageRef(task, split, int(index)) for index in np.flatnonzero(mask))

    @property
    def places(self) -> tuple[Place, ...]:
        """Task and split of every mask, in the order they were selected."""
        return tuple(self._masks)

    def mask(self, task: str, split: str, n: int) -> np.ndarray:
        """bool (n,): read-only; all false where nothing of this task and split is selected."""
        found = self._masks.get((task, split))
        if found is None:
            return _frozen(np.zeros(n, dtype=bool))
        if len(found) != n:
            wanted = f"the {split} split of {task!r} must have the {counted(len(found), 'image')} selected from"
            raise ValueError(f"{wanted}. Got {n} instead.")
        return found

    def select(self, masks: Mapping[Place, np.ndarray], label: str = "", extend: bool = False) -> None:
        """Replace the selection, or add to it with `extend`; masks are copied, empty ones dropped."""
        fresh = {place: _frozen(np.array(mask, dtype=bool)) for place, mask in masks.items()}
        if extend:
            added = {place: self._added(place, mask) for place, mask in fresh.items()}
            fresh = {**self._masks, **added}
            label = " + ".join(part for part in dict.fromkeys((self.label, label)) if part)
        self._set({place: mask for place, mask in fresh.items() if mask.any()}, label)

    def clear(self) -> None:
        self._set({}, "")

    def _added(self, place: Place, mask: np.ndarray) -> np.ndarray:
        before = self._masks.get(place)
        return mask if before is None else _frozen(self.mask(*place, len(mask)) | mask)

    def _set(self, masks: dict[Place, np.ndarray], label: str) -> None:
        label = label if masks else ""
        if label == self.label and _same(masks, self._masks):
            return
        self._masks, self.label = masks, label
        self.changed()


def _same(one: Mapping[Place, np.ndarray], other: Mapping[Place, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(mask, other[place]) for place, mask in one.items())


def _frozen(mask: np.ndarray) -> np.ndarray:
    mask.setflags(write=False)
    return mask
