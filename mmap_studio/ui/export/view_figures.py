"""Figures of heatmap and curves: the view drawn again at a size of its own, whatever the size of its dock."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.affinity.plot import HeatmapPlot
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.curves.view import CurvesView
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column
from mmap_studio.ui.kit.panel import label

CURVES = 1200, 400
ROOM, CELL = 220, 72
"""Pixels of a heatmap beside its cells, and of one cell while there are few."""
LARGEST = 1600


def curves_figure(view: CurvesView) -> QWidget:
    """A widget with loss, validation accuracy and legend, as the view shows them."""
    made = view.figure()
    made.body.setSizes([450, 450, 300])
    _settle(made, *CURVES)
    made.redraw()
    return made


def heatmap_figure(view: HeatmapView) -> QWidget:
    """A widget with the matrix as the view shows it, below a sentence that says what its numbers are."""
    made, shown, plot = QWidget(), view.shown, HeatmapPlot()
    assert shown is not None
    made.setAccessibleName("Affinity heatmap")
    head = label(view.sentence, "muted", "What the cells show")
    column(head, plot, parent=made, stretch=[plot], margins=(theme.M, theme.M, theme.M, theme.M))
    side = min(LARGEST, ROOM + CELL * len(shown))
    plot.show_matrix(shown, view.plot.reach)
    _settle(made, side + ROOM // 4, side)
    plot.settle()
    return made


def _settle(widget: QWidget, width: int, height: int) -> None:
    widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    widget.resize(width, height)
    widget.show()
