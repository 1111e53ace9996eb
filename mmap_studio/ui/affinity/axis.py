"""The axes of the heatmap: task names beside the rows and below the columns."""

from collections.abc import Collection, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import RIGHT, write
from mmap_studio.ui.kit.shortened import shortened

NAME_LEAST = 7.5
"""Pixels that a name is high at least, where the rows are lower than that."""


class NameAxis(pg.AxisItem):
    """Task names beside the rows or below the columns, and the title of the axis."""

    def __init__(self, orientation: str, title: str) -> None:
        super().__init__(orientation)
        self.title = title
        self.names: Sequence[str] = ()
        self.lit: Collection[int] = ()
        self._elided: dict[tuple[str, float, bool, int], str] = {}
        self.titled = True
        """Whether there is room for the title."""
        self.upright = False
        """Below the columns: names read from bottom to top, because they do not fit side by side."""

    def show_names(self, names: Sequence[str], lit: Collection[int]) -> None:
        """Show names in display order; `lit` are the indices of those that stand out."""
        if names != self.names:
            self._elided.clear()
        self.names, self.lit = names, lit
        self.update()

    def reserve(self, cell: float, most: float, titled: bool = True) -> None:
        """Take the room that the names need, in pixels: `cell` is a column's width, `most` what long names get."""
        self.titled = titled
        metrics = QFontMetricsF(theme.font(bold=True))  # a name that is lit stays whole
        longest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        title = self._title_room()
        if self.orientation == "left":
            self.setWidth(round(min(longest, most) + title + theme.S))
            return
        words = [word for name in self.names for word in name.split(" ")]
        self.upright = max((metrics.horizontalAdvance(word) for word in words), default=0.0) > cell - theme.XS
        names = min(longest, most) + theme.S if self.upright else self._lines(metrics, cell - 2) + theme.XS
        self.setHeight(round(names + title + theme.XS))

    def _lines(self, metrics: QFontMetricsF, room: float) -> float:
        """Height of the tallest name below its column, on as many lines as its words need."""
        box = QRectF(0, 0, room, 1e4)
        heights = (metrics.boundingRect(box, Qt.TextFlag.TextWordWrap, name).height() for name in self.names)
        return max(heights, default=0.0)

    def _title_room(self) -> float:
        return QFontMetricsF(theme.font()).height() + theme.XS if self.titled else 0.0

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None) -> None:
        view, n = self.linkedView(), len(self.names)
        if view is None or not n:
            return
        edges = [self.mapFromItem(view, view.mapFromView(QPointF(at, at))) for at in (0, 1)]
        left = self.orientation == "left"
        start, end = (edge.y() if left else edge.x() for edge in edges)
        cell = end - start
        font = theme.font()
        full = QFontMetricsF(font).height()
        crowded = (left or self.upright) and cell < full
        if crowded:
            font.setPixelSize(max(round(NAME_LEAST), int(cell * 0.8)))
        every = max(1, int(np.ceil(QFontMetricsF(font).height() * 0.85 / cell))) if crowded else 1
        for index, name in enumerate(self.names):
            if index not in self.lit and (index % every or any(abs(index - one) < every for one in self.lit)):
                continue
            self._paint_name(painter, name, start + index * cell, cell, font, index in self.lit)
        if self.titled:
            self._paint_title(painter, start, n * cell)

    def _paint_name(self, painter: QPainter, name: str, at: float, cell: float, font: QFont, lit: bool) -> None:
        tokens = theme.current()
        font = QFont(font)
        font.setWeight(QFont.Weight.DemiBold if lit else QFont.Weight.Normal)
        ink, size = tokens.text if lit else tokens.muted, self.size()
        title = self._title_room()
        if self.orientation == "left" or self.upright:
            room = (size.width() if self.orientation == "left" else size.height()) - title - theme.S
            key = (name, room, lit, font.pixelSize())
            if key not in self._elided:
                self._elided[key] = shortened(name, font, room, self.names)
            box = QRectF(title, at, room, cell)
            painter.save()
            if self.upright:
                painter.translate(at, 0)
                painter.rotate(-90)
                box = QRectF(-room - theme.XS, 0, room, cell)
            write(painter, box, self._elided[key], ink, font, RIGHT | Qt.TextFlag.TextDontClip)
            painter.restore()
            return
        box = QRectF(at + 1, theme.XS, cell - 2, size.height() - title)
        top = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        write(painter, box, name, ink, font, top | Qt.TextFlag.TextWordWrap)

    def _paint_title(self, painter: QPainter, start: float, length: float) -> None:
        font = theme.font(0.9)
        height = QFontMetricsF(font).height()
        painter.save()
        if self.orientation == "left":
            painter.translate(0, start + length)
            painter.rotate(-90)
            box = QRectF(0, 0, length, height)
        else:
            box = QRectF(start, self.size().height() - height, length, height)
        write(painter, box, self.title, theme.current().muted, font, Qt.AlignmentFlag.AlignCenter)
        painter.restore()
