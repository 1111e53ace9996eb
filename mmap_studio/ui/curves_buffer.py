"""The points of the curves, without Qt: bounded however long the training, smoothed without a loop over points."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

CAPACITY = 4096
"""Points kept a curve; a full one keeps the mean of every two, so its memory and its drawing stay bounded."""
_BLOCK = 64


@dataclass(frozen=True, order=True)
class CurveKey:
    """Which curve."""

    run: str
    """Title of the run; several may be shown side by side."""
    stage: str
    """"Affinity", "Training", or the name of a control."""
    task: str


class Curve:
    """A growing series of (step, value) in bounded memory."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._x, self._y = np.zeros(capacity), np.zeros(capacity)
        self._n = self._held = 0
        self._stride = 1
        self._sum = np.zeros(2)
        self.last = float("nan")
        """The newest value, unsmoothed."""

    def __len__(self) -> int:
        return self._n

    def append(self, x: float, y: float) -> None:
        """Add a point; a value that is not finite is remembered as the last one but not drawn."""
        self.last = y
        if not np.isfinite(y):
            return
        self._sum += (x, y)
        self._held += 1
        if self._held == self._stride:
            self._push(self._sum / self._held)

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values, float64 (n,); of a thinned curve the means of `stride` neighbours."""
        return self._x[: self._n], self._y[: self._n]

    def _push(self, point: np.ndarray) -> None:
        self._x[self._n], self._y[self._n] = point
        self._n += 1
        self._sum, self._held = np.zeros(2), 0
        if self._n == len(self._x):
            self._halve()

    def _halve(self) -> None:
        for values in (self._x, self._y):
            values[: self._n // 2] = values[: self._n // 2 * 2].reshape(-1, 2).mean(1)
        self._n //= 2
        self._stride *= 2


class CurveBook:
    """All curves of one kind (loss, or validation accuracy)."""

    def __init__(self) -> None:
        self._curves: dict[CurveKey, Curve] = {}

    def __iter__(self) -> Iterator[tuple[CurveKey, Curve]]:
        return iter(self._curves.items())

    def append(self, key: CurveKey, x: float, y: float) -> None:
        """Add a point to a curve, which begins with its first point."""
        self._curves.setdefault(key, Curve()).append(x, y)

    def get(self, key: CurveKey) -> Curve | None:
        """The curve, if it has begun."""
        return self._curves.get(key)

    def of(self, stage: str) -> dict[CurveKey, Curve]:
        """The curves of one stage, in the order they began."""
        return {key: curve for key, curve in self._curves.items() if key.stage == stage}

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
