import json

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.ui.results.confusion_view import ConfusionView
from tests.ui.image_tasks import evaluation, task


@pytest.fixture
def view(qtbot) -> ConfusionView:
    view = ConfusionView(Selection())
    qtbot.addWidget(view)
    view.show_tasks([task("art"), task("ink")])
    view.show_results({"zero_shot": {"art": evaluation((0, 3, 1))}, "run": {"art": evaluation((0,))}})
    view.resize(700, 500)
    view.show()
    return view


def click(qtbot, view: ConfusionView, row: int, column: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    at = view.matrix.rect_of((row, column)).center().toPoint()
    qtbot.mouseClick(view.matrix.viewport(), Qt.MouseButton.LeftButton, modifier, at)


def chosen(view: ConfusionView) -> set[ImageRef]:
    return set(view.selection)


def test_classes_come_by_name_and_a_click_selects_the_images_of_the_cell(view, qtbot):
    assert [view.matrix.names[c] for c in view.matrix.order] == ["cat", "dog", "fox"]
    click(qtbot, view, 2, 0)  # fox predicted as cat
    assert chosen(view) == {ImageRef("art", "test", 0), ImageRef("art", "test", 3)}
    assert view.selection.label == "art: fox predicted as cat"


def test_it_is_drawn_only_when_it_is_seen_and_something_is_new(view, monkeypatch):
    drawn, show = [], view.matrix.show_matrix
    monkeypatch.setattr(view.matrix, "show_matrix", lambda *matrix: drawn.append(matrix) or show(*matrix))
    same, other = {"run": {"art": view.evaluation}}, {"run": {"art": evaluation((1, 2, 3))}}
    view.show_results(same)
    view.look(False)
    view.show_results(other)
    assert drawn == []
    view.look(True)
    assert len(drawn) == 1
    view.look(False)
    view.show_results({"run": {"art": evaluation()}})
    assert view.as_text().splitlines()[1] == "cat,3,0,0"  # what is exported is always of now


def test_behind_another_tab_nobody_sees_it(make):
    views = make().views
    views.show_view(views.results)
    assert not views.confusion._seen
    views.show_view(views.confusion)
    assert views.confusion._seen


def test_ctrl_adds_to_what_is_selected(view, qtbot):
    click(qtbot, view, 2, 0)
    click(qtbot, view, 0, 1, Qt.KeyboardModifier.ControlModifier)  # cat predicted as dog
    assert {image.index for image in chosen(view)} == {0, 1, 3}


def test_the_keyboard_reaches_every_cell(view, qtbot):
    for key in (*[Qt.Key.Key_Down] * 3, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Return):
        qtbot.keyClick(view.matrix, key)
    assert view.matrix.cell == (2, 0)
    assert {image.index for image in chosen(view)} == {0, 3}


def test_a_pair_of_the_list_and_all_misclassified(view):
    view.pairs.itemClicked.emit(view.pairs.topLevelItem(1), 0)
    assert {image.index for image in chosen(view)} == {1}
    view.wrong.click()
    assert {image.index for image in chosen(view)} == {0, 1, 3}


def test_the_readout_says_the_cell_and_else_the_whole(view):
    assert view.readout.text() == "66.7 % of 9 test images correct"
    view.matrix.pointed.emit(0, 1)
    assert view.readout.text() == "fox predicted as cat: 2 of 3 (67 %)"


def test_another_method_and_one_without_an_evaluation(view):
    view.open("run", "art")
    assert view.matrix.counts[0].tolist() == [2, 1, 0]
    view.open("run", "ink")
    assert len(view.matrix.counts) == 0
    assert view.readout.text() == "No test predictions yet"
    view.wrong.click()
    assert len(view.selection) == 0


def test_new_results_keep_what_was_chosen(view):
    view.open("run", "art")
    view.show_results({"zero_shot": {}, "probe": {}, "run": {"art": evaluation()}})
    assert (view.method.currentData(), view.task.currentData()) == ("run", "art")


def test_export_follows_the_order_shown(view):
    view.order.setCurrentIndex(view.order.findData("confused"))
    assert view.as_text().splitlines()[:2] == ["truth \\ prediction,cat,fox,dog", "cat,2,0,1"]
    assert json.loads(view.as_json())["rows"] == ["cat", "fox", "dog"]


def test_zooming_keeps_cells_between_the_limits_and_fits_again(view, qtbot):
    fitted = view.matrix.side
    for _ in range(30):
        qtbot.keyClick(view.matrix, Qt.Key.Key_Minus)
    assert view.matrix.side == 4
    qtbot.keyClick(view.matrix, Qt.Key.Key_0)
    assert view.matrix.side == fitted


def test_126_classes_fit_and_scroll_when_zoomed(view):
    n = 126
    view.matrix.show_matrix(np.eye(n, dtype=np.int64), [f"c{k}" for k in range(n)], np.arange(n))
    assert view.matrix.side == 4
    assert view.matrix.verticalScrollBar().maximum() < 200
    view.matrix.zoom(8)
    assert view.matrix.verticalScrollBar().maximum() > 3000


def test_a_matrix_that_is_zoomed_offers_a_way_back(view, qtbot):
    fitted = view.matrix.side
    assert not view.whole.isVisible()
    view.matrix.zoom(0.5)
    assert view.whole.isVisible()
    view.whole.click()
    assert view.matrix.side == fitted
    assert not view.whole.isVisible()
    view.matrix.zoom(0.5)
    qtbot.mouseDClick(view.matrix.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert view.matrix.side == fitted


def test_the_pairs_sort_by_number_and_by_name_and_go_back(view):
    counts = np.array([[0, 10, 9], [2, 0, 0], [0, 1, 0]])

    def shown() -> list[str]:
        return [view.pairs.topLevelItem(row).text(1) for row in range(view.pairs.topLevelItemCount())]

    view.matrix.show_matrix(counts, ("b", "a", "c"), np.arange(3))
    view._show_pairs(counts, ("b", "a", "c"))
    assert shown() == ["10", "9", "2", "1"]
    view.pairs.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert shown() == ["1", "2", "9", "10"]
    view.pairs.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert shown() == ["2", "10", "9", "1"]
    view.pairs.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert shown() == ["10", "9", "2", "1"]
