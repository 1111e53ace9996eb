"""The points of the curves, without Qt: bounded however long the training, smoothed without a loop over points."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from mmap_studio.session.run.loss_curves import Curve

_BLOCK = 64


@dataclass(frozen=True, order=True)
class CurveKey:
    """Which curve."""

    run: str
    """Title of the run; several may be shown side by side."""
    stage: str
    """"Affinity", "Training", or the name of a control."""
    task: str


class CurveBook:
    """All curves of one kind (loss, or validation accuracy)."""

    def __init__(self) -> None:
        self._curves: dict[CurveKey, Curve] = {}

    def __iter__(self) -> Iterator[tuple[CurveKey, Curve]]:
        return iter(self._curves.items())

    def append(self, key: CurveKey, x: float, y: float) -> None:
        """Add a point to a curve, which begins with its first point."""
        self._curves.setdefault(key, Curve()).append(x, y)

    def put(self, key: CurveKey, points: np.ndarray) -> None:
        """A whole curve (2, n), steps and values, instead of what was there; of no points, none."""
        self._curves.pop(key, None)
        if points.shape[1]:
            self._curves[key] = Curve.of(points)

    def get(self, key: CurveKey) -> Curve | None:
        """The curve, if it has begun."""
        return self._curves.get(key)

    def of(self, stage: str) -> dict[CurveKey, Curve]:
        """The curves of one stage, in the order they began."""
        return {key: curve for key, curve in self._curves.items() if key.stage == stage}

    def keep(self, tasks: Collection[str]) -> None:
        """Forget the curves of all other tasks."""
        self._curves = {key: curve for key, curve in self._curves.items() if key.task in tasks}

    def clear(self) -> None:
        """Forget all points."""
        self._curves.clear()


def nearest(steps: np.ndarray, values: np.ndarray, at: float) -> float:
    """The value (n,) whose step (n,), ascending, lies nearest to `at`; NaN if there is none."""
    if not len(steps):
        return float("nan")
    if at >= steps[-1]:
        return float(values[-1])
    right = int(np.searchsorted(steps, at))
    left = max(right - 1, 0)
    return float(values[left if abs(steps[left] - at) <= abs(steps[right] - at) else right])


def thinned(x: np.ndarray, y: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `limit` points of a curve (n,): means of equally many neighbours, and the last point as it is."""
    if len(x) <= limit:
        return x, y
    size = -(-len(x) // max(limit - 1, 1))
    starts = np.arange(0, len(x), size)
    counts = np.diff([*starts, len(x)])
    means = [np.add.reduceat(values, starts) / counts for values in (x, y)]
    return np.append(means[0], x[-1]), np.append(means[1], y[-1])


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average of (n,), unbiased at its start: ``sum_k w^k y_(t-k) / sum_k w^k``; TensorBoard's.

    In blocks of `_BLOCK`: within one a triangular matrix, between two only the last sum.
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
