"""Which images the gallery shows and in what order, without Qt."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Which = Literal["all", "wrong", "right", "selected"]
Sort = Literal["stored", "unsure", "sure", "class"]

WHICH: dict[Which, str] = {"all": "All", "wrong": "Misclassified", "right": "Right", "selected": "Selected"}
SORT: dict[Sort, str] = {
    "stored": "As stored",
    "unsure": "Least sure first",
    "sure": "Most sure first",
    "class": "By class",
}
BANDS: dict[str, tuple[float, float] | None] = {
    "Any confidence": None, "Below 50 %": (0.0, 0.5), "50 to 90 %": (0.5, 0.9), "90 % and more": (0.9, 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """The labels of a task's split and, where a method has judged it, what it said."""

    labels: np.ndarray
    """int64 (N,)"""
    predictions: np.ndarray | None = None
    """int64 (N,)"""
    confidence: np.ndarray | None = None
    """float32 (N,): probability of the prediction."""

    @property
    def right(self) -> np.ndarray | None:
        """bool (N,), none where nothing has been judged."""
        return None if self.predictions is None else self.predictions == self.labels


@dataclass(frozen=True)
class Filter:
    """What to show. Where nothing has been judged, no image is right, wrong or sure."""

    which: Which = "all"
    label: int | None = None
    """Only this true class."""
    confidence: tuple[float, float] | None = None
    """Only predictions from the first to below the second; 1 itself belongs to the last band."""
    sort: Sort = "stored"

    def apply(self, judged: Judged, selected: np.ndarray) -> np.ndarray:
        """int64 (n,): indices of the images to show, in order; `selected` is bool (N,)."""
        keep = np.ones(len(judged.labels), dtype=bool)
        if self.which == "selected":
            keep &= selected
        elif self.which != "all":
            keep &= False if judged.right is None else judged.right == (self.which == "right")
        if self.label is not None:
            keep &= judged.labels == self.label
        if self.confidence is not None:
            keep &= False if judged.confidence is None else _within(judged.confidence, *self.confidence)
        return self._sorted(np.flatnonzero(keep), judged)

    def _sorted(self, indices: np.ndarray, judged: Judged) -> np.ndarray:
        if self.sort == "class":
            return indices[np.argsort(judged.labels[indices], kind="stable")]
        if self.sort == "stored" or judged.confidence is None:
            return indices
        sign = -1.0 if self.sort == "sure" else 1.0
        return indices[np.argsort(sign * judged.confidence[indices], kind="stable")]


def _within(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values >= low) & ((values < high) | (high >= 1))
