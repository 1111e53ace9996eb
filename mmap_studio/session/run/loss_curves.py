"""Curves of a training in bounded memory, however long it is."""

from collections.abc import Iterable, Mapping

import numpy as np

CAPACITY = 4096
"""Points kept a curve; a full one keeps the mean of every two, so its memory and its drawing stay bounded."""


class Curve:
    """A growing series of (step, value) in bounded memory."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._x, self._y = np.zeros(capacity), np.zeros(capacity)
        self._n = self._held = 0
        self._stride = 1
        self._sum = np.zeros(2)
        self.last = float("nan")
        """The newest value, unsmoothed."""

    @classmethod
    def of(cls, points: np.ndarray) -> "Curve":
        """From (2, n), steps and values."""
        made = cls(max(CAPACITY, points.shape[1] + 1))
        made._n = points.shape[1]
        made._x[: made._n], made._y[: made._n] = points
        made.last = float(points[1, -1]) if made._n else made.last
        return made

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


def thinned(x: np.ndarray, y: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """A curve (n,) thinned to `limit` points at most: means of equally many neighbours, then the last point itself."""
    if len(x) <= limit:
        return x, y
    size = -(-len(x) // max(limit - 1, 1))
    starts = np.arange(0, len(x), size)
    counts = np.diff([*starts, len(x)])
    means = [np.add.reduceat(values, starts) / counts for values in (x, y)]
    return np.append(means[0], x[-1]), np.append(means[1], y[-1])


class LossCurves:
    """The losses of tasks that train together."""

    def __init__(self, tasks: Iterable[str]) -> None:
        self._curves = {task: Curve() for task in tasks}

    def append(self, step: int, losses: Mapping[str, float]) -> None:
        """One step more, counted from 1."""
        for task, loss in losses.items():
            self._curves[task].append(step, loss)

    def kept(self) -> dict[str, np.ndarray]:
        """Of every task float32 (2, n): steps and losses."""
        return {task: np.stack(curve.points()).astype(np.float32) for task, curve in self._curves.items()}
