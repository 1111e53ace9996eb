"""The gallery's grid of thumbnails: a table whose columns follow its width, so that 100,000 images need no layout."""

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from mmap_studio.session.explore.selection import Selection
from mmap_studio.ui.images.items import Caption, Items
from mmap_studio.ui.images.thumbnails import Thumbnails
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described
from mmap_studio.ui.kit.painting import rounded, write
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened

Index = QModelIndex | QPersistentModelIndex
PAD = 6
LEAST = 24
"""Side of an image that must be seen, pixels."""
MOST = 1000
"""Classes up to which their names are compared to be cut."""
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: None, Qt.Key.Key_End: None}


class GridModel(QAbstractTableModel):
    """The image at place k is in row k // columns."""

    def __init__(self) -> None:
        super().__init__()
        self.items, self.columns = Items(), 1

    def show(self, items: Items, columns: int) -> None:
        self.beginResetModel()
        self.items, self.columns = items, max(columns, 1)
        self.endResetModel()

    def place(self, index: Index) -> int:
        """Place of a cell; -1 behind the last image."""
        place = index.row() * self.columns + index.column() if index.isValid() else -1
        return place if place < len(self.items) else -1

    def at(self, place: int) -> QModelIndex:
        return self.index(place // self.columns, place % self.columns)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else -(-len(self.items) // self.columns)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else self.columns

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        place = self.place(index)
        wanted = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        if place < 0 or role not in wanted:
            return None
        caption = str(self.items.caption(place))
        return as_text(caption) if role == Qt.ItemDataRole.ToolTipRole else caption

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) if self.place(index) >= 0 else Qt.ItemFlag.NoItemFlags


class CellDelegate(QStyledItemDelegate):
    """Draws a thumbnail, below it the true class and the prediction; a selected one has a frame and a tick."""

    def __init__(self, view: "GalleryGrid") -> None:
        super().__init__(view)
        self.view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        place = self.view.grid.place(index)
        if place < 0:
            return
        items, tokens = self.view.grid.items, theme.current()
        image = items.image(place)
        rect = option.rect.adjusted(2, 2, -2, -2)
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if current:
            rounded(painter, rect, 5, tokens.accent_tint)
        side = self.view.drawn_side()
        box = QRect(rect.x() + (rect.width() - side) // 2, rect.y() + PAD - 2, side, side)
        self._draw_image(painter, box, place)
        if image in self.view.selection:
            _draw_mark(painter, box)
        self._draw_caption(painter, rect, box.bottom() + 3, items.caption(place))
        painter.restore()

    def _draw_image(self, painter: QPainter, box: QRect, place: int) -> None:
        pixmap = self.view.thumbnails.get(self.view.grid.items.image(place))
        tokens = theme.current()
        if pixmap is None:
            painter.fillRect(box, QColor(tokens.well))
        else:
            painter.drawPixmap(box, pixmap)
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5))

    def _draw_caption(self, painter: QPainter, rect: QRect, top: int, caption: Caption) -> None:
        tokens, small = theme.current(), self.view.small_font()
        metrics = QFontMetrics(small)
        painter.setFont(small)
        line = QRect(rect.x() + 3, top, rect.width() - 6, metrics.height())
        colour = tokens.bad if caption.prediction is not None and not caption.right else tokens.muted
        for text, ink in zip(self.caption_lines(caption, line.width()), (tokens.text, colour), strict=True):
            write(painter, line, text, ink, where=Qt.AlignmentFlag.AlignHCenter)
            line.translate(0, metrics.height())

    def caption_lines(self, caption: Caption, room: float) -> tuple[str, str]:
        """True class and verdict; names of classes are cut so that they stay apart, what is beside them is whole."""
        font, names = self.view.small_font(), caption.names if len(caption.names) <= MOST else ()
        truth, before, said, after = shortened(caption.truth, font, room, names), *caption.verdict
        room -= QFontMetrics(font).horizontalAdvance(before + after)
        return truth, before + (shortened(said, font, room, names) if said else "") + after


