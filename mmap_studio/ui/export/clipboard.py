"""Copies of the views on the clipboard: an image in the light colours, and numbers for a spreadsheet."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage, QKeySequence
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.export import figures
from mmap_studio.ui.export.view_figures import curves_figure, heatmap_figure
from mmap_studio.ui.kit.plain_text import copy_text

if TYPE_CHECKING:
    from mmap_studio.ui.affinity.matrix import DisplayedMatrix
    from mmap_studio.ui.docks.views import Views


def offer_copies(views: "Views") -> None:
    """Give heatmap, curves, map, confusion matrix and the comparison's plots a copy menu; Ctrl+C copies the image."""
    heatmap, curves = views.heatmap, views.curves
    _offer(heatmap.plot, "Copy image", lambda: _copy_figure(heatmap.shown is not None, lambda: heatmap_figure(heatmap)))
    _offer(heatmap.plot, "Copy numbers", lambda: _copy_numbers(heatmap.shown), shortcut=False)
    for plot in (curves.loss_plot, curves.accuracy_plot):
        _offer(plot, "Copy image", lambda: _copy_figure(curves.drawn, lambda: curves_figure(curves)))
    plots = views.compare.plots
    _offer(plots.figure, "Copy image", plots.copy_image)
    _offer(plots.figure, "Copy numbers", plots.copy_numbers, shortcut=False)
    for panel in (views.confusion.matrix, *views.map.panels):
        _offer(panel, "Copy image", partial(_copy_image, panel))


def numbers(shown: "DisplayedMatrix") -> str:
    """The matrix with its names, tabs between columns; empty cells where nothing was measured."""
    lines = ["\t".join(("source \\ recipient", *shown.tasks))]
    for task, row in zip(shown.tasks, shown.values, strict=True):
        lines.append("\t".join((task, *("" if value != value else f"{value:.6g}" for value in row))))
    return "\n".join(lines)


def _offer(view: QWidget, text: str, do: Callable[[], None], shortcut: bool = True) -> None:
    action = QAction(text, view)
    if shortcut:
        action.setShortcut(QKeySequence.StandardKey.Copy)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.triggered.connect(lambda: do())
    view.addAction(action)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)


def _copy_figure(there: bool, make: Callable[[], QWidget]) -> None:
    if there:
        figure = make()
        _copy_image(figure)
        figure.hide()
        figure.deleteLater()


def _copy_image(view: QWidget) -> None:
    QGuiApplication.clipboard().setImage(QImage.fromData(figures.render_png(view)))


def _copy_numbers(shown: "DisplayedMatrix | None") -> None:
    if shown is not None:
        copy_text(numbers(shown))
