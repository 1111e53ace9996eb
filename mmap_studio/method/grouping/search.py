"""From an affinity matrix to the grouping with the best score.

Exact for a dozen tasks, by dynamic programming over subsets (`partitions`); beyond, clustering and local moves
(`partitions_local`). The answer says which. TAG searches overlapping groups by recursion; a prompt bank needs
disjoint ones, so we search set partitions, with the score of `grouping_score`.

What the score rewards: a mean over mates favours small groups of the strongest pairs, the more so on a noisy matrix,
and with a `singleton_score` above all affinities everybody is best alone. Both are the score's doing, not the search's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.partitions import best_partition, partition_count
from mmap_studio.method.grouping.score import checked, require_finite, score_grouping

EXACT_TASKS = 13
"""Up to here the best of all partitions: 0.01 s for 10 tasks, 0.1 s for 13, then three times more for each further one;
a core ten times slower, or shared by ten, still stays below 2 s."""

EXACT, CLUSTERED = "exact", "clustering and local moves"


@dataclass(frozen=True, slots=True)
class GroupingResult:
    """The grouping found, and how."""

    grouping: Grouping
    """Groups by their first task, members in the order of the tasks."""
    score: float
    """`score_grouping` of it, in the units of the matrix."""
    method: str
    """"exact" or "clustering and local moves"."""
    exact: bool
    """No partition (into the number of groups asked for) scores better."""
    candidates: int
    """How many partitions it was chosen from: all there are, or those that the moves looked at."""

    @property
    def how(self) -> str:
        """One line for a report: ``exact, best of 115,975 partitions``."""
        return f"{self.method}, best of {self.candidates:,} partitions" + ("" if self.exact else " looked at")


def best_grouping(
    affinity: np.ndarray, tasks: Sequence[str], groups: int | None = None, singleton_score: float = 0.0
) -> GroupingResult:
    """The grouping of greatest `score_grouping`, into exactly `groups` groups or any number (None).

    affinity : (T, T), rows the source, columns the recipient, in the order of `tasks`; the diagonal is not read.
    Deterministic. Among equal scores: fewest groups, then the first task's group with the earliest mates, and so on.
    Raises InputError for no tasks, `groups` outside 1..T, or a cell off the diagonal that is not finite.
    """
    matrix, singleton_score = checked(affinity, tasks, singleton_score)
    count = len(tasks)
    if not count:
        raise InputError("tasks must be at least one to be grouped. Got none instead.")
    if groups is not None and not 1 <= groups <= count:
        raise InputError(f"groups must be from 1 to the number of tasks, {count}. Got {groups} instead.")
    require_finite(matrix, tasks, tasks)
    pair = matrix + matrix.T
    np.fill_diagonal(pair, 0.0)
    exact = count <= EXACT_TASKS
    if exact:
        partition, candidates = best_partition(pair, singleton_score, groups), partition_count(count, groups)
    else:
        partition, candidates = _clustered(pair, singleton_score, groups)
    grouping = Grouping.of([tasks[item] for item in items] for items in partition)
    score = score_grouping(matrix, tasks, grouping, singleton_score)
    return GroupingResult(grouping, score, EXACT if exact else CLUSTERED, exact, candidates)


def _clustered(pair: np.ndarray, singleton: float, groups: int | None) -> tuple[list[list[int]], int]:
    from mmap_studio.method.grouping.local_search import improved_partition

    labels, candidates = improved_partition(pair, singleton, groups)
    return [np.flatnonzero(labels == group).tolist() for group in range(labels.max() + 1)], candidates
