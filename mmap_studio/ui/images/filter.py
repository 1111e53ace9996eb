"""The gallery's filter: which images are shown, and in what order. Without Qt."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Which = Literal["all", "wrong", "right", "selected"]
Sort = Literal["stored", "unsure", "sure", "class"]

WHICH: dict[Which, str] = {"all": "All", "wrong": "Misclassified", "right": "Correct", "selected": "Selected"}
SORT: dict[Sort, str] = {
    "stored": "Original order",
    "unsure": "Least confident first",
    "sure": "Most confident first",
    "class": "By class",
}
BANDS: dict[str, tuple[float, float] | None] = {
    "Any confidence": None, "Below 50 %": (0.0, 0.5), "50 to 90 %": (0.5, 0.9), "90 % and more": (0.9, 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class Predictions:
    """The labels of a task's split and, where a method was evaluated on it, its predictions."""

    labels: np.ndarray
    """int64 (N,)"""
    predictions: np.ndarray | None = None
    """int64 (N,)"""
    confidence: np.ndarray | None = None
    """float32 (N,): probability of the prediction."""
    among: np.ndarray | None = None
    """bool (N,): the images that are shown at all; None for every image."""

    @property
    def right(self) -> np.ndarray | None:
        """bool (N,): where the prediction is correct; None without predictions."""
        return None if self.predictions is None else self.predictions == self.labels


@dataclass(frozen=True)
class Filter:
    """What to show. Without predictions no image is correct, misclassified or confident."""

    which: Which = "all"
    label: int | None = None
    """Only this true class."""
    confidence: tuple[float, float] | None = None
    """Only predictions from the first to below the second; 1 itself is in the last band."""
    sort: Sort = "stored"

    def apply(self, found: Predictions, selected: np.ndarray) -> np.ndarray:
        """int64 (n,): indices of the images to show, in order; `selected` is bool (N,)."""
        keep = np.ones(len(found.labels), dtype=bool) if found.among is None else found.among.copy()
        if self.which == "selected":
            keep &= selected
        elif self.which != "all":
            keep &= False if found.right is None else found.right == (self.which == "right")
        if self.label is not None:
            keep &= found.labels == self.label
        if self.confidence is not None:
            (low, high), sure = self.confidence, found.confidence
            keep &= False if sure is None else (sure >= low) & ((sure < high) | (high >= 1))
        return self._sorted(np.flatnonzero(keep), found)

    def _sorted(self, indices: np.ndarray, found: Predictions) -> np.ndarray:
        if self.sort == "class":
            return indices[np.argsort(found.labels[indices], kind="stable")]
        if self.sort == "stored" or found.confidence is None:
            return indices
        sign = -1.0 if self.sort == "sure" else 1.0
        return indices[np.argsort(sign * found.confidence[indices], kind="stable")]
