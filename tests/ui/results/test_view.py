import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStyleOptionHeader

from mmap_studio.session.results.intervals import PairedTests
from mmap_studio.session.results.table import Outcome
from mmap_studio.ui.results.view import ResultsView
from tests.ui.image_tasks import CLASSES, N, evaluation

TASKS = ("art", "ink")
LABELS = np.arange(N) % len(CLASSES)
METHODS = {"zero_shot": (0, 1, 2), "run": (0,), "probe": (0, 1, 2, 3)}


def outcome(method: str, wrong: tuple[int, ...], tasks: tuple[str, ...] = TASKS) -> Outcome:
    return Outcome(method, {task: evaluation(wrong) for task in tasks}, 10 * len(wrong))


@pytest.fixture
def view(qtbot) -> ResultsView:
    view = ResultsView()
    qtbot.addWidget(view)
    view.show_tasks(TASKS)
    view.show_outcomes([outcome(method, wrong) for method, wrong in METHODS.items()])
    view.resize(600, 200)
    view.show()
    return view


def methods(view: ResultsView) -> list[str]:
    return [row.method for row in view.shown()]


def test_the_model_keeps_qts_rules(view, qtmodeltester):
    qtmodeltester.check(view.model)


@pytest.mark.parametrize(
    ("column", "order", "expected"),
    [
        (1, Qt.SortOrder.AscendingOrder, ["probe", "zero_shot", "run"]),
        (1, Qt.SortOrder.DescendingOrder, ["run", "zero_shot", "probe"]),
        (4, Qt.SortOrder.AscendingOrder, ["run", "zero_shot", "probe"]),
        (-1, Qt.SortOrder.AscendingOrder, ["zero_shot", "run", "probe"]),
    ],
)
def test_columns_sort_by_number(view, column, order, expected):
    view.table.sortByColumn(column, order)
    assert methods(view) == expected


def test_a_double_click_opens_method_and_task_whatever_the_order(view, qtbot):
    view.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    with qtbot.waitSignal(view.opened) as heard:
        view.table.activated.emit(view.proxy.index(0, 2))
    assert heard.args == ["run", "ink"]


def test_the_menu_of_a_row_sets_the_baseline_and_hides(view):
    row = view.model.rows[2]
    compare, hide = view.row_menu(row).actions()[:2]
    compare.trigger()
    assert [r.method for r in view.shown() if r.baseline] == ["probe"]
    hide.trigger()
    assert methods(view) == ["zero_shot", "run"]
    view.unhide.click()
    assert "probe" in methods(view)