class GalleryGrid(QTableView):
    """Arrow keys go through the images in order; Space and Ctrl+click select, Shift+click selects a range."""

    pointed = Signal(int)
    """Place of the current image; -1 for none."""
    marked = Signal(object)
    """Places (list of int) to select, or to deselect if all of them are selected."""
    opened = Signal(int)
    """Place of an image that was double-clicked, or on which Return was pressed."""
    similar_wanted = Signal(int)
    """Place of an image on which S was pressed."""
    tag_wanted = Signal(int)
    """Place of an image on which T was pressed."""
    menu_wanted = Signal(int, object)
    """Place of an image, and the point of the screen where its menu is to be."""
    left = Signal()
    """Esc was pressed."""

    def __init__(self, thumbnails: Thumbnails, selection: Selection) -> None:
        super().__init__()
        self.thumbnails, self.selection = thumbnails, selection
        self.side = 72
        self.grid = GridModel()
        self.setModel(self.grid)
        self.setItemDelegate(CellDelegate(self))
        described(self, "Images", "Arrow keys move, Space selects, Return opens, S finds similar images, T tags")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(8)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._of_image = {Qt.Key.Key_S: self.similar_wanted, Qt.Key.Key_T: self.tag_wanted}
        thumbnails.arrived.connect(self.viewport().update)
        theme.changed.connect(self.viewport().update)

    def show_items(self, items: Items) -> None:
        """Show these images; the current one stays current if it is among them."""
        before = self.place()
        image = self.grid.items.image(before) if before >= 0 else None
        self._arrange(items)
        self.go(items.find(image) if image else -1)

    def place(self) -> int:
        """Place of the current image; -1 for none."""
        return self.grid.place(self.currentIndex())

    def go(self, place: int) -> None:
        if 0 <= place < len(self.grid.items):
            self.setCurrentIndex(self.grid.at(place))
        self.pointed.emit(self.place())

    def set_side(self, side: int) -> None:
        place, self.side = self.place(), side
        self._arrange(self.grid.items)
        self.go(place)

    def small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        return font

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        super().currentChanged(current, previous)
        self.pointed.emit(self.grid.place(current))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if self._columns() != self.grid.columns:
            place = self.place()
            self._arrange(self.grid.items)
            self.go(place)
        self._stretch()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key, place, last = event.key(), self.place(), len(self.grid.items) - 1
        if key == Qt.Key.Key_Space and place >= 0:
            self.marked.emit([place])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and place >= 0:
            self.opened.emit(place)
        elif key in self._of_image and place >= 0 and not event.modifiers():
            self._of_image[Qt.Key(key)].emit(place)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in _STEPS and last >= 0:
            ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
            self.go(ends[Qt.Key(key)] if key in ends else min(max(place + (_STEPS[Qt.Key(key)] or 0), 0), last))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place, before = self.grid.place(self.indexAt(event.position().toPoint())), self.place()
        if place >= 0 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier and before >= 0:
            self.marked.emit(list(range(min(place, before), max(place, before) + 1)))
        elif place >= 0 and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.marked.emit([place])
            self.go(place)
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place = self.grid.place(self.indexAt(event.position().toPoint()))
        if place >= 0:
            self.opened.emit(place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        place = self.grid.place(self.indexAt(event.pos()))
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.place()
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        if place >= 0:
            self.go(place)
            self.menu_wanted.emit(place, at)

    def drawn_side(self) -> int:
        """Side of the images in pixels: as it was chosen, or as much smaller as its row is lower."""
        return max(LEAST, min(self.side, self._row() - self._beside()))

    def _row(self) -> int:
        """Height of a row: so many whole ones as come next to the size that was chosen."""
        room = self.viewport().height()
        return room // max(1, round(room / (self.side + self._beside())))

    def _beside(self) -> int:
        """Height of a row without its image."""
        return 2 * PAD + 2 * QFontMetrics(self.small_font()).height() + 4

    def _columns(self) -> int:
        return max(1, self.viewport().width() // (self.drawn_side() + 2 * PAD + 12))

    def _arrange(self, items: Items) -> None:
        self.grid.show(items, self._columns())
        self._stretch()

    def _stretch(self) -> None:
        """Rows and columns share the room, so that none is cut."""
        self.verticalHeader().setDefaultSectionSize(self._row())
        self.horizontalHeader().setDefaultSectionSize(max(self.viewport().width() // self.grid.columns, 8))


def _draw_mark(painter: QPainter, box: QRect) -> None:
    accent = QColor(theme.current().accent)
    painter.setPen(QPen(accent, 2))
    painter.drawRect(box)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(accent)
    corner = QRectF(box.right() - 13, box.top(), 14, 14)
    painter.drawRect(corner)
    painter.setPen(QPen(QColor(theme.current().on_accent), 1.6))
    a, b = corner.left() + 3.5, corner.top() + 7
    painter.drawPolyline([QPointF(a, b), QPointF(a + 2.5, b + 3), QPointF(a + 7, b - 3)])
