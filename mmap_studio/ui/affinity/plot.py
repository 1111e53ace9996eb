"""The heatmap's plot: coloured cells, axes with task names, a colour bar, and a cell cursor for mouse and keyboard.

pyqtgraph is the canvas: no panning, no menu, no buttons. The colours are looked up here, so that the image item never
scans for levels, and the text in a cell is light or dark by the very colour it stands on.
"""

import os

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QToolTip

from mmap_studio.ui.affinity.axis import NameAxis
from mmap_studio.ui.affinity.cells import CellsItem
from mmap_studio.ui.affinity.matrix import DisplayedMatrix, colours, dark_text, decimals, number
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import without_menus

BAR = 18
"""Width of the colour bar, pixels."""
LOW = 260
"""Height in pixels below which the cells need the room of the axes' titles."""
LONGEST = 120.0, 96.0
"""Pixels of the names of rows and of columns at most, in the window: the cells need the room."""
STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class HeatmapPlot(pg.GraphicsLayoutWidget):
    """Signal `pointed(row, column)`: display indices of the cell under the cursor, (-1, -1) for none."""

    pointed = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(220, 180)
        self.reach = 1.0
        self.longest = LONGEST
        """Pixels of the names of rows and of columns at most."""
        self.share = 1 / 3
        """Share of the width that names of rows take at most, and of the height those of columns."""
        self._by_mouse = False
        """Whether the mouse has moved the cursor last."""
        self.colour_map = colour_map()
        self.image = pg.ImageItem(axisOrder="row-major")
        self.cells = CellsItem()
        self.rows, self.columns = NameAxis("left", "source (row)"), NameAxis("bottom", "recipient (column)")
        self.plot = self.addPlot(axisItems={"left": self.rows, "bottom": self.columns})
        self.bar = pg.ColorBarItem(
            values=(-1, 1), width=BAR, colorMap=self.colour_map, interactive=False, colorMapMenu=False, rounding=1e-6
        )
        self.ci.layout.setContentsMargins(0, theme.S, 0, 0)
        self.ci.layout.setHorizontalSpacing(theme.S)
        self.addItem(self.bar)
        self.bar.showAxis("bottom")
        self.bar.getAxis("bottom").setStyle(showValues=False, tickLength=0)
        self.bar.getAxis("bottom").setPen(None)
        self.bar.layout.setContentsMargins(0, 0, 0, 0)
        view = self.plot.getViewBox()
        view.invertY(True)
        view.setDefaultPadding(0)
        view.setMouseEnabled(False, False)
        view.disableAutoRange()
        for item in (self.plot, self.bar):
            without_menus(item, self)
        self.plot.hideButtons()
        self.plot.addItem(self.image)
        self.plot.addItem(self.cells)
        self.cells.setZValue(1)
        self.restyle()

    def restyle(self) -> None:
        tokens = theme.current()
        self.colour_map = colour_map()
        self.bar.setColorMap(self.colour_map)
        if len(self.shown):
            self._colour(self.shown)
        self.setBackground(QColor(tokens.panel))
        self.bar.axis.setTextPen(pg.mkPen(tokens.muted))
        self.bar.axis.setPen(pg.mkPen(tokens.line))
        self.bar.axis.setTickFont(theme.font(0.85))
        self.viewport().update()

    # ---- what it shows

    @property
    def shown(self) -> DisplayedMatrix:
        return self.cells.shown

    def show_matrix(self, shown: DisplayedMatrix, reach: float) -> None:
        other = self.shown.tasks != shown.tasks
        moved, self.reach = reach != self.reach or other, reach
        self._colour(shown)
        if moved:
            self.bar.setLevels((-reach, reach))
            marks = [(share * reach, number(share * reach, decimals(reach))) for share in (-1.0, -0.5, 0.0, 0.5, 1.0)]
            self.bar.axis.setTicks([marks])
        if other:
            self._fit()

    def _colour(self, shown: DisplayedMatrix) -> None:
        """Draw the cells in the colours of the theme."""
        values = shown.values.copy()
        np.fill_diagonal(values, np.nan)  # a task's step on itself is no affinity between two
        rgba = colours(values, self.reach, self.colour_map.getLookupTable(nPts=256, alpha=True))
        self.image.setImage(np.ascontiguousarray(rgba), autoLevels=False, levels=None)
        self.cells.show_cells(shown, dark_text(rgba), decimals(self.reach))

    def show_lit(self, lit: tuple[int, ...]) -> None:
        """Light these rows and columns, and the names of the cell under the cursor."""
        names, cursor = self.shown.tasks, self.cells.cursor
        self.cells.lit = lit
        self.cells.update()
        self.rows.show_names(names, lit if cursor is None else cursor[:1])
        self.columns.show_names(names, lit if cursor is None else cursor[1:])

    def point(self, row: int, column: int) -> None:
        """Move the cursor to a cell; (-1, -1) removes it."""
        n = len(self.shown)
        cell = (row, column) if 0 <= row < n and 0 <= column < n else None
        if cell != self.cells.cursor:
            self.cells.cursor = cell
            self.cells.update()
            self.pointed.emit(*(cell or (-1, -1)))

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        """Row and column at a place of the viewport; (-1, -1) outside."""
        n = len(self.shown)
        spot = self.plot.getViewBox().mapSceneToView(self.mapToScene(place.toPoint()))
        row, column = int(np.floor(spot.y())), int(np.floor(spot.x()))
        return (row, column) if 0 <= row < n and 0 <= column < n else (-1, -1)

    def settle(self) -> None:
        """Lay out at once, for a figure that is drawn before the event loop runs again."""
        self._fit()
        self.ci.layout.activate()
        self.plot.layout.activate()
        self.bar.layout.activate()
        self.plot.getViewBox().updateMatrix()

    def _fit(self) -> None:
        n = len(self.shown)
        if not n:
            return
        for axis in (self.rows, self.columns):
            axis.show_names(self.shown.tasks, axis.lit)
        low = self.height() < LOW
        beside, below = self.longest
        self.rows.reserve(0, min(beside, self.share * self.width()), titled=not low)
        room = (self.width() - self.rows.minimumWidth() - BAR - 5 * theme.S) / n
        self.columns.reserve(room, min(below, self.share * self.height()), not low)
        self.bar.getAxis("bottom").setHeight(self.columns.minimumHeight())  # the bar ends where the cells end
        self.plot.setRange(xRange=(0, n), yRange=(0, n), padding=0)

    # ---- what the user does

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if hasattr(self, "bar"):
            self._fit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._by_mouse = True
        self.point(*self.cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        super().leaveEvent(event)
        if self._by_mouse or not self.hasFocus():  # a cell that the keyboard went to stays
            self.point(-1, -1)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.point(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        n, key = len(self.shown), Qt.Key(event.key())
        if n and key in STEPS:
            self._by_mouse = False
            row, column = self.cells.cursor or (0, -1 if key == Qt.Key.Key_Right else 0)
            down, right = STEPS[key]
            self.point(min(max(row + down, 0), n - 1), min(max(column + right, 0), n - 1))
        elif key == Qt.Key.Key_Escape and self.cells.cursor:
            self.point(-1, -1)
        else:
            event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QHelpEvent) and self.toolTip():
            QToolTip.showText(event.globalPos(), self.toolTip(), self)
            return True
        return bool(super().viewportEvent(event))


def colour_map() -> pg.ColorMap:
    """The theme's, from negative over zero to positive values."""
    found = theme.current().diverging
    if isinstance(found, str):
        return pg.colormap.get(found)
    return pg.ColorMap(np.linspace(0, 1, len(found)), [QColor(one) for one in found])
