"""A board of the project's tasks: on opening it, and when its tasks become others."""

from collections.abc import Sequence
from typing import Any

from mmap_studio.errors import InputError
from mmap_studio.session.board.board import Board


def follow_tasks(board: Board, old: Sequence[str], new: Sequence[str]) -> None:
    """Make a board of the tasks `old` one of `new`; where one name is another in place, its task was renamed."""
    other = [name for name, now in zip(old, new, strict=False) if name != now] if len(old) == len(new) else []
    if len(other) == 1 and other[0] not in new:
        board.rename_task(other[0], new[list(old).index(other[0])])
        return
    for name in set(old) - set(new):
        board.remove_task(name)
    for name in (name for name in new if name not in old):
        board.add_task(name)


def restore_board(board: Board, saved: dict[str, Any] | None, tasks: Sequence[str]) -> None:
    """As it was saved; all tasks together where nothing was, or not of these tasks."""
    board.reset(tasks)
    if saved is None:
        return
    try:
        board.restore(saved)
    except InputError:
        board.reset(tasks)
    if set(board.tasks) != set(tasks):
        board.reset(tasks)
