"""What groupings are worth by the affinity measured so far; nothing, rather than a guess, where a cell is missing."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.evidence import margins_of, mean_and_error, usable
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.score import checked, move_changes, score_grouping

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.affinity.lookahead import AffinityEstimate


Measurements = Callable[[], np.ndarray | None]
"""Gives the single measurements (n, T, T) whose mean the matrix is, or None where they were not kept; they are stacked
and scaled when they are asked for, not with every step of a run."""


class Worth:
    """An affinity matrix read by task name."""

    def __init__(self) -> None:
        self.singleton_score = 0.0
        """What a group of one counts, in the units of the affinity."""
        self._tasks: tuple[str, ...] = ()
        self._values: np.ndarray | None = None
        self._measured: Measurements = _none
        self._stacked: np.ndarray | None = None

    def set(
        self,
        values: np.ndarray | None,
        tasks: Sequence[str],
        singleton_score: float = 0.0,
        measurements: Measurements | None = None,
    ) -> None:
        """(T, T), rows the source, in the order of `tasks`; copied. None: nothing was measured."""
        kept = None if values is None else checked(values, tasks, singleton_score)[0].copy()
        self._tasks, self.singleton_score, self._values = tuple(tasks), singleton_score, kept
        self._measured, self._stacked = measurements or _none, None

    def matrix(self, tasks: Sequence[str]) -> np.ndarray | None:
        """(T, T) in the order of `tasks`; None where one of them was not measured."""
        if self._values is None or not set(tasks) <= set(self._tasks):
            return None
        rows = [self._tasks.index(task) for task in tasks]
        part: np.ndarray = self._values[np.ix_(rows, rows)]
        return part

    def same(self, values: np.ndarray | None, tasks: Sequence[str], singleton_score: float) -> bool:
        """Whether `set` would change nothing that a score depends on."""
        if values is None or self._values is None:
            return values is self._values
        same = np.array_equal(self._values, values, equal_nan=True)
        return same and self._tasks == tuple(tasks) and self.singleton_score == singleton_score

    def measurements(self, tasks: Sequence[str]) -> np.ndarray | None:
        """(n, T, T) in the order of `tasks`; None where they were not kept, or one of the tasks was not measured."""
        if self._stacked is None:
            self._stacked = self._measured()
        found = self._stacked
        if found is None or not set(tasks) <= set(self._tasks):
            return None
        rows = [self._tasks.index(task) for task in tasks]
        part: np.ndarray = found[np.ix_(range(len(found)), rows, rows)]
        return part

    def margin(self, grouping: Grouping) -> tuple[float, float] | None:
        """By how much a grouping scores more than all together, and the standard error; None where not known."""
        measured = self.measurements(grouping.tasks)
        if measured is None or not len(grouping):
            return None
        values = usable(measured, grouping.tasks)
        return mean_and_error(margins_of(values, grouping.tasks, grouping, self.singleton_score))

    def score(self, grouping: Grouping) -> float | None:
        """`score_grouping`; None where a cell it needs is missing."""
        matrix = self.matrix(grouping.tasks)
        if matrix is None or not len(grouping):
            return None
        try:
            return score_grouping(matrix, grouping.tasks, grouping, self.singleton_score)
        except InputError:  # a cell that is needed is not finite
            return None

    def changes(
        self, grouping: Grouping, moved: Iterable[str], targets: Iterable[int | None]
    ) -> tuple[float | None, ...]:
        """`move_changes`; None for each target where a cell it needs is missing."""
        matrix = self.matrix(grouping.tasks)
        if matrix is None:
            return tuple(None for _ in targets)
        return move_changes(matrix, grouping.tasks, grouping, moved, targets, self.singleton_score)

    def relabel(self, old: str, new: str) -> None:
        """A task gets another name."""
        self._tasks = tuple(new if task == old else task for task in self._tasks)


def _none() -> None:
    return None


def usable_affinity(estimate: "AffinityEstimate", normalised: bool) -> tuple[np.ndarray, str]:
    """The matrix (T, T) that groups are scored with, and a notice if it is not the one that was asked for.

    Normalising divides by a task's affinity to itself; where that is not positive (too few or too large steps), the
    raw matrix serves.
    """
    matrix = estimate.matrix(normalised=normalised)
    off_diagonal = ~np.eye(len(estimate.tasks), dtype=bool)
    if not normalised or np.isfinite(matrix[off_diagonal]).all():
        return matrix, ""
    lost = [task for task, own in zip(estimate.tasks, np.diag(estimate.mean), strict=True) if not own > 0]
    return estimate.matrix(normalised=False), (
        f"Affinity cannot be normalised: a step on {', '.join(lost)} did not lower its own loss; raw values are used. "
        "Measure longer (affinity.epochs) or with a smaller affinity.step_size."
    )


def usable_measurements(estimate: "AffinityEstimate", normalised: bool) -> np.ndarray | None:
    """The single measurements (n, T, T), scaled as `usable_affinity` scales their mean; None where not kept."""
    _, notice = usable_affinity(estimate, normalised)
    return estimate.scaled(normalised and not notice)
