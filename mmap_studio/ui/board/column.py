"""A group on the board as a column of cards, and the strip at the bottom that makes a new group."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mmap_studio.formatting import counted, points
from mmap_studio.ui.board.card import Card
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described
from mmap_studio.ui.kit.painting import rounded, write
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened

LEFT, CENTRE, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight
WIDTHS = (128, 400)
"""Least and largest width of a column, pixels."""
COMPACT = 192
"""Least width of a column of low cards, which have image, name and accuracy in one line."""


def change_text(change: float | None) -> str:
    """A change of the score; empty if unknown."""
    return "" if change is None else f"Δ {points(change, 2)}"


class GroupColumn(QWidget):
    """Signals: `menu_wanted(index, global position)`, `rename_wanted(index)`, `picked_all(index)`."""

    menu_wanted = Signal(int, QPoint)
    rename_wanted = Signal(int)
    picked_all = Signal(int)

    def __init__(self, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.index, self.name, self.badge, self.target, self.offered = index, "", "", False, False
        self.cards: tuple[Card, ...] = ()
        self.others: tuple[str, ...] = ()
        """Names of all groups."""
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(theme.S)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.header = _ColumnHeader(self)
        self.setMinimumWidth(WIDTHS[0])
        self.setMaximumWidth(WIDTHS[1])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_group(self, name: str, cards: Sequence[Card], trained: bool) -> None:
        """Show a group: its name, its cards in order, and whether prompts are trained for exactly these."""
        self.name, self.badge = name, "trained ✓" if trained else ""
        what = f"{name}, {counted(len(cards), 'task')}"
        self.setAccessibleName(f"{what}{', trained' if trained else ''}")
        tip = "\nPrompts are trained for exactly these tasks" if trained else ""
        self.header.setToolTip(as_text(f"{what}{tip}\nDouble-click to rename, right-click for more"))
        self.setMinimumWidth(COMPACT if any(card.compact for card in cards) else WIDTHS[0])
        self._layout.setContentsMargins(theme.S, self.header.sizeHint().height() + theme.XS, theme.S, theme.S)
        if tuple(cards) != self.cards or any(card.parent() is not self for card in cards):
            for card in self.cards:
                if card.parent() is self:
                    self._layout.removeWidget(card)
            for card in cards:
                self._layout.addWidget(card)
                card.show()
            self.cards = tuple(cards)
        self.header.raise_()
        self.header.update()

    def show_offer(self, text: str | None, target: bool) -> None:
        """While cards are dragged: show the score change, and whether they would drop here. None: no drag."""
        offered = text or ""
        if (offered, target, text is not None) != (self.header.offer, self.target, self.offered):
            self.header.offer, self.target, self.offered = offered, target, text is not None
            self.update()
            self.header.update()

    def place_header(self, scrolled: int) -> None:
        """Keep the header in sight while the cards are scrolled."""
        self.header.setGeometry(0, max(0, scrolled), self.width(), self.header.sizeHint().height())

    def resizeEvent(self, event: QEvent) -> None:  # noqa: N802
        self.place_header(self.header.y())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        tokens = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            line = _dashes(tokens.accent) if self.target else ""
            rounded(painter, self.rect().adjusted(1, 1, -1, -1), theme.RADIUS, tokens.well, line, 0)


class _ColumnHeader(QWidget):
    def __init__(self, column: GroupColumn) -> None:
        super().__init__(column)
        self.column, self.offer = column, ""

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, round(QFontMetricsF(theme.font(bold=True)).height()) + theme.M + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        tokens = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.y() > 0:  # over scrolled cards
                painter.fillRect(self.rect().adjusted(1, 1, -1, 0), QColor(tokens.well))
            name, badge = self.texts()
            if badge:
                right = self.width() - theme.S
                _paint_badge(painter, right, self.height() / 2 + 1, badge, self.column.target)
            write(painter, self.rect().adjusted(theme.S, 2, 0, 2), name, tokens.text, theme.font(bold=True))

    def texts(self) -> tuple[str, str]:
        """Name and badge, shortened to fit: the badge first, since names differ at their end."""
        bold, whole = QFontMetricsF(theme.font(bold=True)), self.column.name
        room = float(self.width() - 2 * theme.S)
        left = room - theme.XS - bold.horizontalAdvance(whole)
        badge = next((one for one in self._badges() if _badge_width(one) <= left), self._badges()[-1])
        room -= _badge_width(badge) + theme.XS if badge else 0
        return shortened(whole, theme.font(bold=True), room, self.column.others), badge

    def _badges(self) -> list[str]:
        if self.offer:
            return [f"{self.offer} if dropped", self.offer, self.offer.split()[-1]]
        return [self.column.badge, *self.column.badge.split()[-1:]]

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self.column.picked_all.emit(self.column.index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.column.rename_wanted.emit(self.column.index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        self.column.menu_wanted.emit(self.column.index, event.globalPos())


class NewGroupStrip(QWidget):
    """The dashed strip below the columns: cards that are dropped on it make a new group."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offer, self.target, self.words = "", False, CENTRE
        described(self, "New group", "Drop cards here to make a new group of them, or press Ctrl+Down on a card")
        self.setFixedHeight(round(QFontMetricsF(theme.font()).height()) + theme.L + 2)

    def show_offer(self, text: str | None, target: bool, at: int = 0) -> None:
        """As `GroupColumn.show_offer`; `at`: where along the strip the card is held, which would cover the text."""
        words = (LEFT if at > self.width() / 2 else RIGHT) if target else CENTRE
        if (text or "", target, words) != (self.offer, self.target, self.words):
            self.offer, self.target, self.words = text or "", target, words
            self.update()

    def text(self) -> str:
        if self.target:
            return " · ".join(filter(None, (self.offer, "new group")))
        return "drop here for a new group" + (f"   {self.offer}" if self.offer else "")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        tokens = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fill = tokens.accent_tint if self.target else ""
            line = _dashes(tokens.accent) if self.target else QPen(QColor(tokens.strong_line), 1, Qt.PenStyle.DashLine)
            rounded(painter, self.rect().adjusted(1, 1, -1, -1), theme.RADIUS, fill, line, 0)
            painter.setFont(theme.font())
            room = self.rect().adjusted(theme.M, 0, -theme.M, 0)
            text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
            where = self.words | Qt.AlignmentFlag.AlignVCenter
            write(painter, room, text, tokens.accent if self.target else tokens.muted, where=where)


def _dashes(colour: str) -> QPen:
    pen = QPen(QColor(colour), 2)
    pen.setDashPattern([3, 2])
    return pen


def _badge_width(text: str) -> float:
    return QFontMetricsF(theme.font(0.88)).horizontalAdvance(text) + theme.M


def _paint_badge(painter: QPainter, right: float, middle: float, text: str, strong: bool) -> None:
    tokens, font = theme.current(), theme.font(0.88)
    height, width = QFontMetricsF(font).height() + 2, _badge_width(text)
    box = QRectF(right - width, middle - height / 2, width, height)
    rounded(painter, box, box.height() / 2, tokens.accent if strong else tokens.accent_tint)
    write(painter, box, text, tokens.on_accent if strong else tokens.accent, font, Qt.AlignmentFlag.AlignCenter)
