"""The Compare view in a window: a plan by mouse and by keyboard, the table that fills, the answer, and the end."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from mmap_studio.method.budget import Budget
from mmap_studio.session.compare.live.ledger import LedgerLine
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW, SHOTS
from mmap_studio.session.runtime.job import State
from mmap_studio.ui.compare.table import ACCURACY, LONGEST, STATE
from mmap_studio.ui.compare.view import Shown

ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


@pytest.fixture
def compare(make, qtbot):
    """A window whose Compare view is in front, and what is kept looked up."""
    window = make(seconds=0.0)
    window.registry["show_compare"].trigger()
    settled(qtbot, window)
    return window


def settled(qtbot, window):
    """All heard, weighed and drawn."""
    studio, boxes = window.studio, (window.studio.job.mailbox, window.studio.comparisons.job.mailbox)
    qtbot.waitUntil(lambda: not (studio.busy or any(map(len, boxes)) or window.comparing.pending), timeout=120_000)
    studio.settle()


def drawn(window):
    window.comparing.draw()
    return window.views.compare


def texts(table, column):
    return [table.proxy.index(row, column).data() for row in range(table.proxy.rowCount())]


def test_amounts_and_seeds_are_chosen_by_mouse_too(compare, qtbot):
    view = drawn(compare)
    plan = view.plan
    wanted = {plan.shots: "1, 4, full", plan.seeds: "1, 2, 3, 4, 5", plan.budget: "500 steps"}
    for line, text in wanted.items():
        menu = line.findChild(QMenu)
        QTest.mouseClick(line.findChild(QToolButton), Qt.MouseButton.LeftButton)
        qtbot.waitUntil(menu.isVisible)
        entry = next(one for one in menu.actions() if one.text() == text)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
        assert line.text() == text
    settled(qtbot, compare)
    plan = compare.studio.comparisons.plan
    assert [one.label for one in plan.amounts] == ["1", "4", "full"]
    assert (plan.seeds, plan.budget) == ((1, 2, 3, 4, 5), Budget.parse("500 steps"))


def test_what_can_be_compared_is_looked_up_when_the_view_is_first_seen(make, qtbot):
    window = make()
    assert window.studio.engine.surveys == 0
    window.registry["show_compare"].trigger()
    settled(qtbot, window)
    view = drawn(window)
    assert window.studio.engine.surveys == 1
    families = [view.plan.methods.topLevelItem(n).text(0) for n in range(view.plan.methods.topLevelItemCount())]
    assert families == ["Zero-shot", "Frozen features", "Prompts", "Weights", "MmAP"]
    assert view.plan.total.text().startswith(
        "10 methods, 30 trials; about 1 h 16 min. Methods that read images train for "
    )
    assert view.start.isEnabled()
    assert view.stop.isHidden()


def test_a_family_is_ticked_with_the_space_bar_and_makes_one_plan(compare, qtbot):
    tree, plans = compare.views.compare.plan.methods, []
    compare.views.compare.plan.planned.connect(plans.append)
    assert QApplication.focusWidget() is tree
    for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * 3):
        QTest.keyClick(tree, key)
    assert tree.currentItem().text(0) == "Frozen features"
    QTest.keyClick(tree, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(plans) == 1)
    settled(qtbot, compare)
    assert "ridge" in compare.studio.comparisons.plan.methods
    QTest.keyClick(tree, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(plans) == 2)
    assert not {"ridge", "clap"} & set(compare.studio.comparisons.plan.methods)
    assert {"coop", "maple"} <= set(compare.studio.comparisons.plan.methods)


def test_the_baseline_stays_ticked(compare, qtbot):
    tree = compare.views.compare.plan.methods
    row = tree._rows["zero_shot"]
    tree.setCurrentItem(row)
    QTest.keyClick(tree, Qt.Key.Key_Space)
    assert row.checkState(0) == ON
    tree.setCurrentItem(row.parent())
    QTest.keyClick(tree, Qt.Key.Key_Space)  # none of the family
    drawn(compare)
    assert tree._rows["zero_shot_ensemble"].checkState(0) == OFF, "what was drawn meanwhile takes no tick back"
    qtbot.waitUntil(lambda: compare.studio.comparisons.plan.methods != ("usual",))
    settled(qtbot, compare)
    drawn(compare)
    assert row.checkState(0) == ON
    assert tree._rows["zero_shot_ensemble"].checkState(0) == OFF


def test_amounts_and_seeds_are_typed_and_what_is_wrong_is_said(compare, qtbot):
    plan = compare.views.compare.plan
    plan.shots.setText("4, full, 1")
    QTest.keyClick(plan.shots, Qt.Key.Key_Return)
    settled(qtbot, compare)
    assert compare.studio.comparisons.plan.amounts == parse_amounts("1,4,full")
    assert drawn(compare).plan.total.text().startswith("10 methods, 90 trials; about")
    plan.seeds.setText("1, one")
    QTest.keyClick(plan.seeds, Qt.Key.Key_Return)
    assert plan.problem.isVisible()
    assert "Got '1, one' instead" in plan.problem.text()
    assert compare.studio.comparisons.plan.seeds == (1, 2, 3)
    plan.seeds.setText("1, 2, 3")
    plan.budget.setText("60 seconds")
    QTest.keyClick(plan.budget, Qt.Key.Key_Return)
    assert "A budget must be settings" in plan.problem.text()
    plan.budget.setText("500 Steps")
    QTest.keyClick(plan.budget, Qt.Key.Key_Return)
    settled(qtbot, compare)
    assert compare.studio.comparisons.plan.budget == Budget("steps", 500)
    assert drawn(compare).plan.total.text().endswith("Every training takes 500 steps.")
    assert plan.problem.isHidden()


def test_a_protocol_is_chosen_by_keyboard_and_what_has_no_answer_by_it_is_said(compare, qtbot):
    plan, studio = compare.views.compare.plan, compare.studio.comparisons
    knows = {"text_head": frozenset({"shots", "leave-one-domain-out"})}
    listed = [replace(one, protocols=knows.get(one.name, one.protocols)) for one in studio.ledger.methods.values()]
    studio.ledger.methods = {one.name: one for one in listed}
    plan.protocol.setFocus()
    QTest.keyClick(plan.protocol, Qt.Key.Key_Down)
    settled(qtbot, compare)
    assert studio.plan.protocol == BASE_TO_NEW
    studio.ledger.methods = {one.name: one for one in listed}
    drawn(compare)
    row = plan.methods._rows["text_head"]
    assert row.checkState(0) == OFF
    assert row.text(2) == "no answer"
    assert not row.flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert "No answer by this protocol: Text-initialised head, per task." in plan.refused.text()
    assert studio.plan.methods == ("usual",)
    QTest.keyClick(plan.protocol, Qt.Key.Key_Up)
    settled(qtbot, compare)
    studio.ledger.methods = {one.name: one for one in listed}
    drawn(compare)
    assert studio.plan.protocol == SHOTS
    assert row.checkState(0) == ON
    assert row.flags() & Qt.ItemFlag.ItemIsUserCheckable


def test_the_table_has_a_column_for_each_half(make, qtbot):
    from mmap_studio.session.compare.tables import rows
    from mmap_studio.ui.compare.table import ComparisonTable, entries
    from tests.session.compare import made_up

    halves = tuple(name for task in made_up.TASKS for name in BASE_TO_NEW.tested(task))
    drawn_ = made_up.drawn({"zero_shot": 0.5, "ridge": 0.7}, tasks=halves)
    halved = replace(
        drawn_, protocol=BASE_TO_NEW, trials=tuple(replace(one, protocol=BASE_TO_NEW) for one in drawn_.trials)
    )
    lines = [
        LedgerLine(name, name, "features", halved.amounts[0], "done", halved.seeds, halved.seeds, "done")
        for name in halved.methods
    ]
    table = ComparisonTable()
    qtbot.addWidget(table)
    table.show_entries(entries(lines, rows(halved), BASE_TO_NEW))
    model = table.model()
    heads = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
    assert heads[ACCURACY : ACCURACY + 4] == ["H. mean, %", "Base", "New", "Difference"]
    ridge = next(one for one in rows(halved) if one.method == "ridge")
    assert float(model.index(1, ACCURACY + 2).data()) == pytest.approx(100 * ridge.by_half["new"], abs=0.06)
    table.show_entries(entries(lines, [], SHOTS))
    assert table.model().columnCount() == len(heads) - 2


def test_the_table_fills_and_the_answer_comes_on_top(compare, qtbot):
    view = compare.views.compare
    view.start.click()
    assert view.pages.currentWidget() is view.table
    qtbot.waitUntil(lambda: any(view.table.rows.entries[n].cells for n in range(10)), timeout=30000)
    settled(qtbot, compare)
    view = drawn(compare)
    assert texts(view.table, STATE) == ["3 of 3 seeds"] * 10
    rows = view.table.rows.entries
    said = "2 of 3 seeds, step 1,234,567 of 2,000,000"
    view.table.show_entries([replace(one, line=replace(one.line, words=said)) for one in rows])
    assert view.table.columnWidth(STATE) >= view.table.fontMetrics().horizontalAdvance(said)
    assert all(texts(view.table, ACCURACY))
    assert "MmAP, suggested groups" in view.headline.text()
    assert "95 % interval" in view.certainty.text()
    assert not view.start.isEnabled()
    assert compare.studio.comparisons.ended is State.DONE
    compare.comparing.evidence = None  # as in a window whose trials are not weighed yet
    assert drawn(compare).headline.text() == "The answer of 30 trials is being worked out."


def test_a_page_is_no_higher_for_those_behind_it(compare):
    view = compare.views.compare
    least = {}
    for page in (view.plan, view.table, view.plots):
        view.turn_to(page)
        least[page] = view.pages.minimumSizeHint().height()
    assert max(least[view.table], least[view.plots]) < least[view.plan]


def test_a_method_that_cannot_be_trained_is_left_out_and_says_why(compare, qtbot):
    compare.studio.engine.left_out["coop"] = "CoOp is left out: its loss is not finite."
    compare.registry["compare_start"].trigger()
    settled(qtbot, compare)
    table = drawn(compare).table
    entry = next(one for one in table.rows.entries if one.line.method == "coop")
    assert entry.line.words == "0 of 3 seeds, left out"
    assert "its loss is not finite" in entry.sentence
    assert compare.registry["compare_start"].isEnabled()
    assert view_log(compare)[-1].startswith("Comparison done: 27 trials")


def test_a_failure_is_said_in_the_view_and_what_is_made_is_kept(compare, qtbot):
    compare.studio.engine.fails = OSError("No space left on device")
    compare.registry["compare_start"].trigger()
    settled(qtbot, compare)
    view = drawn(compare)
    assert "No space left on device" in view.problem.text()
    assert view.start.isEnabled()


def test_stop_keeps_what_is_made_and_start_goes_on(compare, qtbot):
    engine, view = compare.studio.engine, compare.views.compare
    engine.trial_seconds = 0.01
    compare.registry["compare_start"].trigger()
    qtbot.waitUntil(lambda: len(engine.kept) >= 4, timeout=30000)
    compare.registry["compare_stop"].trigger()
    settled(qtbot, compare)
    kept = len(engine.kept)
    assert 4 <= kept < 30
    assert drawn(compare).start.text() == "Go on"
    engine.trial_seconds = 0
    view.start.click()
    settled(qtbot, compare)
    assert len(engine.kept) == 30
    assert view.headline.text().startswith("Use ")


def test_new_and_open_work_while_a_comparison_runs(compare, qtbot, data):
    from tests import projects

    compare.studio.engine.trial_seconds = 0.05
    compare.registry["compare_start"].trigger()
    qtbot.waitUntil(lambda: compare.studio.comparisons.ledger.in_hand is not None, timeout=30000)
    assert compare.registry["new"].isEnabled()
    assert compare.registry["open"].isEnabled()
    other = projects.make(data.parent / "other", ("art",))
    compare.open(str(other.folder))
    assert compare.studio.comparisons.busy
    view = drawn(compare)
    assert "of Six drawing styles" in view.progress.text()
    assert view.stop.isVisible()
    compare.studio.engine.trial_seconds = 0
    settled(qtbot, compare)
    view = drawn(compare)
    assert view.here.isVisible()
    assert not view.start.isEnabled()
    view.here.click()
    settled(qtbot, compare)
    assert compare.studio.comparisons.project.folder == other.folder
    assert drawn(compare).start.isEnabled()


def test_closing_during_a_comparison_asks_and_then_waits(compare, qtbot):
    compare.studio.engine.trial_seconds = 0.05
    compare.registry["compare_start"].trigger()
    qtbot.waitUntil(lambda: compare.studio.comparisons.ledger.in_hand is not None, timeout=30000)
    asked = []
    compare._may_stop = lambda: bool(asked.append(1))
    compare.close()
    assert asked == [1]
    assert compare.isVisible()
    compare._may_stop = lambda: True
    compare.close()
    qtbot.waitUntil(lambda: not compare.isVisible(), timeout=30000)
    assert not compare.studio.comparisons.job.busy


def view_log(window):
    return [line.text for line in window.views.log.model.lines]


def test_methods_that_cannot_be_compared_are_said_in_the_plan(compare):
    plan = compare.views.compare.plan
    assert plan.refused.isHidden()
    compare.studio.comparisons.ledger.refused = ("Methods with image prompts are left out.", "One is broken.")
    assert drawn(compare).plan.refused.isVisible()
    assert plan.refused.text() == "Methods with image prompts are left out. One is broken."


def test_no_button_moves_as_the_answer_grows_and_a_page_takes_the_focus_of_the_one_before(compare, qtbot):
    view = drawn(compare)
    places = [one.pos() for one in (view.more, *view.page_buttons)]
    view.show_head(Shown("A long answer. " * 30, "Sure. " * 60))
    view.layout().activate()
    assert [one.pos() for one in (view.more, *view.page_buttons)] == places
    assert view.headline.y() > view.more.geometry().bottom()
    view.plan.methods.setFocus()
    QTest.mouseClick(view.page_buttons[1], Qt.MouseButton.LeftButton)
    assert compare.focusWidget() is view.table
    compare.views.tasks.setFocus()
    elsewhere = compare.focusWidget()
    QTest.mouseClick(view.page_buttons[0], Qt.MouseButton.LeftButton)
    assert compare.focusWidget() is elsewhere


def test_the_title_of_the_best_method_is_whole_in_bold(compare):
    table = drawn(compare).table
    font = QFont(table.font())
    font.setBold(True)
    assert (
        QFontMetrics(font).horizontalAdvance("Text-initialised head, pooled") + 16
        < LONGEST * table.fontMetrics().averageCharWidth()
    )


@pytest.mark.parametrize("larger", [0, 6])
def test_in_a_narrow_plan_the_protocol_can_be_read(compare, larger):
    plan = drawn(compare).plan
    font = plan.protocol.font()
    font.setPointSizeF(font.pointSizeF() + larger)
    plan.protocol.setFont(font)
    QTest.qWait(1)
    for width in range(plan.minimumSizeHint().width(), 800, 8):
        plan.resize(width, 400)
        plan.layout().activate()
        assert plan.protocol.shown == plan.protocol.currentText(), width
