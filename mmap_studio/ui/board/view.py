"""The grouping board: groups as columns, tasks as cards, moved by mouse, keyboard or menu.

The view holds the selection and nothing else. A drop, a key and a menu entry each call one method of `Board`, and the
view is redrawn from its grouping; the view itself never moves a card.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QFocusEvent, QImage, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from mmap_studio.errors import StudioError
from mmap_studio.session.board.board import Board
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.ui.board import drag as board_drag
from mmap_studio.ui.board import menus
from mmap_studio.ui.board.body import BoardBody
from mmap_studio.ui.board.card import Card, CardFacts
from mmap_studio.ui.board.header import BoardHeader
from mmap_studio.ui.board.selection import CardSelection, neighbour
from mmap_studio.ui.board.suggester import Suggester
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column

COMPACT_FROM = 17
"""From this many tasks on, cards are one line high."""
ARROWS = {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}


class BoardView(QWidget):
    """Signals: `task_hovered(task or "")`, `task_activated(task)`, `selection_changed(tasks)`, `refused(reason)`,
    `suggested(why)`."""

    task_hovered = Signal(str)
    task_activated = Signal(str)
    selection_changed = Signal(object)
    refused = Signal(str)
    suggested = Signal(str)

    def __init__(self, board: Board, background: BackgroundRunner) -> None:
        super().__init__()
        self.setAccessibleName("Grouping board")
        self.board = board
        self.picked = CardSelection()
        self._facts: dict[str, CardFacts] = {}
        self._cards: dict[str, Card] = {}
        self.header, self.body = BoardHeader(), BoardBody()
        self.suggester = Suggester(board, background, self)
        column(self.header, self.body, parent=self, stretch=[self.body], spacing=theme.S)
        self.body.changes = self.board.changes_if_moved
        self.body.home = self._home
        self.body.dropped.connect(self._dropped)
        self.body.ground_clicked.connect(lambda: self._pick(self.picked.clear))
        self.header.suggest_wanted.connect(self.suggester.look)
        self.header.groupings_wanted.connect(self._open_groupings)
        self.suggester.refused.connect(self.refused)
        self.suggester.answered.connect(self.suggested)
        self.suggester.busy.connect(self._show_scores)
        stop = self.board.changed.listen(self.redraw)
        self.destroyed.connect(lambda: stop())
        theme.changed.connect(self._restyle)
        self.redraw()

    # ---- what it shows

    def set_images(self, images: Mapping[str, QImage]) -> None:
        """Set thumbnails by task; other tasks keep theirs."""
        for task, image in images.items():
            self._set_facts(task, image=image)

    def set_scores(
        self,
        accuracy: Mapping[str, float],
        zero_shot: Mapping[str, float] | None = None,
        noise: Mapping[str, float] | None = None,
    ) -> None:
        """Set accuracies, 0 to 1, and the zero-shot ones they are compared with; other tasks lose theirs.

        noise : half the intervals of the differences, in points
        """
        for task in {*self._facts, *accuracy}:
            now, before = accuracy.get(task), (zero_shot or {}).get(task)
            change = None if now is None or before is None else now - before
            self._set_facts(task, accuracy=now, change=change, noise=(noise or {}).get(task, math.nan))

    def light(self, tasks: Collection[str]) -> None:
        for task, card in self._cards.items():
            card.show_state(lit=task in tasks)

    def redraw(self) -> None:
        """Show the board as it is now; cheap where little changed."""
        board = self.board
        focused = self.window().focusWidget()  # one's own is the last that had the focus here, wherever it is now
        had = focused is not None and self.body.isAncestorOf(focused)
        self._match_cards()
        self.picked.keep(board.tasks)
        self._show_cards()  # columns are as wide as these want
        groups = [
            (name, [self._cards[task] for task in group], board.trained(index))
            for index, (name, group) in enumerate(zip(board.group_names, board.grouping, strict=True))
        ]
        self.body.tasks = board.tasks
        for made in self.body.show_groups(groups):
            made.menu_wanted.connect(self._open_group_menu)
            made.rename_wanted.connect(lambda i: menus.rename(self, board, i, self.attempt))
            made.picked_all.connect(lambda i: self._pick(lambda: self.picked.pick_all(board.grouping.groups[i])))
        self._order_tabs()
        self._show_scores()
        if had and self.picked.current and self.window().focusWidget() is not self._cards[self.picked.current]:
            self._cards[self.picked.current].setFocus()

    def _match_cards(self) -> None:
        for task in set(self._cards) - set(self.board.tasks):
            card = self._cards.pop(task)
            card.hide()
            card.deleteLater()
        for task in self.board.tasks:
            if task not in self._cards:
                self._cards[task] = self._new_card(task)

    def _new_card(self, task: str) -> Card:
        card = Card(task, self.body.ground)
        card.picked.connect(self._clicked)
        card.drag_wanted.connect(self.start_drag)
        card.menu_wanted.connect(self._open_card_menu)
        card.hovered.connect(self.task_hovered)
        card.activated.connect(self.task_activated)
        card.focused.connect(self._focused)
        return card

    def _show_cards(self) -> None:
        names = dict(zip(self.board.grouping, self.board.group_names, strict=True))
        for group, name in names.items():
            for task in group:
                self._cards[task].show_state(
                    facts=self._facts.get(task, CardFacts()), group=name, others=self.board.tasks,
                    selected=task in self.picked.tasks,
                    locked=task in self.board.locked, compact=len(self._cards) >= COMPACT_FROM,
                )  # fmt: skip

    def _order_tabs(self) -> None:
        """Put one card in the tab order: arrow keys go from card to card, Tab leaves the board."""
        for task, card in self._cards.items():
            in_order = task == self.picked.current
            card.setFocusPolicy(Qt.FocusPolicy.StrongFocus if in_order else Qt.FocusPolicy.ClickFocus)

    def _show_scores(self) -> None:
        board = self.board
        self.header.show_tasks(len(board.tasks))
        self.header.show_scores(board.score, board.suggested_score, board.kept_name)
        self.header.show_verdict(board.verdict, board.evidence.sentence if board.evidence else "")
        self.header.show_busy(self.suggester.looking, board.score_of(board.grouping) is not None)

    def _restyle(self) -> None:
        for widget in (self, *self.findChildren(QWidget)):
            widget.update()
        self._show_scores()

    def _set_facts(self, task: str, **facts: object) -> None:
        self._facts[task] = CardFacts(**{**vars(self._facts.get(task, CardFacts())), **facts})
        if task in self._cards:
            self._cards[task].show_state(facts=self._facts[task])

    # ---- what the user does

    def attempt(self, edit: Callable[[], object]) -> None:
        """Make an edit; a StudioError is emitted as `refused`."""
        try:
            edit()
        except StudioError as why:
            self.refused.emit(str(why))

    def _home(self, tasks: Collection[str]) -> int | None:
        groups = {self.board.grouping.group_of(task) for task in tasks}
        return groups.pop() if len(groups) == 1 else None

    def start_drag(self, task: str) -> None:
        """Drag the selection without its locked tasks; Esc cancels."""
        meant = self.picked.meant(task)
        tasks = [name for name in meant if name not in self.board.locked]
        if not tasks:
            self.refused.emit(f"{task!r} is locked; unlock it first, then move it.")
            return
        card = self._cards[task if task in tasks else tasks[0]]
        drag = QDrag(self)
        drag.setMimeData(board_drag.pack(tasks))
        drag.setPixmap(board_drag.image(card, len(tasks)))
        drag.setHotSpot(QPoint(card.width() // 3, card.height() // 2 + theme.S))
        for name in tasks:
            self._cards[name].show_state(dragged=True)
        drag.exec(Qt.DropAction.CopyAction)
        for other in self._cards.values():
            other.show_state(dragged=False)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        if self.board.tasks:
            self._focus(self.picked.current or self.board.grouping.groups[0][0])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        task, key = self.picked.current, Qt.Key(event.key())
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if task is None or not self._cards[task].hasFocus():
            super().keyPressEvent(event)
        elif key in ARROWS and ctrl:
            self._move_by_key(task, ARROWS[key])
        elif key in ARROWS:
            self._step(task, ARROWS[key], bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._popup(menus.move_menu(self, self.board, self.picked.meant(task), self.attempt), task)
        elif key == Qt.Key.Key_Menu:
            self._open_card_menu(task, self._below(task))
        elif key == Qt.Key.Key_Space:
            self._clicked(task, True, False)
        elif key == Qt.Key.Key_Escape:
            self._pick(self.picked.clear)
        elif key == Qt.Key.Key_A and ctrl:
            self._pick(lambda: self.picked.pick_all(self.board.tasks))
        elif key == Qt.Key.Key_L:
            self.attempt(lambda: self.board.lock(self.picked.meant(task), task not in self.board.locked))
        elif key == Qt.Key.Key_F2:
            menus.rename(self, self.board, self.board.grouping.group_of(task), self.attempt)
        else:
            super().keyPressEvent(event)

    def _dropped(self, tasks: Sequence[str], to: int | None) -> None:
        """Move them, and show where they are now: a column may be scrolled past its last card."""
        self.attempt(lambda: self.board.move(tasks, to))
        self.body.show_card(self._cards[tasks[0]])

    def _move_by_key(self, task: str, direction: str) -> None:
        """Move to the next group on the left or right; down, or beyond the last group, to a new one."""
        at, tasks = self.board.grouping.group_of(task), self.picked.meant(task)
        to: int | None = at + {"left": -1, "right": 1}.get(direction, 0)
        if direction == "down" or to == len(self.board.grouping):
            to = None
        if to is None or (to >= 0 and to != at):
            self.attempt(lambda: self.board.move(tasks, to))
            self._focus(task)

    def _step(self, task: str, direction: str, extend: bool) -> None:
        other = neighbour(self.board.grouping.groups, task, direction)
        self._pick(lambda: self.picked.pick(other, self.board.tasks, extend=extend))
        self._focus(other)

    def _focus(self, task: str) -> None:
        self._cards[task].setFocus(Qt.FocusReason.OtherFocusReason)
        self.body.show_card(self._cards[task])

    def _focused(self, task: str) -> None:
        self.picked.current = task
        self._order_tabs()

    def _clicked(self, task: str, toggle: bool, extend: bool) -> None:
        self._pick(lambda: self.picked.pick(task, self.board.tasks, toggle, extend))

    def _pick(self, change: Callable[[], None]) -> None:
        before = self.picked.tasks
        change()
        self._show_cards()
        self._order_tabs()
        if self.picked.tasks != before:
            self.selection_changed.emit(self.picked.tasks)

    def _open_card_menu(self, task: str, place: QPoint) -> None:
        if task not in self.picked.tasks:
            self._clicked(task, False, False)
        menu = menus.card_menu(self, self.board, self.picked.meant(task), self.attempt)
        self._popup(menu, task, place)

    def _open_group_menu(self, index: int, place: QPoint) -> None:
        menu = menus.group_actions(QMenu(self), self.board, index, self.attempt)
        self._popup(menu, None, place)

    def _open_groupings(self) -> None:
        below = self.header.groupings.mapToGlobal(self.header.groupings.rect().bottomLeft())
        self._popup(menus.groupings_menu(self, self.board, self.attempt), None, below)

    def _popup(self, menu: QMenu, task: str | None, place: QPoint | None = None) -> None:
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place or self._below(task or self.board.tasks[0]))

    def _below(self, task: str) -> QPoint:
        card = self._cards[task]
        return card.mapToGlobal(card.rect().bottomLeft())
