"""Images and numbers of the views go to the clipboard."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from mmap_studio.ui.affinity.matrix import DisplayedMatrix
from mmap_studio.ui.export.clipboard import numbers
from tests.ui.scripted import rest


def copied_image():
    return QApplication.clipboard().image()


def test_what_is_drawn_is_copied_as_an_image_and_what_is_not_there_leaves_the_clipboard(make, qtbot):
    window = make()
    clipboard, plot = QApplication.clipboard(), window.views.heatmap.plot
    clipboard.setText("mine")
    window.activateWindow()
    for nothing in (plot, window.views.curves.loss_plot):
        nothing.actions()[0].trigger()
        assert clipboard.text() == "mine"
    window.registry["run"].trigger()
    rest(qtbot, window)
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied_image().width() > 1000
    for view in (window.views.curves.loss_plot, window.views.confusion.matrix, window.views.map.before):
        clipboard.setText("mine")
        view.actions()[0].trigger()
        assert copied_image().width() > 1000
    plot.actions()[1].trigger()
    assert clipboard.text() == numbers(window.views.heatmap.shown)


def test_numbers_have_names_on_both_sides_and_holes_where_nothing_was_measured():
    values = np.array([[np.nan, 0.25], [-1.5, np.nan]])
    zero = np.zeros_like(values)
    shown = DisplayedMatrix(("art", "real"), values, zero, zero.astype(int), zero.astype(bool), np.array([0, 0]))
    assert numbers(shown) == "source \\ recipient\tart\treal\nart\t\t0.25\nreal\t-1.5\t"
