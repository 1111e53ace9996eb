"""All curves of a plot as one item, painted piece by piece.

Of pyqtgraph's items, one a curve, each costs a millisecond before anything is painted; and Qt strokes an antialiased
line wider than a pixel fifteen times as slowly whole as in pieces: six of 300 points took 110 ms of the window's time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPen, QPolygonF, QTransform

from mmap_studio.session.run.loss_curves import thinned
from mmap_studio.ui.curves.buffer import CurveKey, peaks
from mmap_studio.ui.kit import theme

DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 2.5), (8, 3, 2, 3), (12, 3), (4, 2, 1.5, 2, 1.5, 2))
"""Dash patterns in line widths; with eight colours they repeat after 24 tasks."""
POINTS = 300
"""Points of a drawn line at most, about as many as a plot has room for."""
FEW = 12
"""Up to how many curves the raw values are drawn behind the smoothed ones, and lines have all their points."""
WIDTH, RAW_WIDTH, DOT = 1.8, 1.0, 6.0
"""Pixels."""
RAW_SHARE = 0.3
"""Of a line's colour in that of its raw values; the rest is the panel's."""


class Line(NamedTuple):
    """The look of a curve, where colour and dashes say two things."""

    colour: int
    dashes: int


Place = int | Line
"""The place of a task in the project, which decides both colour and dashes; or each for itself."""


def line_pen(place: Place, width: float = WIDTH) -> QPen:
    """Colour and dashes of a place."""
    colours = theme.current().series
    look = place if isinstance(place, Line) else Line(place, place)
    pen = QPen(QColor(colours[look.colour % len(colours)]), width)
    dashes = DASHES[look.dashes % len(DASHES)]
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def raw_pen(place: Place) -> QPen:
    """The faint colour of a place, without dashes: those of a jagged line are many. Opaque, so that pieces which
    overlap do not show."""
    colour, ground = line_pen(place).color(), QColor(theme.current().panel)
    shades = ((colour.red(), ground.red()), (colour.green(), ground.green()), (colour.blue(), ground.blue()))
    return QPen(QColor(*(round(RAW_SHARE * one + (1 - RAW_SHARE) * other) for one, other in shades)), RAW_WIDTH)


@dataclass(frozen=True, eq=False)
class DrawnCurve:
    """Steps, ascending, and values, both float64 (n,)."""

    place: Place
    x: np.ndarray
    y: np.ndarray
    raw: np.ndarray | None = None
    """The values (n,) that are drawn behind, unsmoothed."""


class CurveLines(pg.UIGraphicsItem):
    """The curves; all of one order of `put` are painted over each other, raw values behind every line."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: dict[CurveKey, DrawnCurve] = {}
        self.logarithmic = False

    def put(self, key: CurveKey, curve: DrawnCurve) -> None:
        self.curves[key] = curve
        self._changed()

    def remove(self, key: CurveKey) -> None:
        del self.curves[key]
        self._changed()

    def setLogMode(self, x: bool | None, y: bool | None) -> None:  # noqa: N802
        """What pyqtgraph calls on every item of a plot; steps are never drawn by their logarithm."""
        self.logarithmic = bool(y)
        self._changed()

    def dataBounds(self, axis: int, frac: float = 1.0, orthoRange: object = None) -> tuple[float, float] | None:  # noqa: N802
        """Least and most step (axis 0) or value (axis 1), raw values too, on a logarithmic scale their logarithms."""
        drawn = [curve for curve in self.curves.values() if len(curve.x)]
        if axis == 0:
            ends = [end for curve in drawn for end in (curve.x[0], curve.x[-1])]
        else:
            values = [self._scaled(one) for curve in drawn for one in (curve.y, curve.raw) if one is not None]
            finite = [one[np.isfinite(one)] for one in values]
            ends = [end for one in finite if len(one) for end in (one.min(), one.max())]
        return (float(min(ends)), float(max(ends))) if ends else None

    def pixelPadding(self) -> float:  # noqa: N802
        """Room around the data that lines and dots take."""
        return DOT / 2

    def paint(self, painter: QPainter, *_: object) -> None:
        to, (left, right) = painter.worldTransform(), self.getViewBox().viewRange()[0]
        painter.save()
        painter.setWorldTransform(QTransform())
        few, whole = len(self.curves) <= FEW, painter.paintEngine().type() != QPaintEngine.Type.Raster
        limit = POINTS if few else POINTS // 3
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, few)
        seen = [(curve, *_within(curve.x, left, right)) for curve in self.curves.values()]
        for curve, first, end in seen:
            if curve.raw is not None:
                points = peaks(curve.x[first:end], curve.raw[first:end], 2 * limit)
                draw(painter, *self._placed(*points, to), raw_pen(curve.place), whole)
        for curve, first, end in seen:
            x, y = self._placed(*thinned(curve.x[first:end], curve.y[first:end], limit), to)
            pen = line_pen(curve.place)
            if len(curve.x) == 1 and np.isfinite(y).all():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(pen.color())
                painter.drawEllipse(QPointF(float(x[0]), float(y[0])), DOT / 2, DOT / 2)
            draw(painter, x, y, pen, whole)
        painter.restore()

    def _changed(self) -> None:
        self.informViewBoundsChanged()
        self.update()

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        if not self.logarithmic:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(values)

    def _placed(self, x: np.ndarray, y: np.ndarray, to: QTransform) -> tuple[np.ndarray, np.ndarray]:
        return x * to.m11() + to.dx(), self._scaled(y) * to.m22() + to.dy()


