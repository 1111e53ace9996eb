"""The matrix that the heatmap shows, without Qt: its values in display order, its colours, and the replay of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.formatting import fixed

if TYPE_CHECKING:
    from mmap_studio.method.affinity.meter import AffinityEstimate
    from mmap_studio.method.grouping.grouping import Grouping

ORDERS = {"group": "by group", "name": "by name", "cluster": "by clustering", "given": "as added"}
FRAMES, FEWEST, BYTES = 240, 16, 24_000_000
"""Frames kept at most; fewer, but never below the second, where they hold more than this many bytes."""
NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Where the colour scale may end, times a power of ten."""
CERTAIN = 2.0
"""Standard errors from zero below which a cell is hatched."""


@dataclass(frozen=True)
class Frame:
    """The affinity after one step of the measurement."""

    step: int
    estimate: "AffinityEstimate"


class Replay:
    """The frames of a measurement in bounded memory: thinned evenly when there are too many, the last one kept."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._stride = self._since = 1

    def append(self, frame: Frame) -> None:
        """Add a frame; one of other tasks or of an earlier step starts a new replay."""
        last = self.frames[-1] if self.frames else None
        if last and (last.estimate.tasks != frame.estimate.tasks or frame.step < last.step):
            self.clear()
        if self.frames and self._since < self._stride:  # between two that are kept: only the newest matters
            self.frames[-1] = frame
            self._since += 1
            return
        self.frames.append(frame)
        self._since = 1
        if len(self.frames) > self._limit(frame.estimate):
            self.frames = [*self.frames[:-1:2], frame]
            self._stride *= 2

    def clear(self) -> None:
        self.frames, self._stride, self._since = [], 1, 1

    def _limit(self, estimate: "AffinityEstimate") -> int:
        arrays = (estimate.mean, estimate.standard_error, estimate.count, estimate.latest)
        return max(FEWEST, min(FRAMES, BYTES // max(1, sum(array.nbytes for array in arrays))))


@dataclass(frozen=True)
class DisplayedMatrix:
    """The affinity in display order: rows are the source, columns the recipient."""

    tasks: tuple[str, ...]
    values: np.ndarray
    """float64 (T, T); NaN where there is nothing to show."""
    errors: np.ndarray
    """float64 (T, T): standard errors, in the units of `values`."""
    counts: np.ndarray
    """int64 (T, T)"""
    hatched: np.ndarray
    """bool (T, T): not measured, or within two standard errors of zero; never the diagonal."""
    groups: np.ndarray
    """int64 (T,): group of every task, -1 for none."""

    def __len__(self) -> int:
        return len(self.tasks)


_NO_CELLS = np.zeros((0, 0))
EMPTY = DisplayedMatrix((), _NO_CELLS, _NO_CELLS, _NO_CELLS, _NO_CELLS, np.zeros(0, dtype=np.int64))


def displayed(
    estimate: "AffinityEstimate", order: np.ndarray, normalised: bool, latest: bool, grouping: "Grouping | None" = None
) -> DisplayedMatrix:
    """The matrix of an estimate with its rows and columns in `order`, int64 (T,)."""
    errors = estimate.normalised()[1] if normalised else estimate.standard_error
    values = estimate.matrix("latest" if latest else "mean", normalised)
    doubtful = ~(estimate.significant(CERTAIN) & (estimate.count > 0) & np.isfinite(values))
    np.fill_diagonal(doubtful, False)
    tasks = tuple(estimate.tasks[row] for row in order)
    cells = np.ix_(order, order)
    return DisplayedMatrix(
        tasks, values[cells], errors[cells], estimate.count[cells], doubtful[cells], group_indices(tasks, grouping)
    )


def group_indices(tasks: Sequence[str], grouping: "Grouping | None") -> np.ndarray:
    of = {task: index for index, group in enumerate(grouping or ()) for task in group}
    return np.array([of.get(task, -1) for task in tasks], dtype=np.int64)


def ordered(estimate: "AffinityEstimate", order: str, grouping: "Grouping | None" = None) -> np.ndarray:
    """int64 (T,): indices of the tasks in a display order, one of `ORDERS`."""
    tasks = estimate.tasks
    given = np.arange(len(tasks))
    if order == "name":
        return np.array(sorted(given, key=lambda row: tasks[row].casefold()), dtype=np.int64)
    if order == "group" and grouping is not None:
        place = {task: index for index, task in enumerate(grouping.tasks)}
        return np.array(sorted(given, key=lambda row: place.get(tasks[row], len(place))), dtype=np.int64)
    return _clustered(estimate.mean) if order == "cluster" and len(tasks) > 2 else given


def _clustered(matrix: np.ndarray) -> np.ndarray:
    """int64 (T,): leaves of an average-linkage tree over affinity in both directions; unmeasured cells count as zero.

    Two branches are joined so that the most affine of their ends touch. Not by SciPy: 64 tasks take 2 ms here, and
    importing `scipy.cluster` would block the window for longer.
    """
    pair = np.nan_to_num(matrix + matrix.T, nan=0.0, posinf=0.0, neginf=0.0)
    mean, leaves = pair.copy(), [[row] for row in range(len(pair))]
    np.fill_diagonal(mean, -np.inf)
    while len(leaves) > 1:
        a, b = sorted(np.unravel_index(int(mean.argmax()), mean.shape))
        first, second = leaves[a], leaves[b]
        n, m = len(first), len(second)
        mean[a] = mean[:, a] = (n * mean[a] + m * mean[b]) / (n + m)
        mean[a, a] = -np.inf
        mean = np.delete(np.delete(mean, b, 0), b, 1)
        sides = [(x, y) for x in (first, first[::-1]) for y in (second, second[::-1])]
        x, y = max(sides, key=lambda side: pair[side[0][-1], side[1][0]])
        leaves[a] = x + y
        del leaves[b]
    return np.array(leaves[0], dtype=np.int64)


def symmetric_range(values: np.ndarray, before: float | None = None) -> float:
    """End v of the colour scale from -v to v: the 98th percentile off the diagonal, rounded up to a `NICE` number.

    The value `before` is kept while it fits well enough, so that colours do not flicker.
    """
    away = np.abs(values[~np.eye(len(values), dtype=bool)])
    away = away[np.isfinite(away)]
    reach = float(np.percentile(away, 98)) if len(away) else 0.0
    if reach <= 0:
        return before or 1.0
    if before is not None and 0.3 * before < reach <= before:
        return before
    power = 10.0 ** floor(log10(reach))
    return next(step * power for step in NICE if reach <= step * power * (1 + 1e-9))


def decimals(reach: float) -> int:
    """Digits after the point that tell cells apart on a colour scale from -reach to reach."""
    return min(6, max(2, ceil(-log10(reach)) + 1)) if reach > 0 else 2


def number(value: float, digits: int, short: bool = False) -> str:
    """A value as its cell shows it; `short` leaves out the zero before the point."""
    text = fixed(value, digits)
    return text.replace("0.", ".", 1) if short and abs(value) < 1 else text


def colours(values: np.ndarray, reach: float, table: np.ndarray) -> np.ndarray:
    """uint8 (T, T, 4): the colour of every cell from `table`, uint8 (256, 4); transparent where NaN."""
    place = np.nan_to_num(np.clip(values / reach, -1, 1), nan=0.0)
    made: np.ndarray = table[np.rint((place + 1) * 127.5).astype(np.int64)]
    made[~np.isfinite(values)] = 0
    return made


def dark_text(cells: np.ndarray) -> np.ndarray:
    """bool (...): whether black reads better than white on colours, uint8 (..., 4), by the contrast of WCAG 2."""
    share = cells[..., :3] / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    better: np.ndarray = (luminance + 0.05) ** 2 > 0.05 * 1.05  # (L + .05) / .05 > 1.05 / (L + .05)
    return better


def outline(groups: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Edges (x1, y1, x2, y2) around the cells whose row and column are in one group."""
    n = len(groups)
    mates = np.zeros((n + 2, n + 2), dtype=bool)
    mates[1:-1, 1:-1] = (groups[:, None] == groups) & (groups[:, None] >= 0)
    across = np.argwhere(mates[1:, 1:-1] != mates[:-1, 1:-1])  # (row line, column)
    along = np.argwhere(mates[1:-1, 1:] != mates[1:-1, :-1])  # (row, column line)
    lines = [(float(c), float(r), float(c + 1), float(r)) for r, c in across]
    return lines + [(float(c), float(r), float(c), float(r + 1)) for r, c in along]
