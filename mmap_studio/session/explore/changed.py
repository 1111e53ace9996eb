"""Images that one row of results has right and another wrong: fixed and broken by going from the first to the second.

Each is shown like the predictions of a method, of these images alone: of fixed ones what the first row took them for,
of broken ones what the second does. Any other image has the class -1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

Kind = Literal["fixed", "broken"]
KINDS: tuple[Kind, ...] = ("fixed", "broken")
NO_CLASS = -1


class Predicted(Protocol):
    """Of an `Evaluation`, what is compared."""

    @property
    def predictions(self) -> np.ndarray: ...
    @property
    def confidence(self) -> np.ndarray: ...
    @property
    def confusion(self) -> np.ndarray: ...


@dataclass(frozen=True)
class ChangedImages:
    """The fixed or the broken images of one task, in the place of an `Evaluation`."""

    kind: Kind
    among: np.ndarray
    """bool (N,): which they are."""
    predictions: np.ndarray
    """int64 (N,): what the row that is wrong took them for; -1 for other images."""
    confidence: np.ndarray
    """float32 (N,): how sure it was; 0 for other images."""
    confusion: np.ndarray
    """int64 (C, C): rows truth, columns prediction, of these images alone."""
    of: int
    """Images of the task that are tested."""

    @property
    def n(self) -> int:
        """How many they are."""
        return int(self.among.sum())


def changed(labels: np.ndarray, first: Predicted, second: Predicted) -> dict[Kind, ChangedImages] | None:
    """The images of a task that are fixed and broken from `first` to `second`; labels : int64 (N,).

    None where the two were not tested on these N images.
    """
    if not len(labels) == len(first.predictions) == len(second.predictions):
        return None
    right, then = first.predictions == labels, second.predictions == labels
    classes = len(second.confusion)
    found: dict[Kind, ChangedImages] = {}
    sides: tuple[tuple[Kind, np.ndarray, Predicted], ...] = (
        ("fixed", ~right & then, first), ("broken", right & ~then, second),
    )  # fmt: skip
    for kind, among, wrong in sides:
        pairs = np.bincount(labels[among] * classes + wrong.predictions[among], minlength=classes**2)
        confidence = np.where(among, wrong.confidence, 0).astype(np.float32)
        predictions = np.where(among, wrong.predictions, NO_CLASS).astype(np.int64)
        confusion = pairs.reshape(classes, classes).astype(np.int64)
        found[kind] = ChangedImages(kind, among, predictions, confidence, confusion, len(labels))
    return found


def changed_of(
    labels: Mapping[str, np.ndarray], first: Mapping[str, Predicted], second: Mapping[str, Predicted],
    tasks: Sequence[str],
) -> dict[Kind, dict[str, ChangedImages]]:  # fmt: skip
    """`changed` of every task that both rows were tested on."""
    found: dict[Kind, dict[str, ChangedImages]] = {kind: {} for kind in KINDS}
    for task in tasks:
        if task in labels and task in first and task in second:
            both = changed(labels[task], first[task], second[task])
            for kind, images in (both or {}).items():
                found[kind][task] = images
    return found
