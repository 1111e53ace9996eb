"""What a move must come to: the board's model and the window's drags, menus and keys share this table."""

from dataclasses import dataclass

import numpy as np

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board

START = (("art", "clipart", "sketch"), ("photo", "scan"), ("toy",))
TASKS = tuple(task for group in START for task in group)


@dataclass(frozen=True)
class Case:
    name: str
    tasks: tuple[str, ...]
    to: int | None
    after: tuple[tuple[str, ...], ...]
    label: str | None
    """What undo is called afterwards; None where nothing was to be done."""


CASES = (
    Case("one to another", ("art",), 1, (START[0][1:], ("photo", "scan", "art"), ("toy",)), "Move art"),
    Case("last of a group", ("toy",), 0, ((*START[0], "toy"), ("photo", "scan")), "Move toy"),
    Case("one to a new", ("scan",), None, (START[0], ("photo",), ("toy",), ("scan",)), "Move scan"),
    Case("several", ("sketch", "scan"), 2, (START[0][:2], ("photo",), ("toy", "sketch", "scan")), "Move 2 tasks"),
    Case("several, new", ("art", "scan"), None, (START[0][1:], ("photo",), ("toy",), ("art", "scan")), "Move 2 tasks"),
    Case("one already there", ("art", "toy"), 0, ((*START[0], "toy"), ("photo", "scan")), "Move 2 tasks"),
    Case("onto itself", ("photo",), 1, START, None),
    Case("a whole group to new", ("photo", "scan"), None, START, None),
)


def board(groups: tuple[tuple[str, ...], ...] = START, affinity: bool = True) -> Board:
    made = Board()
    made.reset(Grouping.of(groups))
    if affinity:
        made.set_affinity(matrix(), TASKS)
    return made


def matrix(seed: int = 0, tasks: int = len(TASKS)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(tasks, tasks))
