"""A board in the window to try things on, what of it is seen, and drops on it."""

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.ui.board.body import BoardBody
from mmap_studio.ui.board.view import BoardView
from tests.session.board.cases import START

TASKS = tuple(task for group in START for task in group)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL, SHIFT, PLAIN = (getattr(Qt.KeyboardModifier, f"{m}Modifier") for m in ("Control", "Shift", "No"))
COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction
Key = Qt.Key


def new_view(groups: tuple[tuple[str, ...], ...] = START) -> BoardView:
    board = Board()
    board.reset(Grouping.of(groups))
    board.set_affinity(np.random.default_rng(0).normal(size=(len(TASKS), len(TASKS))), TASKS)
    background = BackgroundRunner()
    view = BoardView(board, background)
    beat = QTimer(view, interval=20)  # as the window looks for answers
    beat.timeout.connect(background.poll)
    beat.start()
    return view


def shown_view(qtbot) -> BoardView:
    """On the screen, with room for all groups."""
    made = new_view()
    qtbot.addWidget(made)
    made.resize(760, 480)
    made.show()
    qtbot.waitExposed(made)
    return made


def seen(view: BoardView) -> tuple[tuple[str, ...], ...]:
    """The groups as they are on the screen, from left to right and top to bottom."""
    columns = [c for c in view.body.columns if c.isVisibleTo(view)]
    for column in columns:
        column.layout().activate()
    cards = [sorted((card for card in c.cards), key=lambda card: card.y()) for c in columns]
    assert all(card.parent() is column for column, group in zip(columns, cards, strict=True) for card in group)
    return tuple(tuple(card.task for card in group) for group in cards)


def place_of(body: BoardBody, to: int | None) -> QPoint:
    if to is None:
        return body.strip.geometry().center()
    column = body.columns[to]
    return column.mapTo(body, QPoint(column.width() // 2, column.height() - 5))


def drop(view: BoardView, mime: QMimeData, to: int | None, action: Qt.DropAction = COPY) -> QDropEvent:
    """What Qt does when cards are dropped: enter, then drop, at a place of the body."""
    place = place_of(view.body, to)
    view.body.dragEnterEvent(QDragEnterEvent(place, COPY | MOVE, mime, LEFT, PLAIN))
    event = QDropEvent(QPointF(place), COPY | MOVE, mime, LEFT, PLAIN)
    event.setDropAction(action)
    event.ignore()
    view.body.dropEvent(event)
    return event
