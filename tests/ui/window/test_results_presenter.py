"""What is known of the groups on the board: at once from memory, after that from the cache, in every view."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.events import AffinityMeasured
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.results import RecordedScores, Result
from mmap_studio.session.runtime.job import State
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import sure
from mmap_studio.ui.window.results_presenter import ELSEWHERE, GONE
from tests.ui.scripted import key_of, rest
from tests.ui.window.test_main_window import run


@pytest.fixture
def window(make):
    return make()


def titles(window) -> dict[str, bool]:
    return {row.title: row.about.on_board for row in window.views.results.shown()}


def accuracies(window) -> dict[str, float]:
    return {row.name: row.accuracy for row in window.views.tasks.model.rows}


def test_a_card_moved_back_brings_its_results_at_once(window, qtbot):
    run(qtbot, window)
    board, known = window.studio.board, window.studio.known
    before = dict(known.current)
    assert set(before) == set(board.tasks)
    moved = next(task for task in board.tasks if len(board.grouping.groups[board.grouping.group_of(task)]) > 1)
    mates = board.grouping.mates(moved)
    board.move(moved, None)
    assert moved not in known.current
    assert not set(mates) & set(known.current)
    assert accuracies(window)[moved] is None
    board.undo()
    assert known.current == before  # without a look into the cache
    assert all(board.trained(i) for i in range(len(board.grouping)))
    assert accuracies(window)[moved] == before[moved].accuracy
    assert window.views.confusion.method.findData("run") >= 0


def test_a_look_into_the_mailbox_fills_the_results_once(window, monkeypatch):
    presenter, shown, told = window.presenter.results, [], []
    monkeypatch.setattr(window.views.results, "show_outcomes", lambda *_: shown.append("table"))
    monkeypatch.setattr(window.views.tasks, "show_scores", lambda *_: shown.append("tasks"))

    def poll(seconds):
        for show in (presenter.show_table, presenter.forget, presenter.show_table, presenter.show_board):
            show()
            with presenter.held():  # a look from an event loop inside, as a drag or a dialog has one
                show()
        told.append(list(shown))
        return True

    monkeypatch.setattr(window.studio, "poll", poll)
    window._poll()
    assert told == [[]]
    assert shown == ["tasks", "tasks", "table"]
    presenter.show_table()
    assert not shown[3:]  # they are the same
    presenter.forget()  # at once where nobody reads the mailbox
    assert shown[3:] == ["tasks", "tasks", "table"]


def test_the_curves_of_a_run_are_of_the_tasks_that_there_are(window, qtbot):
    run(qtbot, window)
    curves, tasks = window.views.curves, window.studio.project.file.tasks
    assert tasks_of(curves) == {entry.name for entry in tasks}
    window.studio.edit_tasks("Rename", [tasks[0].model_copy(update={"name": "Other"}), *tasks[2:]])
    rest(qtbot, window)
    names = [entry.name for entry in window.studio.project.file.tasks]
    legend = [curves.legend.topLevelItem(row).text(0) for row in range(curves.legend.topLevelItemCount())]
    assert legend == names
    assert tasks_of(curves) <= set(names)


def test_every_grouping_has_a_row_and_the_one_on_the_board_is_marked(window, qtbot):
    window.registry["together"].trigger()
    run(qtbot, window)
    suggested = window.studio.board.grouping
    window.registry["separate"].trigger()
    run(qtbot, window)
    assert titles(window)["All separate"]
    window.studio.board.replace(suggested)
    marked = [title for title, on in titles(window).items() if on]
    assert len(marked) == 1
    assert marked != ["All separate"]
    assert "All separate" in titles(window)


def test_the_row_of_a_grouping_that_is_kept_has_its_name(window, qtbot):
    run(qtbot, window)
    (before,) = (title for title, on in titles(window).items() if on)
    window.studio.board.keep("Pairs & more")
    assert titles(window)["Pairs & more"]
    assert before not in titles(window)
    window.studio.board.forget("Pairs & more")
    assert titles(window)[before]


def test_other_settings_take_the_marks_away_and_the_old_ones_bring_them_back(window, qtbot):
    run(qtbot, window)
    board, settings = window.studio.board, window.studio.project.settings
    window.studio.engine.trained.clear()  # with other settings the cache has nothing
    window.studio.set_settings(settings.model_copy(update={"seed": 8}))
    rest(qtbot, window)
    assert not any(board.trained(i) for i in range(len(board.grouping)))
    assert window.studio.known.current == {}
    window.studio.set_settings(settings)
    assert all(board.trained(i) for i in range(len(board.grouping)))
    rest(qtbot, window)


def test_what_the_cache_has_is_found_when_the_board_comes_to_it(window, qtbot):
    engine, board = window.studio.engine, window.studio.board
    engine.trained = {(task,) for task in board.tasks}
    board.replace(Grouping.separate(board.tasks))
    rest(qtbot, window)
    assert engine.recalled[-1] == board.grouping.text()
    assert set(window.studio.known.current) == set(board.tasks)
    assert titles(window) == {"All separate": True}


def losses(window) -> dict[str, float]:
    return {key.task: curve.last for key, curve in window.views.curves.losses.of("Training").items()}


def tasks_of(curves) -> set[str]:
    """The tasks that have a curve of losses in any stage."""
    stages = [curves.stage.itemText(n) for n in range(curves.stage.count())]
    return {key.task for stage in stages for key in curves.losses.of(stage)}


def test_the_curves_are_those_of_the_groups_on_the_board_as_far_as_they_are_known(window, qtbot):
    run(qtbot, window)
    board, engine = window.studio.board, window.studio.engine
    engine.trained = {board.tasks[:2], board.tasks[2:]}
    before = losses(window)
    board.replace(Grouping.of([board.tasks[:2], board.tasks[2:]]))
    rest(qtbot, window)
    assert losses(window) == dict(zip(board.tasks, [2, 2, 4, 4, 4, 4], strict=True)) != before
    key = recorded_row(window, grouping=Grouping.separate(board.tasks))
    engine.trained |= {(task,) for task in board.tasks}
    window.views.results.opened.emit(key, "Noto")  # looks up another grouping than the board's
    rest(qtbot, window)
    assert losses(window)["Noto"] == 2


def test_looking_into_the_cache_is_no_state_of_its_own(window, qtbot):
    run(qtbot, window)
    window.studio.board.replace(Grouping.separate(window.studio.board.tasks))
    assert window.studio.jobs.doing == "recalling"
    assert window.studio.jobs.state is State.DONE
    assert window.registry["run"].isEnabled()
    window.registry["run"].trigger()  # waits for the look to stop, without blocking
    rest(qtbot, window)
    assert window.studio.engine.asked[-1] == window.studio.board.grouping.text()
    assert window.studio.jobs.state is State.DONE


def recorded_row(window, digest="d1", grouping=None) -> str:
    """A row of a grouping that only a run folder knows: its key."""
    tasks, settings = window.studio.board.tasks, window.studio.known.exact(window.studio.project.settings)
    figures = dict.fromkeys(tasks, RecordedScores(0.5, 0.5, 0.1))
    groups, run = grouping or Grouping.of([tasks[:3], tasks[3:]]), "20260101T000000Z-x"
    result = Result("run", figures, 100, settings, "tiny", digest, groups, run)
    window.studio.known.book.add(result)
    window.presenter.results.show()
    return window.studio.known.book.rows()[-1].key


def test_a_double_click_opens_the_images_of_a_row_from_the_cache(window, qtbot):
    run(qtbot, window)
    key = recorded_row(window)
    board = window.studio.board.grouping
    window.studio.engine.trained = {window.studio.board.tasks[:3], window.studio.board.tasks[3:]}
    window.views.results.opened.emit(key, "Noto")
    rest(qtbot, window)
    assert window.views.gallery.method.currentData() == key
    assert window.views.gallery.task.currentData() == "Noto"
    assert window.views.confusion.evaluation is not None
    assert window.studio.board.grouping == board


def test_two_rows_show_the_images_that_one_of_them_has_right(window, qtbot):
    run(qtbot, window)
    view, known = window.views.results, window.studio.known
    zero, mine = known.methods["zero_shot"].per_task["Noto"], known.current["Noto"]
    labels = np.asarray(known.tasks[0].test.labels)
    fixed = (zero.predictions != labels) & (mine.predictions == labels)
    broken = (zero.predictions == labels) & (mine.predictions != labels)
    assert fixed.any()
    assert broken.any()
    rows = [row.method for row in view.shown()]
    pair = {rows.index("zero_shot" if "zero_shot" in rows else rows[0]), len(rows) - 1}
    assert view.pair.isHidden()
    for row in pair:
        view.table.selectionModel().select(view.proxy.index(row, 1), QItemSelectionModel.SelectionFlag.Select)
    view.table.selectionModel().setCurrentIndex(
        view.proxy.index(max(pair), 1), QItemSelectionModel.SelectionFlag.NoUpdate
    )
    assert not view.pair.isHidden()
    view.pair.click()
    rest(qtbot, window)
    gallery, confusion = window.views.gallery, window.views.confusion
    assert gallery.task.currentData() == "Noto"
    assert gallery.method.currentText().startswith("Fixed: ")
    assert [gallery.grid.grid.items.image(k).index for k in range(len(gallery.grid.grid.items))] == list(
        np.flatnonzero(fixed)
    )
    assert confusion.evaluation.confusion.sum() == fixed.sum()
    window.views.show_view(confusion)
    qtbot.waitUntil(confusion.wrong.isEnabled)
    confusion.wrong.click()
    assert sorted(image.index for image in window.studio.selection) == list(np.flatnonzero(fixed))
    window.studio.selection.clear()
    for box in (gallery.method, confusion.method):
        box.setCurrentIndex(next(k for k in range(box.count()) if box.itemText(k).startswith("Broken: ")))
    confusion.wrong.click()
    assert sorted(image.index for image in window.studio.selection) == list(np.flatnonzero(broken))
    assert f"{fixed.sum()} fixed, {broken.sum()} broken of 9" in window.status.note.text()


def test_a_row_of_two_that_is_in_the_cache_alone_is_fetched_first(window, qtbot):
    run(qtbot, window)
    key = recorded_row(window)
    window.studio.engine.trained = {window.studio.board.tasks[:3], window.studio.board.tasks[3:]}
    mine = next(row.method for row in window.views.results.shown() if row.about.on_board)
    window.views.results.compared.emit(mine, key, "Twemoji")
    rest(qtbot, window)
    assert window.views.gallery.task.currentData() == "Twemoji"
    assert window.views.gallery.method.currentText().partition(":")[0] in ("Fixed", "Broken")
    window.studio.engine.trained.clear()
    window.studio.known.forget_groups()
    window.views.results.compared.emit(mine, key, "Twemoji")
    rest(qtbot, window)
    assert window.status.note.text() == GONE


def test_a_look_that_gives_way_to_the_one_asked_for_does_not_answer_for_it(window, qtbot):
    run(qtbot, window)
    key = recorded_row(window)
    window.studio.engine.trained = {window.studio.board.tasks[:3], window.studio.board.tasks[3:]}
    for _ in range(2):  # Return pressed twice
        window.views.results.opened.emit(key, "Noto")
    rest(qtbot, window)
    assert window.status.note.text() != GONE
    assert window.views.gallery.method.currentData() == key


def test_a_double_click_is_one_opening(window, qtbot):
    run(qtbot, window)
    view, asked = window.views.results, []
    view.opened.connect(lambda *cell: asked.append(cell))
    window.views.show_view(view)
    cell = view.table.visualRect(view.proxy.index(0, 1)).center()
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    qtbot.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert asked == [(view.shown()[0].method, "Noto")]


def test_a_row_whose_prompts_are_gone_says_so(window, qtbot):
    run(qtbot, window)
    key = recorded_row(window)
    window.studio.engine.trained.clear()
    window.views.results.opened.emit(key, "Noto")
    rest(qtbot, window)
    assert "run it again" in window.status.note.text()


def test_a_row_of_another_backbone_is_neither_on_the_board_nor_given_this_ones_images(window, qtbot):
    run(qtbot, window)
    board = window.studio.board.grouping
    key = recorded_row(window, "d2", board)
    assert [row.about.on_board for row in window.views.results.shown() if row.method == key] == [False]
    window.views.results.opened.emit(key, "Noto")
    rest(qtbot, window)
    assert window.status.note.text() == ELSEWHERE.format("tiny")
    assert window.views.gallery.method.findData(key) < 0


def test_another_precision_is_another_training_and_auto_is_what_it_stands_for(window, qtbot):
    run(qtbot, window)
    board, settings, engine = window.studio.board, window.studio.project.settings, window.studio.engine
    engine.trained.clear()  # in another precision the cache has nothing
    window.studio.set_settings(settings.model_copy(update={"precision": "bfloat16"}))
    rest(qtbot, window)
    assert not any(board.trained(i) for i in range(len(board.grouping)))
    assert not any(titles(window).values())
    assert engine.opened[-1].settings.precision == "bfloat16"  # zero-shot and map are read anew
    window.studio.set_settings(settings.model_copy(update={"precision": "float32"}))
    assert any(titles(window).values())
    rest(qtbot, window)


def test_on_a_board_that_nobody_arranged_a_run_takes_the_suggestion_though_the_affinity_is_known(make, qtbot):
    window = make(first="")
    engine, starter = window.studio.engine, Project.starter()
    known = engine._affinity([entry.name for entry in starter.file.tasks], lambda: None)
    engine.measured[key_of(starter)] = [event for event in known if isinstance(event, AffinityMeasured)]
    window.open("starter")
    rest(qtbot, window)
    board = window.studio.board
    assert window.studio.known.estimate is not None
    assert len(board.grouping) == 1
    assert window.studio.command().endswith("--groups auto")
    run(qtbot, window)
    assert len(board.grouping) > 1
    window.registry["undo"].trigger()
    run(qtbot, window)
    assert engine.asked == ["auto", Grouping.together(board.tasks).text()]  # taken back by hand: together it is


def test_differences_carry_their_interval_and_are_grey_within_noise(make, qtbot):
    window = make()
    run(qtbot, window)
    view = window.views.results
    row = next(row for row in view.model.rows if math.isfinite(row.figures[0].delta))
    figure = row.figures[0]
    assert math.isfinite(figure.half)
    assert not figure.real  # of nine images nothing is sure
    index = view.model.index(view.model.rows.index(row), 1)
    assert "95 % interval" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "within noise" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    tasks = window.views.tasks.model.rows
    assert all(sure(one.gain, one.noise) == theme.current().muted for one in tasks)
    assert "within noise" in tasks[0].sentence
    assert sure(2.0, 1.9) == theme.current().good
    assert sure(-2.0, 1.9) == theme.current().bad
    assert sure(2.0, math.nan) == theme.current().muted
