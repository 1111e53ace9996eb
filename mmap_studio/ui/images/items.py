"""The images of the gallery in order, without Qt: of one task, of several, or of the selection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmap_studio.formatting import percent
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.ui.images.filter import Filter, Judged


@dataclass(frozen=True)
class Shelf:
    """Images of one task and split."""

    task: TaskSpec
    split: str
    judged: Judged

    @classmethod
    def of(cls, task: TaskSpec, split: str, judged: Judged | None = None) -> "Shelf":
        """Without a judgement, if there is none."""
        return cls(task, split, judged or Judged(task.split(split).labels))


@dataclass(frozen=True)
class Items:
    """A row of images that may come from several shelves."""

    shelves: tuple[Shelf, ...] = ()
    shelf_of: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """int32 (n,)"""
    index: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """int64 (n,): row of the image in its split."""

    @classmethod
    def of(cls, shelves: Sequence[Shelf], filter_: Filter, selection: Selection) -> "Items":
        """What the filter lets through, shelf by shelf."""
        found = [filter_.apply(s.judged, selection.mask(s.task.name, s.split, len(s.judged.labels))) for s in shelves]
        if not found:
            return cls()
        shelf_of = np.repeat(np.arange(len(shelves), dtype=np.int32), [len(rows) for rows in found])
        return cls(tuple(shelves), shelf_of, np.concatenate(found))

    def __len__(self) -> int:
        return len(self.index)

    def shelf(self, place: int) -> Shelf:
        """Where the image at a place comes from."""
        return self.shelves[self.shelf_of[place]]

    def image(self, place: int) -> ImageRef:
        """The image at a place."""
        shelf = self.shelf(place)
        return ImageRef(shelf.task.name, shelf.split, int(self.index[place]))

    def find(self, image: ImageRef) -> int:
        """The place of an image; -1 if it is not shown."""
        for s, shelf in enumerate(self.shelves):
            if (shelf.task.name, shelf.split) == (image.task, image.split):
                found = np.flatnonzero((self.shelf_of == s) & (self.index == image.index))
                return int(found[0]) if len(found) else -1
        return -1

    def masks(self, places: np.ndarray | None = None) -> dict[tuple[str, str], np.ndarray]:
        """What `Selection.select` takes: of these places, or of all."""
        chosen = np.arange(len(self)) if places is None else places
        found = {}
        for s, shelf in enumerate(self.shelves):
            mask = np.zeros(len(shelf.judged.labels), dtype=bool)
            mask[self.index[chosen[self.shelf_of[chosen] == s]]] = True
            found[shelf.task.name, shelf.split] = mask
        return found

    def caption(self, place: int) -> "Caption":
        """What is said of the image at a place."""
        shelf, index = self.shelf(place), int(self.index[place])
        names, judged = shelf.task.class_names, shelf.judged
        truth = names[judged.labels[index]]
        if judged.predictions is None:
            return Caption(shelf.task.name, shelf.split, index, truth)
        confidence = None if judged.confidence is None else float(judged.confidence[index])
        return Caption(shelf.task.name, shelf.split, index, truth, names[judged.predictions[index]], confidence)


@dataclass(frozen=True)
class Caption:
    """Truth and prediction of an image, in words."""

    task: str
    split: str
    index: int
    truth: str
    prediction: str | None = None
    confidence: float | None = None

    @property
    def right(self) -> bool:
        """Whether it was predicted, and rightly."""
        return self.prediction == self.truth

    @property
    def verdict(self) -> str:
        """One short line: ✓ 98 %, ✗ cat 43 %; empty where nothing was predicted."""
        if self.prediction is None:
            return ""
        sure = "" if self.confidence is None else f" {percent(self.confidence, 0)}"
        return f"✓{sure}" if self.right else f"✗ {self.prediction}{sure}"

    def __str__(self) -> str:
        said = (
            ""
            if self.prediction is None
            else f", predicted {self.prediction}" + (", right" if self.right else ", wrong")
        )
        sure = "" if self.confidence is None else f" with {percent(self.confidence, 0)}"
        return f"{self.task}, {self.split} {self.index}: {self.truth}{said}{sure}"


def judgement(
    evaluations: Mapping[str, object], task: TaskSpec, split: str, judged_split: str = "test"
) -> Judged | None:
    """What an `Evaluation` of this task says of its split; none for another split or number of images."""
    evaluation = evaluations.get(task.name)
    labels = task.split(split).labels
    if evaluation is None or split != judged_split or len(evaluation.predictions) != len(labels):  # type: ignore[attr-defined]
        return None
    return Judged(labels, evaluation.predictions, evaluation.confidence)  # type: ignore[attr-defined]
