"""The columns of the board side by side, scrolled as one, and the target of a drag over them.

Only the body takes drops: columns and cards let drag events through, so that one place decides on a target.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from mmap_studio.ui.board import drag
from mmap_studio.ui.board.card import Card
from mmap_studio.ui.board.column import GroupColumn, NewGroupStrip, change_text
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, row
from mmap_studio.ui.kit.paths import take_copy

NOWHERE, NEW = -2, -1
"""Targets of a drop other than the index of a group."""
EDGE, PACE, BEAT = 32, 12, 30
"""Scrolling during a drag: pixels from the edge, pixels per beat, milliseconds per beat."""


class BoardBody(QWidget):
    """Signals: `dropped(tasks, group index or None for a new one)`, `ground_clicked()`."""

    dropped = Signal(object, object)
    ground_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.columns: list[GroupColumn] = []
        self.changes: Callable[[Sequence[str]], Sequence[float | None]] = lambda tasks: ()
        """Score changes of dropping these tasks: one per group, and the last for a new group."""
        self.home: Callable[[Sequence[str]], int | None] = lambda tasks: None
        """The group that all of these tasks are in already, if there is one."""
        self.tasks: Sequence[str] = ()
        """Tasks that a drag may carry."""
        self._offers: list[str] = []
        self._dragged: tuple[str, ...] = ()
        self.setAcceptDrops(True)
        self.area = _BoardArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ground = QWidget()
        self._row = row(None, parent=self.ground)
        self.area.setWidget(self.ground)
        self.strip = NewGroupStrip(self)
        column(self.area, self.strip, parent=self, stretch=[self.area], spacing=theme.S)
        self.area.verticalScrollBar().valueChanged.connect(self._place_headers)
        self._beat = QTimer(self, interval=BEAT)
        self._beat.timeout.connect(self._scroll_on)
        self._pull = QPoint()

    def show_groups(self, groups: Sequence[tuple[str, Sequence[Card], bool]]) -> list[GroupColumn]:
        """Show every group's name, cards and whether it is trained; returns the columns that were made for it."""
        fresh = []
        while len(self.columns) < len(groups):
            made = GroupColumn(len(self.columns), self.ground)
            self.columns.append(made)
            self._row.insertWidget(len(self.columns) - 1, made, 100)
            fresh.append(made)
        for one, (name, cards, trained) in zip(self.columns, groups, strict=False):
            one.others = tuple(name for name, *_ in groups)
            one.show_group(name, cards, trained)
        for index, one in enumerate(self.columns):
            one.setVisible(index < len(groups))
            if index >= len(groups):  # kept, so that a later drop makes no widget
                one.cards = ()
        self._place_headers()
        return fresh

    def show_card(self, card: Card) -> None:
        """Scroll to a card, below the headers of the columns."""
        for widget in (self.ground, card.parentWidget()):
            layout = widget.layout() if widget else None
            assert layout is not None
            layout.activate()
        self.area.ensureWidgetVisible(card, theme.S, 4 * theme.M)

    # ---- dragging

    def target_at(self, place: QPoint) -> int:
        """The target of a drop at this place of the body: a group's index, NEW or NOWHERE."""
        if not self.rect().contains(place):
            return NOWHERE
        if self.strip.geometry().contains(place):
            return NEW
        x = self.ground.mapFrom(self, place).x()
        for one in self.columns:
            if one.isVisibleTo(self.ground) and one.x() - theme.XS <= x < one.geometry().right() + theme.XS:
                return one.index
        return NEW

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        self._dragged = drag.unpack(event.mimeData(), self.tasks)
        if not self._dragged:
            event.ignore()
            return
        stay = self.home(self._dragged)
        self._offers = ["" if to == stay else change_text(c) for to, c in enumerate(self.changes(self._dragged))]
        self._follow(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        if self._dragged:
            self._follow(event)
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        self._end()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        tasks = drag.unpack(event.mimeData(), self.tasks)
        target = self.target_at(event.position().toPoint())
        self._end()
        if not tasks or target == NOWHERE:
            event.ignore()
            return
        take_copy(event)
        self.dropped.emit(tasks, None if target == NEW else target)

    def _follow(self, event: QDragMoveEvent) -> None:
        place = event.position().toPoint()
        target = self.target_at(place)
        for one in self.columns:
            one.show_offer(self._offers[one.index] if one.index < len(self._offers) - 1 else "", target == one.index)
        self.strip.show_offer(self._offers[-1] if self._offers else "", target == NEW, place.x() - self.strip.x())
        self._pull = self._pull_at(place)
        self._beat.start() if not self._pull.isNull() else self._beat.stop()
        take_copy(event)

    def _end(self) -> None:
        self._beat.stop()
        self._dragged = ()
        for one in self.columns:
            one.show_offer(None, False)
        self.strip.show_offer(None, False)

    def _pull_at(self, place: QPoint) -> QPoint:
        """How far a beat scrolls towards a near edge."""
        area = self.area.geometry()
        across = (place.x() > area.right() - EDGE) - (place.x() < area.left() + EDGE)
        along = (place.y() > area.bottom() - EDGE) - (place.y() < area.top() + EDGE)
        return QPoint(across * PACE, along * PACE if area.contains(place) else 0)

    def _scroll_on(self) -> None:
        across, down = self.area.horizontalScrollBar(), self.area.verticalScrollBar()
        across.setValue(across.value() + self._pull.x())
        down.setValue(down.value() + self._pull.y())

    def _place_headers(self) -> None:
        for one in self.columns:
            one.place_header(self.area.verticalScrollBar().value())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.ground_clicked.emit()


class _BoardArea(QScrollArea):
    """Leaves the arrow keys to the board, which scrolls to the card that it goes to."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        event.ignore()
