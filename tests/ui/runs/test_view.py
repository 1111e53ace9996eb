"""The list of runs: what is selected decides what can be done and what is told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QStyleOptionHeader

from mmap_studio.session.runs.about import RunAbout
from mmap_studio.session.runs.differences import SettingDifference
from mmap_studio.session.runs.listing import RunEntry
from mmap_studio.storage.runs import RunFolder
from mmap_studio.ui.runs.view import COLUMNS, EMPTY, HINT, READING, RunsView

STATE, MEAN, TAGS = (COLUMNS.index(name) for name in ("State", "Mean", "Tags"))
ENTRY = RunEntry(
    RunFolder(Path("runs/a")), RunAbout(), "finished", datetime(2026, 1, 2, tzinfo=UTC), None, 1, "starter", None,
    0.5, 0.25,
)  # fmt: skip


def entry(folder: str, **changes) -> RunEntry:
    about = RunAbout(**{key: changes.pop(key) for key in ("name", "note", "tags", "pinned") if key in changes})
    return replace(ENTRY, run=RunFolder(Path("runs") / folder), about=about, **changes)


@pytest.fixture
def view(qtbot) -> RunsView:
    made = RunsView()
    qtbot.addWidget(made)
    made.resize(700, 260)
    made.show()
    made.show_entries([
        entry("b", name="best", tags=["paper"], pinned=True, note="Why.\nBecause.", mean=0.75),
        entry("a"), entry("c", mean=None, state="cancelled"),
    ])  # fmt: skip
    return made


def select(view: RunsView, *rows: int) -> None:
    flags = QItemSelectionModel.SelectionFlag
    view.table.clearSelection()
    for row in rows:
        view.table.selectionModel().select(view._rows.index(row, 0), flags.Select | flags.Rows)


def enabled(view: RunsView) -> set[str]:
    return {key for key, action in view.commands.items() if action.isEnabled()}


def texts(view: RunsView, column: int = 0) -> list[str]:
    return [view._rows.index(row, column).data() for row in range(view._rows.rowCount())]


def test_rows_say_what_runs_reached(view):
    assert texts(view)[0] == "★ best"
    assert texts(view, MEAN) == ["75.0 %", "50.0 %", ""]
    assert texts(view, COLUMNS.index("Change")) == ["+50.0", "+25.0", ""]
    assert texts(view, STATE) == ["finished", "finished", "stopped"]
    assert view.count.text() == "3 runs"


def test_in_a_narrow_view_tags_and_state_are_in_sight_and_details_come_with_a_selection(view, qtbot):
    view.resize(475, 200)
    qtbot.waitUntil(lambda: view.width() == 475)
    assert view.details.isHidden()
    header, room = view.table.horizontalHeader(), view.table.viewport().width()
    for place in (STATE, MEAN, TAGS):
        assert header.sectionPosition(place) + header.sectionSize(place) <= room
    select(view, 0)
    assert view.details.isVisible()
    assert view.details.y() > view.table.y()
    assert view.minimumSizeHint().height() <= 200
    view.resize(900, 200)
    select(view)
    assert view.details.isVisible()
    assert view.words.toPlainText() == HINT


def test_one_run_can_be_named_and_several_deleted_or_drawn(view):
    assert enabled(view) == set()
    assert view.words.toPlainText() == HINT
    select(view, 0)
    assert enabled(view) == set(view.commands)
    assert view.commands["pin"].text() == "Unpin"
    assert view.words.toPlainText().startswith("Why.\nBecause.\n")
    asked = []
    view.rename_wanted.connect(asked.append)
    view.delete_wanted.connect(asked.append)
    view.commands["rename"].trigger()
    select(view, 0, 2)
    assert enabled(view) == {"curves", "delete"}
    view.commands["delete"].trigger()
    view.commands["rename"].trigger()
    assert asked == ["b", ["b", "c"]]


def test_two_runs_are_compared_while_they_are_selected(view):
    asked = []
    view.pair_selected.connect(lambda *pair: asked.append(pair))
    select(view, 0, 1)
    assert asked == [("b", "a")]
    view.show_differences("b", "a", [SettingDifference("train.epochs", "3", "4")])
    assert view.details.currentWidget() is view.differences
    item = view.differences.topLevelItem(0)
    assert [item.text(place) for place in range(3)] == ["train.epochs", "3", "4"]
    assert view.differences.headerItem().text(1) == "best"
    select(view, 1)
    view.show_differences("b", "a", [SettingDifference("train.epochs", "3", "4")])  # an answer that comes too late
    assert view.details.currentWidget() is view.words
    select(view, 0, 1)
    view.show_differences("b", "a", [])
    assert view.words.toPlainText() == "The two runs differ in no setting."


def test_names_of_two_runs_that_are_compared_stay_apart(view):
    names = [f"plants of the garden, variant {n} of spring" for n in (1, 2)]
    view.show_entries([entry("a", name=names[0]), entry("b", name=names[1])])
    select(view, 0, 1)
    view.show_differences("a", "b", [SettingDifference("train.epochs", "3", "4")])
    header, option, shown = view.differences.header(), QStyleOptionHeader(), set()
    for place in (1, 2):
        header.resizeSection(place, 90)
        header.initStyleOptionForIndex(option, place)
        shown.add(option.text)
    assert len(shown) == 2
    assert not shown & set(names)


def test_it_is_searched_and_sorted_by_number(view):
    view.search.setText("PAPER")
    assert (texts(view), view.count.text()) == (["★ best"], "1 of 3 runs")
    view.search.setText("stopp")
    assert len(texts(view)) == 1
    view.search.clear()
    view.table.sortByColumn(MEAN, Qt.SortOrder.AscendingOrder)
    assert texts(view, MEAN) == ["", "50.0 %", "75.0 %"]


def test_new_entries_keep_what_is_selected(view):
    select(view, 1, 2)
    view.show_entries([entry("c"), entry("new"), entry("a")])
    assert view.selected() == ["c", "a"]
    view.show_entries([])
    assert view.empty.isVisible()
    assert view.empty.text() == EMPTY
    assert enabled(view) == set()


def test_before_the_runs_are_read_it_does_not_say_that_there_are_none(view):
    view.begin_project()
    assert (view.empty.isVisible(), view.empty.text(), view.count.text()) == (True, READING, "")
    view.show_entries([])
    assert (view.empty.text(), view.count.text()) == (EMPTY, "0 runs")


def test_long_names_do_not_widen_the_view(view):
    view.show_entries([entry("a", name="x" * 300), entry("b", name="y" * 300)])
    select(view, 0, 1)
    view.show_differences("a", "b", [SettingDifference("a." * 40, "1" * 120, "2" * 120)])
    assert view.minimumSizeHint().width() < 420
    assert view.table.columnWidth(0) < 400