def draw(painter: QPainter, x: np.ndarray, y: np.ndarray, pen: QPen, whole: bool) -> None:
    """Draw a line through points, x and y (n,) in pixels, broken where one is not finite.

    `whole`: as one line, for files of shapes; else as pieces, which pixels are filled with much faster.
    """
    dashes = np.array(pen.dashPattern()) * pen.widthF()
    if not whole:
        pen = QPen(pen.color(), pen.widthF())
    painter.setPen(pen)
    for run_x, run_y in _unbroken(x, y):
        if whole:
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in zip(run_x, run_y, strict=True)]))
        else:
            lines = np.stack(pieces(run_x, run_y, dashes), axis=1)
            array = PrimitiveArray(QLineF, lines.shape[1])  # a list of QLineF took as long as painting them
            array.resize(len(lines))
            array.ndarray()[:] = lines
            painter.drawLines(*array.drawargs())


def pieces(x: np.ndarray, y: np.ndarray, dashes: np.ndarray) -> tuple[np.ndarray, ...]:
    """The straight pieces of a line through points: x and y of their starts, then of their ends, float64 (m,) each.

    x, y: (n,) in pixels. dashes: lengths in pixels, drawn and left out by turns; none: a line without gaps.
    """
    if not len(dashes):
        return x[:-1], y[:-1], x[1:], y[1:]
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])  # pixels from the first point
    cycle = np.cumsum(dashes)
    turns = np.arange(int(along[-1] // cycle[-1]) + 1)[:, None] * cycle[-1] + cycle
    cuts = np.sort(np.concatenate([along, turns[turns < along[-1]]]))
    drawn = np.searchsorted(cycle, (cuts[1:] + cuts[:-1]) / 2 % cycle[-1], side="right") % 2 == 0
    at = np.interp(cuts, along, x), np.interp(cuts, along, y)
    return *(ends[:-1][drawn] for ends in at), *(ends[1:][drawn] for ends in at)


def _unbroken(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    finite = np.isfinite(y)
    if finite.all():
        yield x, y
        return
    for part in np.split(np.arange(len(x)), np.flatnonzero(np.diff(finite)) + 1):
        if len(part) and finite[part[0]]:
            yield x[part], y[part]


def _within(x: np.ndarray, left: float, right: float) -> tuple[int, int]:
    """First and end of the points between two steps, and of the next one on each side."""
    first, end = np.searchsorted(x, left) - 1, np.searchsorted(x, right, side="right") + 1
    return max(int(first), 0), int(end)
