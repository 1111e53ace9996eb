"""The images that the gallery shows, in order and without Qt: of one task, of several, or of the selection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.formatting import fixed, percent
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.explore.selection import ImageRef, Place, Selection
from mmap_studio.session.gallery.finding import Found
from mmap_studio.ui.images.filter import Filter, Predictions

if TYPE_CHECKING:
    from mmap_studio.method.evaluation import Evaluation

EVALUATED = "test"
"""The split that evaluations are of."""
VALIDATED = "val"
"""The split that a training is validated on."""
Validated = tuple[np.ndarray, np.ndarray]
"""Classes int64 (N,) and probabilities float32 (N,) of validation images."""
NEAREST = 200
"""Images that a search shows at most."""


@dataclass(frozen=True)
class SplitImages:
    task: TaskSpec
    split: str
    predictions: Predictions

    @classmethod
    def of(
        cls, task: TaskSpec, split: str, evaluation: "Evaluation | None" = None, validated: Validated | None = None
    ) -> "SplitImages":
        """With the predictions of an evaluation, if it is of this split and of as many images.

        validated : classes and probabilities of the validation images, in a training
        """
        labels = task.split(split).labels
        if validated is not None and split == VALIDATED and len(validated[0]) == len(labels):
            return cls(task, split, Predictions(labels, *validated))
        if evaluation is None or split != EVALUATED or len(evaluation.predictions) != len(labels):
            return cls(task, split, Predictions(labels))
        among = getattr(evaluation, "among", None)  # of images that another row changed, those alone
        return cls(task, split, Predictions(labels, evaluation.predictions, evaluation.confidence, among))


@dataclass(frozen=True)
class Items:
    """A sequence of images that may come from several splits."""

    splits: tuple[SplitImages, ...] = ()
    split_of: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """int32 (n,): index into `splits`."""
    index: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """int64 (n,): row of the image in its split."""
    scores: np.ndarray | None = None
    """float32 (n,): how near each is to what was looked for; none where nothing was."""

    @classmethod
    def of(
        cls, splits: Sequence[SplitImages], filter_: Filter, selection: Selection, found: Found | None = None,
        tagged: Mapping[Place, np.ndarray] | None = None,
    ) -> "Items":  # fmt: skip
        """The images that the filter lets through.

        found : only the `NEAREST` of these, nearest first   tagged : only those of these masks
        """
        masks = (selection.mask(one.task.name, one.split, len(one.predictions.labels)) for one in splits)
        rows = [filter_.apply(one.predictions, mask) for one, mask in zip(splits, masks, strict=True)]
        if tagged is not None:
            kept = [tagged.get((one.task.name, one.split)) for one in splits]
            rows = [own[:0] if mask is None else own[mask[own]] for own, mask in zip(rows, kept, strict=True)]
        if not rows:
            return cls()
        if found is None:
            return cls(tuple(splits), _split_of(rows), np.concatenate(rows))
        known = [found.scores.get((one.task.name, one.split)) for one in splits]
        known = [s if s is not None and len(s) == len(one.predictions.labels) else None
                 for s, one in zip(known, splits, strict=True)]  # fmt: skip
        rows = [own[:0] if scores is None else own for own, scores in zip(rows, known, strict=True)]
        near = [own.astype(np.float32) if s is None else s[own] for own, s in zip(rows, known, strict=True)]
        scores = np.concatenate(near)
        order = np.argsort(-scores, kind="stable")[:NEAREST]
        return cls(tuple(splits), _split_of(rows)[order], np.concatenate(rows)[order], scores[order])

    def __len__(self) -> int:
        return len(self.index)

    def split(self, place: int) -> SplitImages:
        return self.splits[self.split_of[place]]

    def image(self, place: int) -> ImageRef:
        of = self.split(place)
        return ImageRef(of.task.name, of.split, int(self.index[place]))

    def pixels(self, place: int) -> np.ndarray:
        """uint8 (S, S, 3): the image at a place as the backbone sees it."""
        of = self.split(place)
        return of.task.split(of.split).pixels(self.index[place : place + 1])[0]

    def find(self, image: ImageRef) -> int:
        """The place of an image; -1 if it is not shown."""
        for s, of in enumerate(self.splits):
            if (of.task.name, of.split) == (image.task, image.split):
                found = np.flatnonzero((self.split_of == s) & (self.index == image.index))
                return int(found[0]) if len(found) else -1
        return -1

    def masks(self, places: np.ndarray | None = None) -> dict[tuple[str, str], np.ndarray]:
        """Masks for `Selection.select`: of the images at these places, or of all."""
        chosen = np.arange(len(self)) if places is None else places
        found = {}
        for s, of in enumerate(self.splits):
            mask = np.zeros(len(of.predictions.labels), dtype=bool)
            mask[self.index[chosen[self.split_of[chosen] == s]]] = True
            found[of.task.name, of.split] = mask
        return found

    def caption(self, place: int) -> "Caption":
        of, index = self.split(place), int(self.index[place])
        names, found = of.task.class_names, of.predictions
        said = None if found.predictions is None else names[found.predictions[index]]
        confidence = None if found.confidence is None else float(found.confidence[index])
        score = None if self.scores is None else float(self.scores[place])
        return Caption(of.task.name, of.split, index, names[found.labels[index]], said, confidence, score, names)


def _split_of(rows: Sequence[np.ndarray]) -> np.ndarray:
    return np.repeat(np.arange(len(rows), dtype=np.int32), [len(own) for own in rows])


@dataclass(frozen=True)
class Caption:
    """Truth and prediction of an image, in words."""

    task: str
    split: str
    index: int
    truth: str
    prediction: str | None = None
    confidence: float | None = None
    score: float | None = None
    """How near it is to what was looked for."""
    names: tuple[str, ...] = ()
    """Of all classes of the task."""

    @property
    def right(self) -> bool:
        return self.prediction == self.truth

    @property
    def verdict(self) -> tuple[str, str, str]:
        """One short line, a predicted class its second part: ✓ 98 %, ✗ cat 43 %, or the score of a search."""
        if self.score is not None:
            mark = "" if self.prediction is None else "✓ " if self.right else "✗ "
            return f"{mark}{fixed(self.score, 3)}", "", ""
        if self.prediction is None:
            return "", "", ""
        sure = "" if self.confidence is None else f" {percent(self.confidence, 0)}"
        return (f"✓{sure}", "", "") if self.right else ("✗ ", self.prediction, sure)

    def __str__(self) -> str:
        said = ""
        if self.prediction is not None:
            said = f", predicted {self.prediction}, {'correct' if self.right else 'wrong'}"
        sure = "" if self.confidence is None else f" with {percent(self.confidence, 0)}"
        near = "" if self.score is None else f", score {fixed(self.score, 3)}"
        return f"{self.task}, {self.split} {self.index}: {self.truth}{said}{sure}{near}"
