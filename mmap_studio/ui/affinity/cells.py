"""The cells of the heatmap: hatching, values, group outlines and the cursor, drawn by one graphics item."""

from collections.abc import Collection

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from mmap_studio.ui.affinity.matrix import EMPTY, DisplayedMatrix, number, outline
from mmap_studio.ui.kit import theme

LEAST, MOST = 7.0, 13.0
"""Heights of the text in cells, pixels; below the first there is no text, the tooltip has it."""
INK, PAPER = "#222326", "#ffffff"
"""Text on light and on dark cells, in either theme."""


class CellsItem(pg.GraphicsObject):
    """Draws a matrix, one unit square a cell, row 0 on top; the colours of the cells are an image below it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = EMPTY
        self.dark: np.ndarray = np.zeros((0, 0), dtype=bool)
        self.digits = 2
        self.cursor: tuple[int, int] | None = None
        self.lit: Collection[int] = ()
        self.certain = True
        """Whether the groups are more than chance; outlines are dashed and muted where they are not."""
        self._edges: list[tuple[float, float, float, float]] = []

    def show_cells(self, shown: DisplayedMatrix, dark: np.ndarray, digits: int) -> None:
        """Show a matrix; `dark`, bool (T, T): where the text is dark; `digits` after the point."""
        if len(self.shown) != len(shown):
            self.prepareGeometryChange()
        if not np.array_equal(self.shown.groups, shown.groups):
            self._edges = outline(shown.groups)
        self.shown, self.dark, self.digits = shown, dark, digits
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        return QRectF(0, 0, len(self.shown), len(self.shown))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not len(self.shown):
            return
        across, scale = painter.worldTransform(), self._scale(painter)
        painter.save()
        painter.setWorldTransform(QTransform())  # text, hatching and lines keep their size; a figure scales them too
        cell = across.mapRect(QRectF(0, 0, 1, 1))
        self._paint_blank(painter, across)
        self._paint_hatching(painter, across, cell, scale)
        self._paint_gaps(painter, across, cell, scale)
        self._paint_text(painter, across, cell, scale)
        self._paint_outlines(painter, across, scale)
        painter.restore()

    def _scale(self, painter: QPainter) -> float:
        """Pixels of this drawing to one pixel of the window: 1, or more in an exported figure."""
        view = self.getViewWidget()
        window = self.sceneTransform() * view.viewportTransform() if view else QTransform()
        return float(painter.worldTransform().m11() / window.m11()) if window.m11() else 1.0

    def _paint_blank(self, painter: QPainter, across: QTransform) -> None:
        blank = ~np.isfinite(self.shown.values) | np.eye(len(self.shown), dtype=bool)
        fill = QColor(theme.current().line)
        for row, column in np.argwhere(blank).tolist():
            painter.fillRect(across.mapRect(QRectF(column, row, 1, 1)), fill)

    def _paint_hatching(self, painter: QPainter, across: QTransform, cell: QRectF, scale: float) -> None:
        """Lines from the lower left to the upper right: in a large cell from its corner on, and through small ones on
        one raster for all, which would flicker if each had its own."""
        w, h, apart = cell.width(), cell.height(), 7 * scale
        corner = across.map(QPointF(0, 0))
        rows, columns = np.nonzero(self.shown.hatched)
        inside = np.arange(apart, w + h, apart)  # (lines,): where one crosses the upper edge, or would
        if min(w, h) <= 2 * apart:
            begin = -(w * columns + h * rows) % apart
            inside = begin[:, None] + np.arange(0, w + h, apart)  # (cells, lines)
            inside = np.where(inside < w + h, inside, 0)  # of no length
        x, y = corner.x() + w * columns[:, None, None], corner.y() + h * rows[:, None, None]  # (cells, 1, 1)
        ends = np.stack([np.minimum(inside, w), np.maximum(0, inside - h)], -1)  # (lines, begin and end)
        falls = np.stack([np.maximum(0, inside - w), np.minimum(inside, h)], -1)
        colour = QColor(theme.current().text)
        colour.setAlphaF(0.22)
        painter.setPen(QPen(colour, scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(pg.arrayToQPath((x + ends).ravel(), (y + falls).ravel(), connect="pairs"))

    def _paint_gaps(self, painter: QPainter, across: QTransform, cell: QRectF, scale: float) -> None:
        n, size = len(self.shown), min(cell.width(), cell.height()) / scale
        if size < 8:
            return
        painter.setPen(QPen(QColor(theme.current().panel), (2 if size > 20 else 1) * scale))
        lines = [QLineF(0, k, n, k) for k in range(1, n)] + [QLineF(k, 0, k, n) for k in range(1, n)]
        painter.drawLines([across.map(line) for line in lines])

    def _paint_text(self, painter: QPainter, across: QTransform, cell: QRectF, scale: float) -> None:
        values, short = self.shown.values, False
        font = self._font(cell, scale, short)
        if font is None:
            short, font = True, self._font(cell, scale, True)
        if font is None:
            return
        painter.setFont(font)
        diagonal = QColor(theme.current().muted)
        for row, column in np.ndindex(values.shape):
            text = "·" if row == column else number(float(values[row, column]), self.digits, short)
            blank = row == column or not np.isfinite(values[row, column])
            painter.setPen(diagonal if blank else QColor(INK if self.dark[row, column] else PAPER))
            painter.drawText(across.mapRect(QRectF(column, row, 1, 1)), Qt.AlignmentFlag.AlignCenter, text)

    def _font(self, cell: QRectF, scale: float, short: bool) -> QFont | None:
        """The font in which every value fits its cell; None if it would be too small to read."""
        values = self.shown.values[np.isfinite(self.shown.values) & ~np.eye(len(self.shown), dtype=bool)]
        samples = [float(values.min()), float(values.max())] if len(values) else [0.0]
        font = theme.font()
        font.setPixelSize(100)
        wide = max(QFontMetricsF(font).horizontalAdvance(number(float(v), self.digits, short)) for v in samples) / 100
        size = min(MOST * scale, 0.5 * cell.height(), (cell.width() - 10 * scale) / max(wide, 1e-9))
        if size < LEAST * scale * (1 if short else 1.35):
            return None
        font.setPixelSize(max(1, round(size)))
        return font

    def _paint_outlines(self, painter: QPainter, across: QTransform, scale: float) -> None:
        n, tokens = len(self.shown), theme.current()
        if self.certain:
            ink = tokens.text if tokens.dark else tokens.accent  # blue cells are as light as the accent in the dark
            painter.setPen(QPen(QColor(ink), 2.5 * scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        else:
            ink = tokens.text if tokens.dark else tokens.muted  # grey fades on the gold of the dark
            painter.setPen(QPen(QColor(ink), 1.5 * scale, Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap))
        painter.drawLines([across.map(QLineF(*edge)) for edge in self._edges])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.text), scale))
        for k in self.lit:
            painter.drawRect(across.mapRect(QRectF(0, k, n, 1)))
            painter.drawRect(across.mapRect(QRectF(k, 0, 1, n)))
        if self.cursor is not None:
            row, column = self.cursor
            painter.setPen(QPen(QColor(tokens.text), 2.5 * scale))
            painter.drawRect(across.mapRect(QRectF(column, row, 1, 1)))
