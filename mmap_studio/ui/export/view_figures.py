"""Figures of heatmap and curves: the view drawn again at a size of its own, whatever the size of its dock."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.affinity.plot import LONGEST, HeatmapPlot
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.curves.view import CurvesView
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column
from mmap_studio.ui.kit.panel import label

CURVES = 1200, 400
LEGEND = 300, 800
"""Pixels of the legend of curves, at least and at most: in between, names are whole, and the figure is wider."""
ROOM, CELL = 220, 72
"""Pixels of a heatmap beside its cells while names are short, and of one cell while there are few."""
NAMES = 600.0
"""Pixels of a name at most: in a figure nothing tells the rest of it."""
LARGEST = 1600


def curves_figure(view: CurvesView) -> QWidget:
    """A widget with loss, validation accuracy and legend, as the view shows them."""
    made = view.figure()
    legend = min(max(made.legend.wanted_width(), LEGEND[0]), LEGEND[1])
    plots = (CURVES[0] - LEGEND[0]) // 2
    made.legend.setMinimumWidth(legend)
    made.body.setSizes([plots, plots, legend])
    _settle(made, 2 * plots + legend, CURVES[1])
    made.redraw()
    return made


def heatmap_figure(view: HeatmapView) -> QWidget:
    """A widget with the matrix as the view shows it, below a sentence that says what its numbers are."""
    made, shown, plot = QWidget(), view.shown, HeatmapPlot()
    assert shown is not None
    made.setAccessibleName("Affinity heatmap")
    head = label(view.sentence, "muted", "What the cells show")
    column(head, plot, parent=made, stretch=[plot], margins=(theme.M, theme.M, theme.M, theme.M))
    longest = min(NAMES, max(map(QFontMetricsF(theme.font(bold=True)).horizontalAdvance, shown.tasks), default=0.0))
    side = min(LARGEST, ROOM + CELL * len(shown)) + round(max(0.0, longest - LONGEST[0]))
    plot.longest, plot.share = (NAMES, NAMES), 0.75
    plot.cells.certain = view.plot.cells.certain
    plot.show_matrix(shown, view.plot.reach)
    _settle(made, side + ROOM // 4, side)
    plot.settle()
    return made


def _settle(widget: QWidget, width: int, height: int) -> None:
    widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    widget.resize(width, height)
    widget.show()
