from datetime import datetime

import pytest
from PySide6.QtGui import QGuiApplication

from mmap_studio.session import events
from mmap_studio.ui.panels.log_text import LogLine
from mmap_studio.ui.panels.log_view import LogModel, LogView

WHEN = datetime(2026, 1, 2, 3, 4, 5)


@pytest.fixture
def view(qtbot) -> LogView:
    view = LogView()
    qtbot.addWidget(view)
    view.resize(500, 160)
    view.show()
    for text, level in (("Reading", "event"), ("3 files skipped", "warning"), ("disk full", "error"), ("fine", "info")):
        view.add(text, level, WHEN)
    return view


def texts(view: LogView) -> list[str]:
    return [line.split("  ")[-1] for line in view.as_text().splitlines()]


def test_only_warnings_and_a_text(view):
    view.loud.click()
    assert texts(view) == ["3 files skipped", "disk full"]
    view.search.setText("DISK")
    assert texts(view) == ["disk full"]
    assert view.count.text() == "1 of 4 lines"
    view.loud.click()
    view.search.clear()
    assert len(texts(view)) == 4


def test_events_worth_a_line_get_one(view):
    view.add_event(events.Progress("training", 1, 2))
    view.add_event(events.Notice("rebuilt", "warning"))
    assert texts(view)[4:] == ["rebuilt"]


def test_copy_takes_the_selected_lines_or_all(view):
    view.copy()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 4
    view.table.selectRow(2)
    view.copy()
    assert QGuiApplication.clipboard().text() == "03:04:05  error    disk full\n"


def test_the_model_keeps_qts_rules_when_full_and_drops_the_oldest(qtmodeltester, qtbot):
    model = LogModel(limit=2)
    for text in "abc":
        model.add(LogLine(WHEN, "info", text))
    qtmodeltester.check(model)
    assert [model.index(row, 2).data() for row in range(model.rowCount())] == ["b", "c"]
    assert (model.dropped, len(model.lines), model.lines[0].text) == (1, 2, "b")
    model.clear()
    assert (model.dropped, model.rowCount()) == (0, 0)


def test_it_follows_the_newest_line_until_the_person_scrolls_up(view, qtbot):
    bar = view.table.verticalScrollBar()
    for n in range(40):
        view.add(f"line {n}")
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(0)
    view.add("one more")
    assert bar.value() == 0


def test_clearing(view):
    view.clear()
    assert (texts(view), view.count.text()) == ([], "0 lines")


def test_a_log_that_is_opened_later_shows_its_newest_line_and_follows(qtbot):
    view = LogView()
    qtbot.addWidget(view)
    view.resize(500, 160)
    for number in range(60):
        view.add(f"line {number}", when=WHEN)
    view.show()
    bar = view.table.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert bar.value() == bar.maximum()
    view.add("one more", when=WHEN)
    assert bar.value() == bar.maximum()
    bar.setValue(0)
    view.add("unseen", when=WHEN)
    assert bar.value() == 0


def test_it_names_the_windows_own_controls(view):
    view.add("Equal names are the same thing: say --identity stem.")
    assert texts(view)[-1].endswith("choose Subjects by equal file names in Edit > Split.")


def test_the_line_that_one_is_at_is_shown_whole_where_it_is_cut(view, qtbot):
    long = "Task 'a': 3 of 83 images cannot be read and are left out ('circle/broken.jpg': it is truncated); see to it."
    view.add(long)
    view.table.selectRow(4)
    assert (view.whole.isVisible(), view.whole.text()) == (True, long)
    view.table.selectRow(0)
    assert not view.whole.isVisible()
    view.table.selectRow(4)
    view.resize(1600, 160)
    qtbot.waitUntil(lambda: not view.whole.isVisible())
    view.resize(500, 160)
    qtbot.waitUntil(view.whole.isVisible)
    view.clear()
    assert not view.whole.isVisible()
