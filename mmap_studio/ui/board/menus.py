"""The menus of the board. Each entry calls one method of `Board` through `attempt`, which reports a refusal."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

from PySide6.QtWidgets import QMenu, QWidget

from mmap_studio.formatting import fixed
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from mmap_studio.ui.board.column import change_text
from mmap_studio.ui.kit.questions import ask_text

Attempt = Callable[[Callable[[], object]], None]


def move_menu(parent: QWidget, board: Board, tasks: Sequence[str], attempt: Attempt) -> QMenu:
    """A menu of all groups and a new one, each with the score change of moving there."""
    menu = QMenu("Move to", parent)
    changes = board.changes_if_moved(tasks)
    for index, (name, change) in enumerate(zip(board.group_names, changes, strict=False)):
        action = menu.addAction(_entry(name, change), partial(attempt, partial(board.move, tasks, index)))
        action.setEnabled(any(task not in board.grouping.groups[index] for task in tasks))
    menu.addSeparator()
    menu.addAction(_entry("New group", changes[-1]), lambda: attempt(lambda: board.move(tasks, None)))
    return menu


def card_menu(parent: QWidget, board: Board, tasks: Sequence[str], attempt: Attempt) -> QMenu:
    menu = QMenu(parent)
    menu.addMenu(move_menu(menu, board, tasks, attempt))
    menu.addSeparator()
    locked = all(task in board.locked for task in tasks)
    menu.addAction(
        "Unlock" if locked else "Lock in its group" if len(tasks) == 1 else "Lock in their groups",
        lambda: attempt(lambda: board.lock(tasks, not locked)),
    )
    menu.addSeparator()
    group_actions(menu, board, board.grouping.group_of(tasks[0]), attempt)
    return menu


def group_actions(menu: QMenu, board: Board, index: int, attempt: Attempt) -> QMenu:
    name, group = board.group_names[index], board.grouping.groups[index]
    merge = menu.addMenu(f"Merge {name} into")
    merge.setEnabled(len(board.grouping) > 1)
    changes = board.changes_if_moved(group)
    for other, (title, change) in enumerate(zip(board.group_names, changes, strict=False)):
        if other != index:
            merge.addAction(_entry(title, change), partial(attempt, partial(board.merge, other, index)))
    split = menu.addAction(f"Split {name} in two", lambda: attempt(lambda: board.split(index)))
    split.setEnabled(len(group) > 1)
    menu.addAction(f"Rename {name}…", lambda: rename(menu.parentWidget(), board, index, attempt))
    return menu


def rename(parent: QWidget | None, board: Board, index: int, attempt: Attempt) -> None:
    name = ask_text(parent, "Rename group", "Name of the group:", board.group_names[index])
    if name is not None:
        attempt(lambda: board.rename_group(index, name))


def groupings_menu(parent: QWidget, board: Board, attempt: Attempt) -> QMenu:
    """A menu of the kept groupings with their scores, the suggested one, and the two usual baselines."""
    menu = QMenu("Groupings", parent)
    for name, grouping in board.kept.items():
        action = menu.addAction(
            _entry(name, board.score_of(grouping), "score"), partial(attempt, partial(board.switch, name))
        )
        action.setCheckable(True)
        action.setChecked(grouping == board.grouping)
    menu.addSeparator() if board.kept else None
    plain = {"All together": Grouping.together(board.tasks), "All separate": Grouping.separate(board.tasks)}
    if board.suggested is not None:
        plain = {"Suggested": board.suggested} | plain
    for title, grouping in plain.items():
        text = _entry(title, board.score_of(grouping), "score")
        action = menu.addAction(text, partial(attempt, partial(board.replace, grouping, title)))
        action.setEnabled(grouping != board.grouping)
    menu.addSeparator()
    menu.addAction("Keep this grouping…", lambda: keep(parent, board, attempt))
    forget = menu.addMenu("Delete")
    forget.setEnabled(bool(board.kept))
    for name in board.kept:
        forget.addAction(name, partial(attempt, partial(board.forget, name)))
    return menu


def keep(parent: QWidget, board: Board, attempt: Attempt) -> None:
    free = next(one for number in count(1) if (one := f"Grouping {number}") not in board.kept)
    name = ask_text(parent, "Keep this grouping", "Name of the grouping:", board.kept_name or free)
    if name is not None:
        attempt(lambda: board.keep(name))


def _entry(title: str, number: float | None, what: str = "") -> str:
    """A menu text with a number on its right; an ampersand in a name is no mnemonic."""
    figure = "" if number is None else f"{what} {fixed(number, 2)}" if what else change_text(number)
    return title.replace("&", "&&") + (f"\t{figure}" if figure else "")
