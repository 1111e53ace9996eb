"""Drawing the map's points: thousands in one call, in an order in which no category covers the others."""

import numpy as np
from pyqtgraph.Qt import internals
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPen, QPixmap, QPolygonF

from mmap_studio.ui.map.colours import PointStyle, Styling

SIZE, FEW, SMALLEST = 7.0, 500, 4.0
"""Pixels of a point, up to how many points have that size, and pixels of one among very many."""
_POLYGONS = {
    "square": [(-0.42, -0.42), (0.42, -0.42), (0.42, 0.42), (-0.42, 0.42)],
    "triangle": [(0, -0.55), (0.52, 0.42), (-0.52, 0.42)],
    "diamond": [(0, -0.58), (0.5, 0), (0, 0.58), (-0.5, 0)],
}


def point_size(count: int) -> float:
    """Pixels of a point among `count`: smaller among many, so that they overlap less."""
    return float(np.clip(SIZE * (FEW / max(count, 1)) ** 0.25, SMALLEST, SIZE))


def draw_point(painter: QPainter, style: PointStyle, at: QPointF, size: float = SIZE) -> None:
    colour = QColor(style.colour)
    hollow = style.shape in ("ring", "cross")
    painter.setPen(QPen(colour, 1.5) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else colour)
    half = size / 2
    if style.shape in ("disc", "ring"):
        radius = half - (0.75 if hollow else 0.25)
        painter.drawEllipse(at, radius, radius)
    elif style.shape == "cross":
        reach = half - 1
        painter.drawLine(at + QPointF(-reach, -reach), at + QPointF(reach, reach))
        painter.drawLine(at + QPointF(-reach, reach), at + QPointF(reach, -reach))
    else:
        painter.drawPolygon(QPolygonF([at + QPointF(x * size, y * size) for x, y in _POLYGONS[style.shape]]))


class PointPainter:
    """Draws points in a fixed random order: category after category, the last one would cover the others."""

    def __init__(self) -> None:
        self.styling = Styling((), np.zeros(0, dtype=np.int64))
        self._sheets: dict[tuple[float, float], QPixmap] = {}
        self._order = np.zeros(0, dtype=np.int64)
        self.restyle()

    def show(self, styling: Styling) -> None:
        self.styling = styling
        if len(self._order) != len(styling.of):
            self._order = np.random.default_rng(0).permutation(len(styling.of))
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme. Styles that look the same share a stamp, so that the sheet stays short."""
        styles = self.styling.styles
        looks = {(style.colour, style.shape): style for style in styles}
        places = {look: place for place, look in enumerate(looks)}
        self._looks = tuple(looks.values())
        self._look_of = np.array([places[style.colour, style.shape] for style in styles], dtype=np.int64)
        self._sheets.clear()

    def draw(self, painter: QPainter, screen: np.ndarray, mask: np.ndarray) -> None:
        """Draw the points that are in the mask, bool (N,), at `screen`, float (N, 2)."""
        points = self._order[mask[self._order]]
        size, of = point_size(len(screen)), self.styling.of[points]
        if painter.paintEngine().type() == QPaintEngine.Type.Raster:
            if len(points):
                self._stamp(painter, screen[points], self._look_of[of], size)
            return
        for (x, y), style in zip(screen[points], of, strict=True):
            draw_point(painter, self.styling.styles[style], QPointF(x, y), size)

    def _stamp(self, painter: QPainter, at: np.ndarray, of: np.ndarray, size: float) -> None:
        """Draw points (n, 2) in one call, each as a stamp out of one sheet."""
        ratio = painter.device().devicePixelRatio()
        if (ratio, size) not in self._sheets:
            self._sheets[ratio, size] = self._sheet(ratio, size)
        sheet = self._sheets[ratio, size]
        stamps = internals.PrimitiveArray(QPainter.PixmapFragment, 10)
        stamps.resize(len(at))
        rows = stamps.ndarray()  # (n, 10): x, y, source left, top, width, height, scale x, y, rotation, opacity
        side = sheet.height()
        rows[:, :2] = at
        rows[:, 2] = side * of
        rows[:, 3:] = (0, side, side, 1 / ratio, 1 / ratio, 0, 1)
        painter.drawPixmapFragments(*stamps.drawargs(), sheet)  # type: ignore[call-arg]  # pointer and count

    def _sheet(self, ratio: float, size: float) -> QPixmap:
        """The stamps of all styles side by side, in device pixels."""
        side = round((size + 2) * ratio)
        sheet = QPixmap(side * max(1, len(self._looks)), side)
        sheet.fill(Qt.GlobalColor.transparent)
        with QPainter(sheet) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(ratio, ratio)
            for place, style in enumerate(self._looks):
                box = QRectF(place * side / ratio, 0, side / ratio, side / ratio)
                draw_point(painter, style, box.center(), size)
        return sheet
