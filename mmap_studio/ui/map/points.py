"""Thousands of points in one call, none of their kinds on top of the others."""

import numpy as np
from pyqtgraph.Qt import internals
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap

from mmap_studio.ui.map.colours import SIZE, Styling, draw_point

FEW, SMALLEST = 500, 4.0
"""Points up to which they have their full size, and pixels of one among very many."""


def point_size(count: int) -> float:
    """Pixels of a point among so many: they overlap less, and one is still seen."""
    return float(np.clip(SIZE * (FEW / max(count, 1)) ** 0.25, SMALLEST, SIZE))


class PointPainter:
    """Draws points in an order of its own: one kind after the other, the last would hide the rest."""

    def __init__(self) -> None:
        self.styling = Styling((), np.zeros(0, dtype=np.int64))
        self._sheets: dict[tuple[float, float], QPixmap] = {}
        self._order = np.zeros(0, dtype=np.int64)
        self.restyle()

    def show(self, styling: Styling) -> None:
        """The look of every point."""
        self.styling = styling
        if len(self._order) != len(styling.of):
            self._order = np.random.default_rng(0).permutation(len(styling.of))
        self.restyle()

    def restyle(self) -> None:
        """The colours of the theme are others. Styles that look the same share an image: a sheet may not be long."""
        styles = self.styling.styles
        looks = {(style.colour, style.shape): style for style in styles}
        places = {look: place for place, look in enumerate(looks)}
        self._looks = tuple(looks.values())
        self._look_of = np.array([places[style.colour, style.shape] for style in styles], dtype=np.int64)
        self._sheets.clear()

    def draw(self, painter: QPainter, screen: np.ndarray, mask: np.ndarray) -> None:
        """Those of the points (N, 2) on the screen that are in the mask (N,)."""
        points = self._order[mask[self._order]]
        size, of = point_size(len(screen)), self.styling.of[points]
        if painter.paintEngine().type() == QPaintEngine.Type.Raster:
            if len(points):
                self._stamp(painter, screen[points], self._look_of[of], size)
            return
        for (x, y), style in zip(screen[points], of, strict=True):
            draw_point(painter, self.styling.styles[style], QPointF(x, y), size)

    def _stamp(self, painter: QPainter, at: np.ndarray, of: np.ndarray, size: float) -> None:
        """All of them from one image, in one call."""
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
        """Every look beside the other, in device pixels."""
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