def test_copy_is_tabs_and_follows_what_is_shown(view):
    view.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    view.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["method", "art", "art spread"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["These groups", "Zero-shot", "Probe"]
    assert json.loads(view.as_json())[0]["method"] == "These groups"
    assert view.as_text().startswith("method,art,")


def test_selected_cells_are_copied_as_they_stand(view, qtbot):
    def copied() -> str:
        qtbot.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        return QGuiApplication.clipboard().text()

    view.activateWindow()
    view.table.setFocus()
    assert copied().startswith("method\tart")  # nothing is selected: the whole table
    select, model = view.table.selectionModel().select, view.proxy
    mean = len(TASKS) + 1
    select(model.index(1, 1), QItemSelectionModel.SelectionFlag.Select)
    assert copied() == "88.9"
    for row, column in ((1, mean), (0, 0)):
        select(model.index(row, column), QItemSelectionModel.SelectionFlag.Select)
    assert copied() == "Zero-shot · baseline\t\t\n\t88.9\t88.9"


def test_the_metric_changes_the_cells(view):
    before = view.model.rows[0].figures[0].mean
    view.metric_box.setCurrentIndex(view.metric_box.findData("ece"))
    assert (round(before, 1), round(view.model.rows[0].figures[0].mean, 1)) == (66.7, 10.0)


def test_a_cell_says_in_words_what_it_shows_in_colour(view):
    said = view.model.index(1, 1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "These groups, art: 88.9; +22.2 against the baseline; best in its column"


def test_without_scores_there_is_a_sentence_instead_of_a_table(qtbot):
    view = ResultsView()
    qtbot.addWidget(view)
    view.show()
    assert view.empty.isVisible()
    assert not view.table.isVisible()


def test_the_mean_stands_beside_the_name_however_many_tasks_there_are(view):
    header = view.table.horizontalHeader()

    def titles():
        shown = (header.logicalIndex(place) for place in range(header.count()))
        return [view.model.headerData(column, Qt.Orientation.Horizontal) for column in shown]

    assert titles()[:2] == ["Method", "Mean"]
    names = [f"task {n}" for n in range(9)]
    view.show_tasks(names)
    assert titles()[:11] == ["Method", "Mean", *names]


def test_the_method_and_the_mean_stay_in_sight_while_the_table_is_scrolled_and_a_cell_is_never_left_below_it(
    view, qtbot
):
    view.show_tasks([f"task {n}" for n in range(9)])
    frozen, table = view.frozen, view.table
    assert not frozen.isVisible()
    table.horizontalScrollBar().setValue(table.horizontalScrollBar().maximum())
    assert frozen.isVisible()
    assert frozen.columnAt(0) == 0
    assert frozen.columnAt(frozen.columnWidth(0) + 1) == 10, "the mean"
    assert frozen.x() == 0
    assert 0 < frozen.width() < view.width()
    assert frozen.rowViewportPosition(2) == table.rowViewportPosition(2)
    first = table.model().index(0, 1)
    table.setCurrentIndex(table.model().index(0, 9))
    table.setCurrentIndex(first)
    assert table.visualRect(first).left() >= frozen.width() or not frozen.isVisible()
    with qtbot.waitSignal(view.opened) as heard:
        frozen.activated.emit(frozen.model().index(1, 0))
    assert heard.args == ["run", ""]


def test_long_names_of_tasks_do_not_widen_the_columns_and_stay_apart(view):
    names = [f"Domain number {n:02d} of the scanner images" for n in range(24)]
    view.show_tasks(names)
    header, seen = view.table.horizontalHeader(), []
    for column in range(1, 25):
        assert view.table.columnWidth(column) < 0.6 * header.fontMetrics().horizontalAdvance(names[0])
        option = QStyleOptionHeader()
        header.initStyleOptionForIndex(option, column)
        seen.append(option.text)
    assert len(set(seen)) == 24
    tip = view.model.headerData(3, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert tip == names[2]


def test_where_it_was_scrolled_and_what_was_hidden_goes_with_the_project(view):
    names = [f"task {n}" for n in range(24)]
    view.show_tasks(names)
    view._hide("run")
    view.table.horizontalScrollBar().setValue(view.table.horizontalScrollBar().maximum())
    assert view.table.horizontalScrollBar().value() > 0
    view.begin_project(names)
    assert view.table.horizontalScrollBar().value() == 0
    assert not view.frozen.isVisible()
    assert not view._hidden


def test_the_sorted_header_leaves_room_for_its_arrow(view):
    header, option = view.table.horizontalHeader(), QStyleOptionHeader()
    view.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    header.initStyleOptionForIndex(option, 1)
    assert option.text.strip() == "art"
    assert option.text != "art", "blanks where the arrow is"


def test_intervals_stand_in_the_cells_of_the_mean_and_where_there_is_room_in_all(qtbot):
    view = ResultsView()
    qtbot.addWidget(view)
    view.show_tasks(TASKS)
    tests = PairedTests(dict.fromkeys(TASKS, LABELS), {task: np.arange(len(LABELS)) for task in TASKS})
    view.show_outcomes([outcome(method, wrong) for method, wrong in METHODS.items()], tests)
    view.resize(1000, 200)
    view.show()
    figure = view.shown()[1].figures[0]
    assert figure.half > 0
    said = [part.text for part in view.delegate._parts(view.font(), figure, True)]
    assert said[-1] == f"±{figure.half:.1f}"
    assert view.delegate.intervals == "all"
    wide = view.table.columnWidth(1)
    view.resize(420, 200)
    assert view.delegate.intervals == "mean"
    assert view.table.columnWidth(1) < wide
    assert view.delegate._interval(view.proxy.index(1, len(TASKS) + 1))
    assert not view.delegate._interval(view.proxy.index(1, 1))
    view.resize(1000, 200)
    assert (view.delegate.intervals, view.table.columnWidth(1)) == ("all", wide)


def test_a_figure_without_an_interval_takes_the_room_of_those_that_have_one(view):
    """It is drawn left of that room: it would run into the name before it."""
    figure = view.shown()[1].figures[0]
    known, unknown = (replace(figure, half=half) for half in (1.0, np.nan))
    assert view.delegate.width(view.font(), unknown, True) == view.delegate.width(view.font(), known, True)
