"""The best grouping when some tasks must stay: locked tasks of one group stay together, those of two stay apart.

With nothing locked it is `best_grouping`. Else, up to `EXACT_TASKS` tasks, the best of all partitions that keep the
locked tasks so, by dynamic programming over subsets (as `method.partitions`, with the forbidden groups left out); for
more, the present grouping and the cuts of a clustering of the free tasks are improved by single moves, swaps and
merges until none helps, and the best is taken. A value in, a value out: it may run in any thread.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.local_search import Labels, LocalSearch, clustered
from mmap_studio.method.grouping.partitions import TIE, subset_values
from mmap_studio.method.grouping.score import checked, require_finite, score_grouping
from mmap_studio.method.grouping.search import CLUSTERED, EXACT, GroupingResult, best_grouping
from mmap_studio.method.grouping.text import listed

EXACT_TASKS = 11
"""About 0.1 s; three times more for each further one."""


def suggest_grouping(
    affinity: np.ndarray,
    grouping: Grouping,
    locked: Collection[str] = (),
    groups: int | None = None,
    singleton_score: float = 0.0,
) -> GroupingResult:
    """The best grouping into `groups` groups (None: any number) that keeps the `locked` tasks of `grouping` in place.

    affinity : (T, T) in the order of ``grouping.tasks``, rows the source. InputError where no grouping can do it.
    """
    tasks = grouping.tasks
    blocks = [kept for group in grouping if (kept := tuple(task for task in group if task in locked))]
    if not blocks:
        return best_grouping(affinity, tasks, groups, singleton_score)
    _check_count(groups, len(blocks), len(tasks) - sum(map(len, blocks)) + len(blocks))
    matrix, singleton_score = checked(affinity, tasks, singleton_score)
    require_finite(matrix, tasks, tasks)
    pair = matrix + matrix.T
    np.fill_diagonal(pair, 0.0)
    fixed = _fixed(tasks, blocks)
    exact = len(tasks) <= EXACT_TASKS
    labels, candidates = (_exact if exact else _local)(pair, fixed, singleton_score, groups, _labels(grouping))
    found = Grouping.of(
        [task for task, own in zip(tasks, labels, strict=True) if own == group] for group in dict.fromkeys(labels)
    )
    score = score_grouping(matrix, tasks, found, singleton_score)
    return GroupingResult(found, score, EXACT if exact else CLUSTERED, exact, candidates)


def _check_count(groups: int | None, least: int, most: int) -> None:
    if groups is not None and not least <= groups <= most:
        raise InputError(
            f"With these tasks locked the number of groups must be from {least} to {most}. Got {groups} instead; "
            "unlock some tasks or choose another number."
        )


def _fixed(tasks: Sequence[str], blocks: Iterable[Sequence[str]]) -> np.ndarray:
    """int64 (T,): which block holds a task, -1 for a free one."""
    block_of = {task: index for index, block in enumerate(blocks) for task in block}
    return np.array([block_of.get(task, -1) for task in tasks])


def _labels(grouping: Grouping) -> Labels:
    return np.array([index for index, group in enumerate(grouping) for _ in group])


def _exact(
    pair: np.ndarray, fixed: np.ndarray, singleton: float, groups: int | None, present: Labels
) -> tuple[list[int], int]:
    count = len(pair)
    value = np.where(_allowed(fixed), subset_values(pair, singleton), -np.inf)
    total = np.full((1 << count, count + 1), -np.inf)  # best of a subset in k groups
    total[0, 0] = 0.0
    choice = np.zeros((1 << count, count + 1), dtype=np.int64)
    looked = 0
    for mask in range(1, 1 << count):
        around = _around_lowest(mask)
        around = around[np.isfinite(value[around])]
        if not len(around):
            continue
        looked += len(around)
        reached = value[around][:, None] + total[mask ^ around, :-1]  # (groups around the lowest item, k - 1)
        best = reached.argmax(0)
        total[mask, 1:] = np.take_along_axis(reached, best[None], 0)[0]
        choice[mask, 1:] = around[best]
    everything = (1 << count) - 1
    top = total[everything].max()
    k = groups or int(np.argmax(total[everything] >= top - TIE * (1 + abs(top))))
    labels, left = [0] * count, everything
    for index in range(k, 0, -1):
        group = int(choice[left, index])
        for item in range(count):
            labels[item] = index if group >> item & 1 else labels[item]
        left ^= group
    return labels, looked


def _allowed(fixed: np.ndarray) -> np.ndarray:
    """bool (2^T,): subsets that hold all of one block, or nothing of any."""
    masks = np.arange(1 << len(fixed))
    blocks = [sum(1 << int(item) for item in np.flatnonzero(fixed == b)) for b in range(fixed.max() + 1)]
    held = np.stack([masks & block for block in blocks])  # (blocks, 2^T)
    whole = held == np.array(blocks)[:, None]
    return np.all((held == 0) | whole, 0) & (whole.sum(0) <= 1)


def _around_lowest(mask: int) -> np.ndarray:
    """Every subset of `mask` that holds its lowest item."""
    lowest = mask & -mask
    found = np.array([lowest])
    rest = mask ^ lowest
    while rest:
        bit = rest & -rest
        found = np.concatenate([found, found | bit])
        rest ^= bit
    return found


def _local(
    pair: np.ndarray, fixed: np.ndarray, singleton: float, groups: int | None, present: Labels
) -> tuple[list[int], int]:
    search = LocalSearch(pair, singleton, free=groups is None)
    starts = [_climbed(search, start, fixed) for start in _starts(pair, fixed, groups, present)]
    return [int(label) for label in search.best(starts)], search.compared


def _starts(pair: np.ndarray, fixed: np.ndarray, groups: int | None, present: Labels) -> list[Labels]:
    """Blocks as they are and the free tasks clustered, for every number of groups that is asked for."""
    free, blocks = np.flatnonzero(fixed < 0), int(fixed.max()) + 1
    starts = [present] if groups in (None, present.max() + 1) else []
    if groups in (None, blocks):
        starts.append(np.where(fixed < 0, 0, fixed))
    if len(free) == 1 and groups != blocks:
        starts.append(np.where(fixed < 0, blocks, fixed))
    for cut in clustered(pair[np.ix_(free, free)]) if len(free) > 1 else []:
        if groups in (None, blocks + int(cut.max()) + 1):
            start = fixed.copy()
            start[free] = blocks + cut
            starts.append(start)
    return starts[: 2 + 8]


def _climbed(search: LocalSearch, labels: Labels, fixed: np.ndarray) -> Labels:
    """The local optimum above `labels` that no move of a free task, swap of two, or merge improves."""
    held = fixed >= 0
    while True:
        labels = np.unique(labels, return_inverse=True)[1]
        rounding = TIE * (1 + abs(search.value(labels)))
        for kind, (gain, apply) in enumerate(search.neighbours(labels)):
            _forbid(gain, kind, held, labels)
            row, column = np.unravel_index(int(np.argmax(gain)), gain.shape)
            search.compared += int(np.isfinite(gain).sum())
            if gain[row, column] > rounding:
                labels = apply(int(row), int(column))
                break
        else:
            return labels


def _forbid(gain: np.ndarray, kind: int, held: np.ndarray, labels: Labels) -> None:
    """-inf for what would move a held task: in place, of moves (0), swaps (1) and merges (2) of `LocalSearch`."""
    if kind < 2:
        gain[held] = -np.inf
    if kind == 1:
        gain[:, held] = -np.inf
    if kind == 2:
        groups = np.unique(labels[held])
        gain[np.ix_(groups, groups)] = -np.inf


def leaving_half(
    group: Sequence[str], matrix: np.ndarray | None, locked: Collection[str], singleton_score: float
) -> tuple[str, ...]:
    """The half that leaves where a group is cut in two: where its score gains most, in the middle if that is unknown.

    matrix : (n, n) of the group's own tasks, None or NaN where not measured   locked : tasks that stay

    InputError for a group of one.
    """
    if len(group) < 2:
        raise InputError(f"A group must hold two tasks to be split. Got {listed(group)} instead.")
    if matrix is None or not np.isfinite(matrix[~np.eye(len(group), dtype=bool)]).all():
        middle = (len(group) + 1) // 2
        halves: Sequence[Sequence[str]] = (group[:middle], group[middle:])
    else:
        halves = suggest_grouping(matrix, Grouping((tuple(group),)), (), 2, singleton_score).grouping.groups
    return tuple(halves[0] if set(locked) & set(halves[1]) else halves[1])
