"""What a grouping is worth, read off an affinity matrix.

The score of a partition is the mean over tasks of the mean affinity *onto* the task from its group mates, itself
excluded (the rule of TAG, Fifty et al. 2021, google-research `tag/network_selection`, there over overlapping groups).
Where TAG gives a singleton -1e6, we leave its score to the caller: `singleton_score`, 0 for "no mates, no gain".

Matrices are (T, T), rows the source, columns the recipient, in the order of `tasks`.
"""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.partitions import group_value


def task_scores(
    affinity: np.ndarray, tasks: Sequence[str], grouping: Grouping, singleton_score: float = 0.0
) -> np.ndarray:
    """(T,) float64: mean affinity onto every task from its group mates, in the order of `tasks`.

    Raises InputError for a matrix that is not (T, T), a grouping of other tasks, or a needed cell that is not finite.
    """
    matrix, singleton_score = checked(affinity, tasks, singleton_score)
    index = _rows(tasks, grouping)
    scores = np.empty(len(tasks))
    for group in grouping:
        members = sorted(index[task] for task in group)  # the sum rounds the same in any order
        scores[members] = _onto(matrix, members, tasks, singleton_score)
    return scores


def score_grouping(
    affinity: np.ndarray, tasks: Sequence[str], grouping: Grouping, singleton_score: float = 0.0
) -> float:
    """The mean of `task_scores`, in the units of the matrix; the order of groups and members does not matter."""
    scores = task_scores(affinity, tasks, grouping, singleton_score)
    return float(scores.mean()) if len(scores) else 0.0


def score_weights(tasks: Sequence[str], grouping: Grouping, singleton_score: float = 0.0) -> tuple[np.ndarray, float]:
    """The score as a linear function: (T, T) weights w and a constant c with ``score = (w * affinity).sum() + c``.

    For the scores of many matrices at once. The weights of the diagonal, and of cells that no group needs, are 0.
    """
    index = _rows(tasks, grouping)
    weights, alone = np.zeros((len(tasks), len(tasks))), 0
    for group in grouping:
        members = [index[task] for task in group]
        alone += len(members) == 1
        weights[np.ix_(members, members)] = 1 / (max(1, len(members) - 1) * len(tasks))
    np.fill_diagonal(weights, 0.0)
    return weights, singleton_score * alone / max(1, len(tasks))


def move_changes(
    affinity: np.ndarray,
    tasks: Sequence[str],
    grouping: Grouping,
    moved: Iterable[str],
    targets: Iterable[int | None],
    singleton_score: float = 0.0,
) -> tuple[float | None, ...]:
    """How `score_grouping` would change by ``grouping.move(moved, to)``, for each `to` of `targets`.

    None where a cell that is needed is not finite. Reads only the groups that a move touches, each once: with 64 tasks
    this is asked while a card is dragged.
    """
    matrix, singleton_score = checked(affinity, tasks, singleton_score)
    index, leaving = _rows(tasks, grouping), frozenset(moved)
    pair = matrix + matrix.T
    np.fill_diagonal(pair, 0.0)

    @cache
    def value(members: frozenset[str]) -> float:
        chosen = sorted(index[task] for task in members)
        inside = pair[np.ix_(chosen, chosen)].sum() / 2
        return float(group_value(inside, np.array(len(chosen)), singleton_score))

    groups = [frozenset(group) for group in grouping]
    touched = {index for index, group in enumerate(groups) if group & leaving}

    def change(to: int | None) -> float | None:
        concerned = touched if to is None else touched | {to}
        after = sum(value(groups[i] | leaving if i == to else groups[i] - leaving) for i in concerned)
        after += value(leaving) if to is None else 0.0
        difference = after - sum(value(groups[i]) for i in concerned)
        return difference / len(tasks) if np.isfinite(difference) else None

    return tuple(change(to) for to in targets)


def checked(affinity: np.ndarray, tasks: Sequence[str], singleton_score: float) -> tuple[np.ndarray, float]:
    """The matrix as float64 (T, T) and the singleton's score, or InputError."""
    matrix = np.asarray(affinity, dtype=np.float64)
    if matrix.shape != (len(tasks), len(tasks)):
        wanted = (len(tasks), len(tasks))
        raise InputError(f"affinity must be {wanted}, one row and column a task. Got {matrix.shape} instead.")
    if len(set(tasks)) != len(tasks):
        raise InputError(f"tasks must differ. Got {list(tasks)} instead.")
    if not np.isfinite(singleton_score):
        raise InputError(f"singleton_score must be a finite number. Got {singleton_score} instead.")
    return matrix, float(singleton_score)


def require_finite(cells: np.ndarray, sources: Sequence[str], recipients: Sequence[str]) -> None:
    """InputError naming the first cell off the diagonal, by task name, that is not finite."""
    for row, column in np.argwhere(~np.isfinite(cells)):
        if sources[row] != recipients[column]:
            pair = f"Z[{sources[row]} -> {recipients[column]}]"
            raise InputError(f"{pair} must be a finite number to score a grouping. Got {cells[row, column]} instead.")


def _onto(matrix: np.ndarray, members: list[int], tasks: Sequence[str], singleton_score: float) -> np.ndarray:
    """Mean affinity onto each of `members` from the others, (len(members),)."""
    if len(members) == 1:
        return np.array([singleton_score])
    block = matrix[np.ix_(members, members)]
    names = [tasks[row] for row in members]
    require_finite(block, names, names)
    np.fill_diagonal(block, 0.0)  # a task is not its own mate, and its own cell may be NaN
    onto: np.ndarray = block.sum(axis=0) / (len(members) - 1)
    return onto


def _rows(tasks: Sequence[str], grouping: Grouping) -> dict[str, int]:
    if set(tasks) != set(grouping.tasks):
        raise InputError(f"grouping must place {sorted(tasks)}. Got {sorted(grouping.tasks)} instead.")
    return {task: row for row, task in enumerate(tasks)}
