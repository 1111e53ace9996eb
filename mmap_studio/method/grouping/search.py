"""Search for the grouping with the best score in an affinity matrix, with some tasks locked or none.

Exact for a dozen tasks, by dynamic programming over subsets (`partitions`); beyond, clustering and local moves
(`local_search`). The answer says which. TAG searches overlapping groups by recursion; a prompt bank needs disjoint
ones, so we search set partitions, with the score of `score.score_grouping`.

What the score rewards: a mean over mates favours small groups of the strongest pairs, the more so on a noisy matrix,
and with a `singleton_score` above all affinities every task is best alone. Both are due to the score, not the search;
whether the groups found are more than noise is in `evidence`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.partitions import PartitionItems, best_partition, partition_count
from mmap_studio.method.grouping.score import checked, require_finite, score_grouping
from mmap_studio.method.grouping.text import listed

if TYPE_CHECKING:
    from mmap_studio.method.grouping.evidence import Evidence

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
    evidence: "Evidence | None" = None
    """Whether groups beat "all together" beyond chance (`evidence.suggested_grouping`); None where it is not known."""

    @property
    def how(self) -> str:
        """One line for a report: ``exact, best of 115,975 partitions``."""
        return f"{self.method}, best of {counted(self.candidates, 'partition')}" + ("" if self.exact else " looked at")


def best_grouping(
    affinity: np.ndarray,
    tasks: Sequence[str],
    groups: int | None = None,
    singleton_score: float = 0.0,
    locked: Sequence[Sequence[str]] = (),
) -> GroupingResult:
    """The grouping of greatest `score_grouping`, into exactly `groups` groups or any number (None).

    affinity : (T, T), rows the source, columns the recipient, in the order of `tasks`; the diagonal is not read.
    locked : blocks of tasks; those of one block stay in one group, those of two blocks in different ones.
    Deterministic. Among equal scores: fewest groups, then the first task's group with the earliest mates, and so on.
    Raises InputError for no tasks, a number of groups that cannot be, blocks that overlap or hold other tasks, or a
    cell off the diagonal that is not finite.
    """
    matrix, singleton_score = checked(affinity, tasks, singleton_score)
    if not tasks:
        raise InputError("tasks must be at least one to be grouped. Got none instead.")
    require_finite(matrix, tasks, tasks)
    blocks = locked_rows(locked, tasks)
    items = PartitionItems.of(matrix, singleton_score, blocks)
    _check_count(groups, max(1, len(blocks)), len(items), bool(blocks))
    exact = len(items) <= EXACT_TASKS
    if exact:
        partition = best_partition(items, groups)
        candidates = partition_count(len(items) - len(blocks), groups, len(blocks))
    else:
        from mmap_studio.method.grouping.local_search import improved_partition

        labels, candidates = improved_partition(items, groups)
        partition = [np.flatnonzero(labels == group).tolist() for group in range(labels.max() + 1)]
    grouping = Grouping.of(
        [tasks[row] for row in sorted(row for item in group for row in items.tasks[item])] for group in partition
    )
    score = score_grouping(matrix, tasks, grouping, singleton_score)
    return GroupingResult(grouping, score, EXACT if exact else CLUSTERED, exact, candidates)


def locked_rows(locked: Sequence[Sequence[str]], tasks: Sequence[str]) -> list[list[int]]:
    """The blocks that hold a task, as indices into `tasks`; InputError where they overlap or hold another one."""
    names = [task for block in locked for task in block]
    if len(set(names)) != len(names) or not set(names) <= set(tasks):
        raise InputError(f"locked must hold some of {listed(tasks)}, each once. Got {listed(names)} instead.")
    return [[list(tasks).index(task) for task in block] for block in locked if block]


def _check_count(groups: int | None, least: int, most: int, locked: bool) -> None:
    if groups is None or least <= groups <= most:
        return
    if locked:
        raise InputError(
            f"With these tasks locked the number of groups must be from {least} to {most}. Got {groups} instead; "
            "unlock some tasks or choose another number."
        )
    raise InputError(f"groups must be from 1 to the number of tasks, {most}. Got {groups} instead.")
