"""A plot of curves: a value over steps or epochs, one line per task."""

import math
from collections.abc import Mapping

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent

from mmap_studio.session.run.loss_curves import Curve
from mmap_studio.ui.curves.buffer import CurveKey, nearest, smoothed
from mmap_studio.ui.curves.lines import FEW, POINTS, CurveLines, DrawnCurve, Place
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import note
from mmap_studio.ui.kit.painting import without_menus
from mmap_studio.ui.kit.plain_text import as_text

NUMBER = 40
"""Pixels along an axis for the number of a step, with room around it."""


class WholeAxis(pg.AxisItem):
    """An axis of steps or epochs: whole numbers only, each with room."""

    def tickSpacing(self, least: float, most: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        wanted = max(1.0, NUMBER * (most - least) / max(size, 1))
        ten = 10.0 ** math.floor(math.log10(wanted))
        return [(next(times * ten for times in (1, 2, 5, 10) if times * ten >= wanted), 0)]


class _ValueAxis(pg.AxisItem):
    """On a logarithmic scale, numbers only 1, 2 and 5 times a power of ten: more would overlap."""

    def logTickStrings(self, values, scale, spacing):  # type: ignore[no-untyped-def]  # noqa: N802
        texts = super().logTickStrings(values, scale, spacing)
        first = [round(float(10 ** (value - math.floor(value + 1e-9))), 6) for value in values]
        return [text if digit in (1, 2, 5) else "" for text, digit in zip(texts, first, strict=True)]


class CurvesPlot(pg.PlotWidget):
    """Draws curves, and knows the drawn value at any step."""

    hovered = Signal(float)
    """Step under the mouse; NaN when it has left."""

    def __init__(self, title: str, unit: str, across: str, empty_text: str) -> None:
        super().__init__(axisItems={"bottom": WholeAxis("bottom"), "left": _ValueAxis("left")})
        self.empty_text, self.empty = empty_text, note(empty_text, centred=True)
        self.empty.setParent(self)
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.title, self.unit, self.across = title, unit, across
        self._shown: dict[CurveKey, tuple[object, ...]] = {}
        """What was drawn last; drawing it again would paint the whole plot for nothing."""
        self.lines = CurveLines()
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setVisible(False)
        self.setAccessibleName(f"{title} over {across}")
        hint = "Drag to move, wheel to zoom, double click or 0 to fit."
        self.setToolTip(as_text(f"{title} of every task per {across}. {hint}"))
        item = self.plotItem
        without_menus(item, self)
        item.hideButtons()
        item.showGrid(x=False, y=True, alpha=0.18)
        item.getAxis("left").setStyle(tickLength=0)
        item.getAxis("bottom").setStyle(tickLength=-4)
        item.addItem(self.lines)
        item.addItem(self._cursor, ignoreBounds=True)
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.scene().sigMouseMoved.connect(self._mouse_moved)
        self._say_if_empty()
        self.restyle()
        theme.changed.connect(self.restyle)

    def draw(self, curves: Mapping[CurveKey, Curve], places: Mapping[str, Place], smoothing: float) -> None:
        """Draw these curves and no others; the place of a task decides its colour and dashes.

        What is drawn already is left as it is: accuracies change once an epoch, losses with every step.
        """
        for key in [key for key in self._shown if key not in curves]:
            self.lines.remove(key)
            del self._shown[key]
        raw_too = len(curves) <= FEW
        for key, curve in curves.items():
            x, y = (part.copy() for part in curve.points())  # the curve goes on in the same arrays
            shown = curve, len(x), *x[-1:], *y[-1:], smoothing, raw_too, places[key.task]
            if shown == self._shown.get(key):
                continue
            self._shown[key] = shown
            behind = raw_too and (smoothing > 0 or len(x) > POINTS)
            self.lines.put(key, DrawnCurve(places[key.task], x, smoothed(y, smoothing), y if behind else None))
        self._say_if_empty()
        self.scene().prepareForPaint()  # the axes follow before the paint: following in it asks for another one

    def values_at(self, at: float) -> dict[CurveKey, float]:
        """The drawn values nearest to a step; the last ones if it is NaN."""
        at = math.inf if math.isnan(at) else at
        return {key: nearest(curve.x, curve.y, at) for key, curve in self.lines.curves.items()}

    def show_reason(self, reason: str = "") -> None:
        """Say why there is no curve; by default, that none has begun."""
        self.empty.setText(reason or self.empty_text)

    @property
    def logarithmic(self) -> bool:
        return bool(self.plotItem.getAxis("left").logMode)

    def set_logarithmic(self, on: bool) -> None:
        self.plotItem.setLogMode(y=on)

    def show_cursor(self, at: float) -> None:
        """Show a thin vertical line at a step; NaN hides it."""
        self._cursor.setVisible(not math.isnan(at))
        if not math.isnan(at):
            self._cursor.setPos(at)

    def fit(self) -> None:
        """Fit the data, and follow it from now on."""
        self.plotItem.enableAutoRange()

    def restyle(self) -> None:
        tokens = theme.current()
        self.setBackground(tokens.panel)
        for side in ("left", "bottom"):
            axis = self.plotItem.getAxis(side)
            axis.setPen(pg.mkPen(tokens.line))
            axis.setTextPen(pg.mkPen(tokens.muted))
            axis.setTickFont(self.font())
            axis.enableAutoSIPrefix(False)  # "epoch (x0.001)"
        label = {"color": tokens.muted, "font-size": f"{self.font().pointSizeF() * 0.95:.1f}pt"}
        self.plotItem.setLabel("bottom", self.across, **label)
        self._show_title()
        self._cursor.setPen(pg.mkPen(tokens.muted, style=Qt.PenStyle.DotLine))
        self.lines.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event is not None:
            self._show_title()
            title = round(self.plotItem.titleLabel.height())
            self.empty.setGeometry(self.rect().adjusted(theme.S, title, -theme.S, -theme.XS))

    def _show_title(self) -> None:
        """As much of the title as there is room for."""
        whole = f"{self.title}, {self.unit}" if self.unit else self.title
        room, label = self.width() - 2 * theme.S, self.plotItem.titleLabel
        text = self.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideMiddle, room)
        self.plotItem.setTitle(text, color=theme.current().muted, size=f"{self.font().pointSizeF() * 0.95:.1f}pt")
        label.setMinimumWidth(0)  # or a narrow plot would be cut off at its right

    def mouseDoubleClickEvent(self, event: object) -> None:  # noqa: N802
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        super().leaveEvent(event)
        self.hovered.emit(math.nan)

    def _say_if_empty(self) -> None:
        """Show a text instead of axes with made-up numbers while there is no point."""
        there = any(len(curve.x) for curve in self.lines.curves.values())
        self.empty.setVisible(not there)
        for side in ("left", "bottom"):
            self.plotItem.getAxis(side).setOpacity(float(there))  # it keeps its room

    def _mouse_moved(self, at: QPointF) -> None:
        box = self.plotItem.vb
        inside = box.sceneBoundingRect().contains(at)
        self.hovered.emit(box.mapSceneToView(at).x() if inside else math.nan)
