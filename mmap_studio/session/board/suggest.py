"""Suggestions for the board: the best grouping that keeps the locked tasks, and where to cut a group in two.

Values in, values out: they may run in any thread.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.evidence import suggested_grouping
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.score import score_grouping
from mmap_studio.method.grouping.search import GroupingResult
from mmap_studio.method.grouping.text import listed


def suggest_grouping(
    affinity: np.ndarray,
    grouping: Grouping,
    locked: Collection[str] = (),
    groups: int | None = None,
    singleton_score: float = 0.0,
    measurements: np.ndarray | None = None,
) -> GroupingResult:
    """`suggested_grouping` where the `locked` tasks of one group of `grouping` stay together, those of two apart.

    affinity : (T, T) in the order of ``grouping.tasks``, rows the source. InputError where no grouping can do it.
    measurements : (n, T, T), whose mean it is; None where they are not known, and so no evidence
    With locks and a search that is not exact, `grouping` itself is the answer if it scores better than what was found.
    """
    blocks = [kept for group in grouping if (kept := [task for task in group if task in locked])]
    found = suggested_grouping(affinity, measurements, grouping.tasks, groups, singleton_score, blocks)
    together = found.evidence is not None and found.grouping != found.evidence.grouping  # for lack of evidence
    if found.exact or not blocks or together or groups not in (None, len(grouping)):
        return found
    present = score_grouping(affinity, grouping.tasks, grouping, singleton_score)
    return replace(found, grouping=grouping, score=present) if present > found.score else found


def leaving_half(
    group: Sequence[str], matrix: np.ndarray | None, locked: Collection[str], singleton_score: float
) -> tuple[str, ...]:
    """The half that leaves when a group is split in two: where its score gains most, in the middle if that is unknown.

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
