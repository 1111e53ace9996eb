"""Two things drawn in the plot: everything in the cells, by one item, and the names of the tasks along an axis."""

from collections.abc import Collection, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from mmap_studio.ui.affinity.data import Shown, number, outline
from mmap_studio.ui.kit import theme

LEAST, MOST = 7.0, 13.0
"""Heights of the text in cells, pixels; below the first there is none, the tooltip has it."""
NAME_LEAST = 7.5
INK, PAPER = "#222326", "#ffffff"
"""Text on light and on dark cells, in either theme: the cells have the same colours in both."""


class CellsItem(pg.GraphicsObject):
    """Gaps, hatching, values, group outlines and the cell pointed at; a cell is a unit square, row 0 on top."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: Shown | None = None
        self.dark: np.ndarray = np.zeros((0, 0), dtype=bool)
        self.digits = 2
        self.cursor: tuple[int, int] | None = None
        self.lit: Collection[int] = ()
        self._edges: list[tuple[float, float, float, float]] = []

    def show_cells(self, shown: Shown, dark: np.ndarray, digits: int) -> None:
        """Matrices, bool (T, T) where the text is dark, and digits after the point."""
        if self.shown is None or len(self.shown) != len(shown):
            self.prepareGeometryChange()
        if self.shown is None or not np.array_equal(self.shown.groups, shown.groups):
            self._edges = outline(shown.groups)
        self.shown, self.dark, self.digits = shown, dark, digits
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        n = len(self.shown) if self.shown else 0
        return QRectF(0, 0, n, n)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self.shown is None or not len(self.shown):
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
        """Pixels of this drawing for one of the window: 1, or more in an exported figure."""
        view = self.getViewWidget()
        window = self.sceneTransform() * view.viewportTransform() if view else QTransform()
        return float(painter.worldTransform().m11() / window.m11()) if window.m11() else 1.0

    def _paint_blank(self, painter: QPainter, across: QTransform) -> None:
        assert self.shown is not None
        blank = ~np.isfinite(self.shown.values) | np.eye(len(self.shown), dtype=bool)
        fill = QColor(theme.current().line)
        for row, column in np.argwhere(blank).tolist():
            painter.fillRect(across.mapRect(QRectF(column, row, 1, 1)), fill)

    def _paint_hatching(self, painter: QPainter, across: QTransform, cell: QRectF, scale: float) -> None:
        """One slanting line in a small cell, some in a large one."""
        assert self.shown is not None
        w, h, apart = cell.width(), cell.height(), 7 * scale
        inside = np.arange(apart, w + h, apart) if min(w, h) > 2 * apart else np.array([(w + h) / 2])
        corner = across.map(QPointF(0, 0))
        rows, columns = np.nonzero(self.shown.hatched)
        x, y = corner.x() + w * columns[:, None, None], corner.y() + h * rows[:, None, None]  # (cells, 1, 1)
        ends = np.stack([np.minimum(inside, w), np.maximum(0, inside - h)], -1)  # (lines, begin and end)
        falls = np.stack([np.maximum(0, inside - w), np.minimum(inside, h)], -1)
        colour = QColor(INK)
        colour.setAlphaF(0.22)
        painter.setPen(QPen(colour, scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(pg.arrayToQPath((x + ends).ravel(), (y + falls).ravel(), connect="pairs"))

    def _paint_gaps(self, painter: QPainter, across: QTransform, cell: QRectF, scale: float) -> None:
        assert self.shown is not None
        n, size = len(self.shown), min(cell.width(), cell.height()) / scale
        if size < 8:
            return
        painter.setPen(QPen(QColor(theme.current().panel), (2 if size > 20 else 1) * scale))
        lines = [QLineF(0, k, n, k) for k in range(1, n)] + [QLineF(k, 0, k, n) for k in range(1, n)]
        painter.drawLines([across.map(line) for line in lines])

    def _paint_text(self, painter: QPainter, across: QTransform, cell: QRectF, scale: float) -> None:
        assert self.shown is not None
        values = self.shown.values
        short = False
        font = self._font(painter, cell, scale, short)
        if font is None:
            short, font = True, self._font(painter, cell, scale, True)
        if font is None:
            return
        painter.setFont(font)
        diagonal = QColor(theme.current().muted)
        for row, column in np.ndindex(values.shape):
            text = "·" if row == column else number(float(values[row, column]), self.digits, short)
            blank = row == column or not np.isfinite(values[row, column])
            painter.setPen(diagonal if blank else QColor(INK if self.dark[row, column] else PAPER))
            painter.drawText(across.mapRect(QRectF(column, row, 1, 1)), Qt.AlignmentFlag.AlignCenter, text)

    def _font(self, painter: QPainter, cell: QRectF, scale: float, short: bool) -> QFont | None:
        """The font in which every value fits its cell; None if it were too small to read."""
        assert self.shown is not None
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
        assert self.shown is not None
        n, tokens = len(self.shown), theme.current()
        painter.setPen(QPen(QColor(tokens.accent), 2.5 * scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        painter.drawLines([across.map(QLineF(*edge)) for edge in self._edges])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.text), scale))
        for k in self.lit:
            painter.drawRect(across.mapRect(QRectF(0, k, n, 1)))
            painter.drawRect(across.mapRect(QRectF(k, 0, 1, n)))
        if self.cursor is not None:
            row, column = self.cursor
            painter.setPen(QPen(QColor(INK), 2.5 * scale))
            painter.drawRect(across.mapRect(QRectF(column, row, 1, 1)))


class NameAxis(pg.AxisItem):
    """Task names beside the rows or below the columns, and what the axis is."""

    def __init__(self, orientation: str, title: str) -> None:
        super().__init__(orientation)
        self.title, self.names, self.lit = title, (), ()
        self._elided: dict[tuple[str, float, bool, int], str] = {}
        self.titled = True
        """Whether there is room to say what the axis is; the view's tooltip does too."""
        self.upright = False
        """Below the columns: names read from bottom to top, because they do not fit side by side."""

    names: Sequence[str]
    lit: Collection[int]

    def show_names(self, names: Sequence[str], lit: Collection[int]) -> None:
        """In display order, and which of them are lit."""
        if names != self.names:
            self._elided.clear()
        self.names, self.lit = names, lit
        self.update()

    def reserve(self, cell: float, most: float = 96.0, titled: bool = True) -> None:
        """Take the room that the names need: `cell` is the width of a column, `most` what upright names get."""
        self.titled = titled
        metrics = QFontMetricsF(theme.font(bold=True))  # a name that is lit stays whole
        longest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        title = self._title_room()
        if self.orientation == "left":
            self.setWidth(round(min(longest, 120) + title + theme.S))
            return
        words = [word for name in self.names for word in name.split(" ")]
        self.upright = max((metrics.horizontalAdvance(word) for word in words), default=0.0) > cell - theme.XS
        wrapped = any(metrics.horizontalAdvance(name) > cell - theme.XS for name in self.names)
        names = min(longest, most) + theme.S if self.upright else metrics.height() * (2 if wrapped else 1)
        self.setHeight(round(names + title + theme.XS))

    def _title_room(self) -> float:
        return QFontMetricsF(theme.font()).height() + theme.XS if self.titled else 0.0

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None) -> None:
        view, n = self.linkedView(), len(self.names)
        if view is None or not n:
            return
        edges = [self.mapFromItem(view, view.mapFromView(QPointF(at, at))) for at in (0, 1)]
        left = self.orientation == "left"
        start, cell = (
            (edges[0].y(), edges[1].y() - edges[0].y()) if left else (edges[0].x(), edges[1].x() - edges[0].x())
        )
        font = theme.font()
        full = QFontMetricsF(font).height()
        crowded = (left or self.upright) and cell < full
        if crowded:
            font.setPixelSize(max(round(NAME_LEAST), int(cell * 0.8)))
        every = max(1, int(np.ceil(QFontMetricsF(font).height() * 0.85 / cell))) if crowded else 1
        for index, name in enumerate(self.names):
            if index % every and index not in self.lit:
                continue
            self._paint_name(painter, name, start + index * cell, cell, font, index in self.lit)
        if self.titled:
            self._paint_title(painter, start, n * cell)

    def _paint_name(self, painter: QPainter, name: str, at: float, cell: float, font: QFont, lit: bool) -> None:
        tokens = theme.current()
        font = QFont(font)
        font.setWeight(QFont.Weight.DemiBold if lit else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if lit else tokens.muted))
        metrics, size = QFontMetricsF(font), self.size()
        title = self._title_room()
        right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
        if self.orientation == "left" or self.upright:
            room = (size.width() if self.orientation == "left" else size.height()) - title - theme.S
            key = (name, room, lit, font.pixelSize())
            if key not in self._elided:
                self._elided[key] = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
            text = self._elided[key]
            painter.save()
            if self.upright:
                painter.translate(at, 0)
                painter.rotate(-90)
                painter.drawText(
                    QRectF(-room - theme.XS, 0, room, cell), right | middle | Qt.TextFlag.TextDontClip, text
                )
            else:
                painter.drawText(QRectF(title, at, room, cell), right | middle | Qt.TextFlag.TextDontClip, text)
            painter.restore()
            return
        box = QRectF(at + 1, theme.XS, cell - 2, size.height() - title)
        painter.drawText(
            box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, name
        )

    def _paint_title(self, painter: QPainter, start: float, length: float) -> None:
        font = theme.font(0.9)
        height = QFontMetricsF(font).height()
        painter.setFont(font)
        painter.setPen(QColor(theme.current().muted))
        painter.save()
        if self.orientation == "left":
            painter.translate(0, start + length)
            painter.rotate(-90)
            box = QRectF(0, 0, length, height)
        else:
            box = QRectF(start, self.size().height() - height, length, height)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.title)
        painter.restore()
