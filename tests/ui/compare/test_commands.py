"""What can be asked of a comparison: pause, order, skip, seeds, report, images, settings, groups, export."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.runtime.job import State
from mmap_studio.ui.compare import commands
from mmap_studio.ui.compare.about_row import AboutRow
from tests.ui.compare.test_view import drawn, settled

FEW = ComparisonPlan(("ridge", "coop", "mmap_suggested", "mmap_together"), parse_amounts("4,full"), (1, 2))


@pytest.fixture
def compare(make, qtbot):
    """A window with a small plan."""
    window = make()
    window.registry["show_compare"].trigger()
    settled(qtbot, window)
    window.studio.comparisons.set_plan(FEW)
    settled(qtbot, window)
    return window


@pytest.fixture
def done(compare, qtbot):
    """The same, made."""
    compare.registry["compare_start"].trigger()
    settled(qtbot, compare)
    drawn(compare)
    return compare


@pytest.fixture
def note(compare):
    """The sentence in the status line."""
    return lambda: compare.status.note.text()


def select(window, method, amount="full"):
    """Select the row of a method; the table has the keyboard."""
    view = drawn(window)
    view.turn_to(view.table)
    window.activateWindow()
    view.table.setFocus()
    place = next(
        n for n, one in enumerate(view.table.rows.entries) if one.key[0] == method and one.key[1].label == amount
    )
    index = view.table.proxy.mapFromSource(view.table.rows.index(place, 0))
    view.table.selectionModel().setCurrentIndex(
        index, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    )
    return view.table


def started(window, qtbot, seconds=0.05):
    window.studio.engine.trial_seconds = seconds
    window.registry["compare_start"].trigger()
    qtbot.waitUntil(lambda: window.studio.comparisons.ledger.in_hand is not None, timeout=30000)


def test_pause_rests_and_goes_on(compare, qtbot):
    comparisons, view = compare.studio.comparisons, compare.views.compare
    started(compare, qtbot)
    compare.registry["compare_pause"].trigger()
    qtbot.waitUntil(lambda: comparisons.state is State.PAUSED, timeout=30000)
    kept = len(compare.studio.engine.kept)
    QTest.qWait(400)
    assert len(compare.studio.engine.kept) <= kept + 1
    drawn(compare)
    assert view.pause.text() == "Resume"
    assert "paused" in view.progress.text()
    compare.studio.engine.trial_seconds = 0
    view.pause.click()
    settled(qtbot, compare)
    assert len(compare.studio.engine.kept) == 20
    assert not drawn(compare).pause.isVisible()


def test_rows_are_made_next_by_their_key(compare, qtbot):
    started(compare, qtbot, 0.2)
    table = select(compare, "mmap_together")
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert compare.studio.comparisons.plan.first[:2] == (("mmap_together", "full", 1), ("mmap_together", "full", 2))
    waiting = compare.studio.comparisons.ledger.waiting(compare.studio.comparisons.plan)
    others = [cell for cell in waiting if cell[0] != "zero_shot"]
    assert others[0] == ("mmap_together", "full", 1)
    compare.studio.engine.trial_seconds = 0
    settled(qtbot, compare)


def test_a_row_is_skipped_and_made_after_all(compare, qtbot):
    table = select(compare, "coop")
    QTest.keyClick(table, Qt.Key.Key_Delete)
    settled(qtbot, compare)
    entry = next(
        one for one in drawn(compare).table.rows.entries if one.key[0] == "coop" and one.key[1].label == "full"
    )
    assert entry.line.state == "skipped"
    compare.registry["compare_start"].trigger()
    settled(qtbot, compare)
    assert {cell[1] for _, cell in compare.studio.engine.kept if cell[0] == "coop"} == {"4"}
    table = select(compare, "coop")
    assert compare.compare_commands.rows.by_name["skip"].text() == "&Make after all"
    QTest.keyClick(table, Qt.Key.Key_Delete)
    settled(qtbot, compare)
    assert not compare.studio.comparisons.plan.without
    assert drawn(compare).start.isEnabled()


def test_more_seeds_are_the_next_free_numbers(done, qtbot, monkeypatch):
    monkeypatch.setattr(commands, "ask_number", lambda *asked: 2)
    done.registry["compare_seeds"].trigger()
    settled(qtbot, done)
    assert done.studio.comparisons.plan.seeds == (1, 2, 3, 4)
    view = drawn(done)
    assert view.plan.seeds.text() == "1, 2, 3, 4"
    assert view.start.isEnabled()
    assert {one.line.words for one in view.table.rows.entries} >= {"2 of 4 seeds, place 1"}


def test_the_report_is_written_into_the_project_and_opened(done, qtbot, monkeypatch, note):
    opened = []
    monkeypatch.setattr(commands.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    done.registry["compare_report"].trigger()
    qtbot.waitUntil(lambda: bool(opened), timeout=60000)
    (page,) = done.studio.project.folder.glob("comparisons/*/report.html")
    assert opened == [str(page)]
    text = page.read_text()
    assert "mmap-studio compare starter --methods ridge,coop,mmap_suggested,mmap_together --shots 4,full" in text
    assert str(page) in note()


def test_there_is_no_report_of_nothing(compare, note):
    compare.compare_commands.actions["compare_report"]()
    assert "needs a trial" in note()


def test_the_command_is_copied(compare, note):
    compare.views.compare.more.menu().actions()[2].trigger()
    assert QApplication.clipboard().text().endswith("--shots 4,full --seeds 1,2")


def test_the_groups_of_the_answer_go_on_the_board_and_come_back_with_undo(done, note):
    view, board = done.views.compare, done.studio.board
    assert view.use.isVisible()
    before = board.grouping
    view.use.menu().actions()[0].trigger()
    names = [entry.name for entry in done.studio.project.file.tasks]
    assert board.grouping.groups[0] == tuple(names[:2])
    assert len(board.grouping) == len(names) - 1
    assert "are on the board" in note()
    done.registry["undo"].trigger()
    assert board.grouping == before


def test_what_the_answer_recommends_is_exported_to_a_folder(done, qtbot, monkeypatch, tmp_path, note):
    asked = []
    monkeypatch.setattr(commands, "ask_text", lambda *given: asked.append(given) or str(tmp_path / "out"))
    done.views.compare.use.menu().actions()[1].trigger()
    settled(qtbot, done)
    assert "MmAP, suggested groups learned with all training images and seed 1" in asked[0][2]
    assert asked[0][3].endswith("mmap_suggested-full-seed-1")
    assert (tmp_path / "out" / "README.md").is_file()
    assert note() == f"Exported to {tmp_path / 'out'}"


def test_a_row_is_exported_by_its_key_and_a_refusal_is_shown(done, qtbot, monkeypatch, tmp_path, note):
    monkeypatch.setattr(commands, "ask_text", lambda *given: str(tmp_path / "out"))
    table = select(done, "zero_shot")
    QTest.keyClick(table, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    settled(qtbot, done)
    assert "learns nothing" in drawn(done).problem.text()
    monkeypatch.setattr(commands, "ask_text", lambda *given: "here")
    done.compare_commands.rows.by_name["export"].trigger()
    assert "must be an absolute path" in note()


def test_nothing_is_exported_while_something_is_trained(compare, qtbot, monkeypatch, tmp_path, note):
    monkeypatch.setattr(commands, "ask_text", lambda *given: str(tmp_path / "out"))
    started(compare, qtbot)
    qtbot.waitUntil(lambda: len(compare.studio.engine.kept) > 4, timeout=30000)
    select(compare, "zero_shot")
    compare.compare_commands.rows.by_name["export"].trigger()
    assert "is being trained" in note()
    compare.studio.engine.trial_seconds = 0
    settled(qtbot, compare)


def test_settings_and_figures_of_a_row_have_a_column_a_seed(done, qtbot):
    table = select(done, "mmap_suggested")
    QTest.keyClick(table, Qt.Key.Key_Space)
    dialog = done.findChild(AboutRow)
    qtbot.addWidget(dialog)
    rows = {dialog.tree.topLevelItem(n).text(0): n for n in range(dialog.tree.topLevelItemCount())}
    assert [dialog.tree.headerItem().text(n) for n in (1, 2)] == ["Seed 1", "Seed 2"]
    assert dialog.tree.topLevelItem(rows["Steps"]).text(1) == "400"
    assert dialog.tree.topLevelItem(rows["Groups"]).text(2).count("|") == 4
    dialog.close()


def test_images_of_other_test_sets_are_refused_in_a_sentence(done, note):
    table = select(done, "coop", "4")  # made-up trials have 100 test images, the scripted tasks 9
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert note() == commands.OTHERS


def test_images_of_a_row_are_shown_with_what_it_says_of_them(done, qtbot):
    from tests.session.compare.made_up import trial

    ledger = done.studio.comparisons.ledger
    labels = done.studio.known.tasks[0].test.labels
    names = [task.name for task in done.studio.known.tasks]
    cell = ("coop", "full", 1)
    own = trial(*cell, dict.fromkeys(names, labels != 1), labels, 3, title="CoOp, per task", family="prompts")
    ledger.trials[cell] = replace(own, seed=1)
    QTest.keyClick(select(done, "coop"), Qt.Key.Key_Return)
    gallery = done.views.gallery
    assert gallery.isAncestorOf(QApplication.focusWidget())
    assert gallery.method.currentText() == "CoOp, per task, all training images, seed 1"
    assert gallery.which.currentData() == "wrong"
    assert gallery.count.text() == "3 of 9"


def with_curves(window, *cells):
    """Give these trials curves of every task."""
    ledger = window.studio.comparisons.ledger
    for cell in cells:
        one = ledger.trials[cell]
        curve = dict.fromkeys(one.per_task, ((1.0, 2.0), (2.0, 1.0 + cell[2])))
        validation = dict.fromkeys(one.per_task, ((1.0, 0.25), (2.0, 0.5))) if one.family == "mmap" else {}
        ledger.trials[cell] = replace(one, losses=curve, validation=validation)


def test_the_curves_of_a_row_lie_over_each_other_by_seed(done):
    with_curves(done, ("coop", "full", 1), ("coop", "full", 2), ("mmap_together", "4", 1))
    table, curves = select(done, "coop"), done.views.curves
    assert "Show c&urves" in [one.text() for one in table.actions()]
    QTest.keyClick(table, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert curves.isVisible()
    tasks = [task.name for task in done.studio.known.tasks]
    drawn_ = curves.losses.of(curves.stage.currentText())
    assert {key.task for key in drawn_} == {f"seed {seed} · {task}" for seed in (1, 2) for task in tasks}
    last = {key.task: curve.points()[1][-1] for key, curve in drawn_.items()}
    assert {last[f"seed 1 · {tasks[0]}"], last[f"seed 2 · {tasks[0]}"]} == {2, 3}
    assert not curves.accuracies.of(curves.stage.currentText())


def test_the_curves_of_several_rows_say_what_they_differ_in(done):
    with_curves(done, ("coop", "full", 1), ("mmap_together", "4", 1))
    found = []
    done.compare_commands.show_curves = found.extend
    drawn(done).turn_to(done.views.compare.table)
    done.views.compare.table.selectAll()
    done.compare_commands.rows.by_name["curves"].trigger()
    assert [title for title, _ in found] == [
        "MmAP, all together, 4 images a class, seed 1", "CoOp, per task, all training images, seed 1",
    ]  # fmt: skip
    (points,) = {tuple(map(tuple, one.tolist())) for one in found[0][1].accuracies.values()}
    assert points == ((1, 2), (0.25, 0.5))


def test_a_row_without_curves_says_why(done, note):
    select(done, "zero_shot")
    done.compare_commands.rows.by_name["curves"].trigger()
    assert "Zero-shot CLIP must have been trained step by step to have curves" in note()


def test_rows_are_copied_for_a_spreadsheet(done):
    table = select(done, "coop")
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, row = QApplication.clipboard().text().strip().splitlines()
    assert head.split("\t")[:4] == ["Method", "Shots", "State", "Accuracy, %"]
    assert row.split("\t")[:3] == ["CoOp, per task", "full", "2 of 2 seeds"]
