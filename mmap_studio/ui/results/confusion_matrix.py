"""The drawn confusion matrix: all classes at once, or zoomed until the counts can be read."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from mmap_studio.formatting import percent
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import RIGHT, write
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened
from mmap_studio.ui.results.confusion_table import row_shares

TIP = """Click a cell to select its images; Ctrl adds to the selection. Arrow keys and Enter do the same.
Ctrl+wheel, + and − zoom; 0 or a double click on the names fits all classes."""
CORNER = "predicted →\ntruth ↓"
LEAST, LARGEST = 4, 64
"""Least and largest side of a cell, pixels."""
_ARROWS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class ConfusionMatrix(QAbstractScrollArea):
    """Rows are the truth, columns the prediction. Blue is correct, ochre wrong, by the share of the true class."""

    chosen = Signal(int, int, bool)
    """A cell was clicked, or Enter pressed on it: true and predicted class index, whether to add to the selection."""
    pointed = Signal(int, int)
    """True and predicted class index under the mouse or the keyboard's cursor; -1, -1 for none."""
    zoomed = Signal(bool)
    """Whether the user chose the size of the cells, so that they need not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = np.zeros((0, 0), dtype=np.int64)
        self.names: tuple[str, ...] = ()
        self.order = np.zeros(0, dtype=np.int64)
        self.cell = (0, 0)
        """Displayed row and column of the keyboard's cursor."""
        self._zoom: float | None = None
        self._widest = 0
        self._image = QImage()
        self.setAccessibleName("Confusion matrix: rows truth, columns prediction")
        self.setToolTip(TIP)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setMinimumSize(160, 96)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        theme.changed.connect(self.restyle)

    def show_matrix(self, counts: np.ndarray, names: Sequence[str], order: np.ndarray) -> None:
        """Show counts, int64 (C, C), with names by class index and the class indices in display order."""
        self.counts, self.names, self.order = counts, tuple(names), order
        self.cell = (0, 0)
        self.restyle()

    def classes(self, cell: tuple[int, int]) -> tuple[int, int]:
        """Class indices of a displayed row and column."""
        return int(self.order[cell[0]]), int(self.order[cell[1]])

    def cell_at(self, at: QPoint) -> tuple[int, int] | None:
        """Displayed row and column at a point of the viewport."""
        side, origin = self.side, self._origin()
        row, column = int((at.y() - origin.y()) // side), int((at.x() - origin.x()) // side)
        on_body = at.x() >= self._margin().width() and at.y() >= self._margin().height()
        inside = on_body and 0 <= row < len(self.order) and 0 <= column < len(self.order)
        return (row, column) if inside else None

    def rect_of(self, cell: tuple[int, int]) -> QRectF:
        """The cell's rectangle in the viewport."""
        origin = self._origin()
        return QRectF(origin.x() + cell[1] * self.side, origin.y() + cell[0] * self.side, self.side, self.side)

    @property
    def side(self) -> float:
        """Side of a cell in pixels: as zoomed, or so that all fit."""
        if self._zoom is not None:
            return self._zoom
        half = self.fontMetrics().height() // 2  # the last name needs its height however low its cell is
        room = self.viewport().size() - self._margin() - QSize(half, half)
        return float(np.clip(min(room.width(), room.height()) / max(len(self.order), 1), LEAST, LARGEST))

    def zoom(self, factor: float | None) -> None:
        """Multiply the size of the cells; None fits all of them."""
        self._zoom = None if factor is None else float(np.clip(self.side * factor, LEAST, LARGEST))
        self.zoomed.emit(self._zoom is not None)
        self._ranges()
        self._show_cell()

    def sentence(self, truth: int, predicted: int) -> str:
        count, total = int(self.counts[truth, predicted]), int(self.counts[truth].sum())
        share = f" ({percent(count / total, 0)})" if total else ""
        if truth == predicted:
            return f"{self.names[truth]}: {count} of {total} correct{share}"
        return f"{self.names[truth]} predicted as {self.names[predicted]}: {count} of {total}{share}"

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if not len(self.order):
            return
        with QPainter(self.viewport()) as painter:
            self.paint_on(painter)

    def paint_on(self, painter: QPainter) -> None:
        """Draw what is in view: cells, counts where they fit, and class names."""
        margin, view = self._margin(), self.viewport().rect()
        painter.save()
        painter.setClipRect(view.adjusted(margin.width(), margin.height(), 0, 0))
        n = len(self.order)
        painter.drawImage(QRectF(self._origin(), self._origin() + QPointF(n * self.side, n * self.side)), self._image)
        self._draw_counts(painter)
        painter.setPen(QPen(QColor(theme.current().text), 1.5))
        if self.hasFocus():
            painter.drawRect(self.rect_of(self.cell).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.restore()
        self._draw_names(painter, view)
        corner = QRect(0, 0, margin.width() - 6, margin.height() - 6)
        where = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        write(painter, corner, CORNER, theme.current().muted, where=where)

    def _draw_counts(self, painter: QPainter) -> None:
        font, side, origin = self.font(), self.side, self._origin()
        font.setPixelSize(max(round(min(side * 0.42, self.fontMetrics().height() * 0.85)), 1))
        widest = QFontMetrics(font).horizontalAdvance(str(int(self.counts.max(initial=0))))
        if font.pixelSize() < 8 or widest > side - 2:
            return
        painter.setFont(font)
        for row, column in self._visible_cells():
            ground = self._image.pixelColor(column, row)
            ink, count = "#1a1a1a" if ground.lightnessF() > 0.5 else "#ffffff", self.counts[self.classes((row, column))]
            box = QRectF(origin.x() + column * side, origin.y() + row * side, side, side)
            write(painter, box, str(count), ink, where=Qt.AlignmentFlag.AlignCenter)

    def _visible_cells(self) -> list[tuple[int, int]]:
        """Displayed rows and columns in view whose count is not zero."""
        margin, size, origin, n = self._margin(), self.viewport().size(), self._origin(), len(self.order)
        first = (margin.height() - origin.y()) // self.side, (margin.width() - origin.x()) // self.side
        last = (size.height() - origin.y()) // self.side, (size.width() - origin.x()) // self.side
        rows, columns = (np.arange(max(int(a), 0), min(int(b) + 1, n)) for a, b in zip(first, last, strict=True))
        down, across = np.nonzero(self.counts[np.ix_(self.order[rows], self.order[columns])])
        return list(zip(rows[down].tolist(), columns[across].tolist(), strict=True))

    def _draw_names(self, painter: QPainter, view: QRect) -> None:
        margin, side = self._margin(), self.side
        metrics, font, tokens = self.fontMetrics(), self.font(), theme.current()
        step = max(1, int(np.ceil(metrics.height() / side)))
        for place in range(0, len(self.order), step):
            name, rect = self.names[self.order[place]], self.rect_of((place, place))
            inks = [tokens.text if self.hasFocus() and place == at else tokens.muted for at in self.cell]
            if margin.height() - 1 <= rect.center().y() <= view.height():
                box = QRectF(0, rect.center().y() - metrics.height(), margin.width() - 6, 2 * metrics.height())
                write(painter, box, shortened(name, font, int(box.width()), self.names), inks[0], where=RIGHT)
            if margin.width() - 1 <= rect.center().x() <= view.width():
                painter.save()
                painter.translate(rect.center().x(), margin.height() - 6)
                painter.rotate(-90)
                box = QRectF(0, -metrics.height(), margin.height() - 6, 2 * metrics.height())
                write(painter, box, shortened(name, font, int(box.width()), self.names), inks[1])
                painter.restore()

    # ---- geometry

    def _margin(self) -> QSize:
        """Room for the class names: on the left for the truth, on top for the prediction."""
        view, widest = self.viewport().size(), self._widest + 10
        return QSize(min(widest, max(view.width() // 3, 40)), min(widest, max(view.height() // 3, 40)))

    def _origin(self) -> QPointF:
        margin = self._margin()
        scrolled = QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        return QPointF(margin.width(), margin.height()) - scrolled

    def restyle(self) -> None:
        self._image = image(self.counts[np.ix_(self.order, self.order)])
        said = (*self.names, *CORNER.splitlines())
        self._widest = max(self.fontMetrics().horizontalAdvance(name) for name in said)
        self._ranges()

    def _ranges(self) -> None:
        whole, room = round(self.side * len(self.order)), self.viewport().size() - self._margin()
        for bar, length in ((self.horizontalScrollBar(), room.width()), (self.verticalScrollBar(), room.height())):
            bar.setRange(0, max(0, whole - length))
            bar.setPageStep(max(length, 1))
            bar.setSingleStep(round(self.side))
        self.viewport().update()

    def _show_cell(self) -> None:
        margin, size, rect = self._margin(), self.viewport().size(), self.rect_of(self.cell)
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        right, below = max(rect.right() - size.width(), 0), max(rect.bottom() - size.height(), 0)
        across.setValue(across.value() + round(min(rect.left() - margin.width(), 0) + right))
        down.setValue(down.value() + round(min(rect.top() - margin.height(), 0) + below))
        self.viewport().update()

    # ---- what the user does

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._ranges()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.2 ** (event.angleDelta().y() / 120))
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        cell = self.cell_at(event.position().toPoint())
        if cell and event.button() == Qt.MouseButton.LeftButton:
            self.cell = cell
            self._choose(event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.cell_at(event.position().toPoint()) is None:
            self.zoom(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        cell = self.cell_at(event.position().toPoint())
        self.pointed.emit(*(self.classes(cell) if cell else (-1, -1)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = Qt.Key(event.key())
        if key in _ARROWS and len(self.order):
            last = len(self.order) - 1
            row, column = (min(max(a + b, 0), last) for a, b in zip(self.cell, _ARROWS[key], strict=True))
            self.cell = row, column
            self._show_cell()
            self.pointed.emit(*self.classes(self.cell))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and len(self.order):
            self._choose(event.modifiers())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / 1.25 if key == Qt.Key.Key_Minus else 1.25)
        elif key == Qt.Key.Key_0:
            self.zoom(None)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos())
            if cell:
                QToolTip.showText(event.globalPos(), as_text(self.sentence(*self.classes(cell))), self)
                return True
        return super().viewportEvent(event)

    def _choose(self, modifiers: Qt.KeyboardModifier) -> None:
        self.viewport().update()
        self.chosen.emit(*self.classes(self.cell), bool(modifiers & Qt.KeyboardModifier.ControlModifier))


def image(counts: np.ndarray) -> QImage:
    """One pixel per cell (C, C): from the ground to blue on the diagonal, to ochre off it."""
    tokens, n = theme.current(), len(counts)
    shares = row_shares(counts)[..., None] ** 0.6  # so that one image in thirty is visible
    ground = _rgb(tokens.well)
    full = np.where(np.eye(n, dtype=bool)[..., None], _rgb(tokens.right), _rgb(tokens.wrong))
    pixels = np.empty((n, n, 4), dtype=np.uint8)
    pixels[..., :3] = ground + (full - ground) * shares
    pixels[..., 3] = 255
    return QImage(pixels.tobytes(), n, n, 4 * n, QImage.Format.Format_RGBA8888).copy() if n else QImage()


def _rgb(colour: str) -> np.ndarray:
    found = QColor(colour)
    return np.array([found.red(), found.green(), found.blue()], dtype=float)
