"""Orders of classes and most confused pairs of a confusion matrix, without Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Order = Literal["class", "confused"]


@dataclass(frozen=True)
class ConfusedPair:
    """A cell off the diagonal: images of one class that were predicted as another."""

    truth: int
    predicted: int
    count: int
    share: float
    """Of the images of the true class."""


def order_of(confusion: np.ndarray, names: Sequence[str], order: Order = "class") -> np.ndarray:
    """int64 (C,): class indices, alphabetical, or the most often confused (as truth or as prediction) first."""
    by_name = np.array(sorted(range(len(names)), key=lambda c: names[c].casefold()), dtype=np.int64)
    if order == "class":
        return by_name
    wrong = _errors(confusion)
    often = wrong.sum(0) + wrong.sum(1)
    return by_name[np.argsort(-often[by_name], kind="stable")]


def most_confused(confusion: np.ndarray, limit: int = 50) -> tuple[ConfusedPair, ...]:
    """The largest cells off the diagonal, largest first; equal counts by share."""
    wrong, shares = _errors(confusion), row_shares(confusion)
    truth, predicted = np.nonzero(wrong)
    counts, share = wrong[truth, predicted], shares[truth, predicted]
    best = np.lexsort((predicted, truth, -share, -counts))[:limit]
    return tuple(ConfusedPair(int(truth[k]), int(predicted[k]), int(counts[k]), float(share[k])) for k in best)


def row_shares(confusion: np.ndarray) -> np.ndarray:
    """float64 (C, C): each row divided by its images; zero for a class without images."""
    totals = confusion.sum(1, keepdims=True)
    return confusion / np.maximum(totals, 1)


def images_in(labels: np.ndarray, predictions: np.ndarray, truth: int | None, predicted: int | None) -> np.ndarray:
    """bool (N,): images of a true class that were predicted as another; None stands for any class."""
    found = np.ones(len(labels), dtype=bool)
    if truth is not None:
        found &= labels == truth
    if predicted is not None:
        found &= predictions == predicted
    return found


def _errors(confusion: np.ndarray) -> np.ndarray:
    return confusion - np.diag(np.diag(confusion))
