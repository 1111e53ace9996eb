"""The curves by stage and task, and how they are smoothed for drawing. Without Qt."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mmap_studio.session.run.loss_curves import Curve

_BLOCK = 64


@dataclass(frozen=True, order=True)
class CurveKey:
    stage: str
    """"Affinity", "Training", or the name of a control."""
    task: str


class CurveBook:
    """All curves of one kind (loss, or validation accuracy)."""

    def __init__(self) -> None:
        self._curves: dict[CurveKey, Curve] = {}

    def append(self, key: CurveKey, x: float, y: float) -> None:
        self._curves.setdefault(key, Curve()).append(x, y)

    def put(self, key: CurveKey, points: np.ndarray) -> None:
        """Replace a curve by one of steps and values (2, n); without points, remove it."""
        self._curves.pop(key, None)
        if points.shape[1]:
            self._curves[key] = Curve.of(points)

    def of(self, stage: str) -> dict[CurveKey, Curve]:
        """The curves of one stage, in the order in which they began."""
        return {key: curve for key, curve in self._curves.items() if key.stage == stage}

    def keep(self, tasks: Collection[str]) -> None:
        self._curves = {key: curve for key, curve in self._curves.items() if key.task in tasks}

    def clear(self) -> None:
        self._curves.clear()


def nearest(steps: np.ndarray, values: np.ndarray, at: float) -> float:
    """The value (n,) whose step (n,), ascending, is nearest to `at`; NaN if there is none."""
    if not len(steps):
        return float("nan")
    if at >= steps[-1]:
        return float(values[-1])
    right = int(np.searchsorted(steps, at))
    left = max(right - 1, 0)
    return float(values[left if abs(steps[left] - at) <= abs(steps[right] - at) else right])


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average (n,), debiased at its start as TensorBoard's: ``sum_k w^k y_(t-k) / sum_k w^k``.

    Without a loop over points: a triangular matrix inside each block of `_BLOCK`, one sum carried between two blocks.
    """
    n = len(values)
    if weight <= 0 or n < 2:
        return values
    lag = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
    within = np.where(lag >= 0, weight ** np.maximum(lag, 0), 0.0)  # (block, block)
    padded = np.zeros(-(-n // _BLOCK) * _BLOCK)
    padded[:n] = values
    sums = padded.reshape(-1, _BLOCK) @ within.T  # (blocks, block)
    decay, carry = weight ** np.arange(1, _BLOCK + 1), 0.0
    for block in sums:
        block += decay * carry
        carry = block[-1]
    return sums.reshape(-1)[:n] * (1 - weight) / (1 - weight ** np.arange(1.0, n + 1))


def peaks(x: np.ndarray, y: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """A curve (n,) thinned to `limit` points at most: the least and the greatest of equally many neighbours."""
    if len(x) <= limit:
        return x, y
    starts = np.arange(0, len(x), -(-len(x) // (limit // 2)))
    ends = np.stack([np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)], axis=1)
    return np.repeat(x[starts], 2), ends.reshape(-1)
