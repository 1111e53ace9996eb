"""Runs in the window: what is done to them is on the disk, undone by Undo, and seen in every view."""

import pytest

from mmap_studio.session.results.results import recorded_results
from mmap_studio.session.runs.about import edit_about, read_about
from mmap_studio.session.runs.trash import discarded
from mmap_studio.storage.runs import RunFolder, list_runs
from mmap_studio.ui.curves.view import RUNS
from mmap_studio.ui.runs import presenter
from tests.session.runs.recorded import run_of
from tests.ui.scripted import rest


@pytest.fixture
def window(make, qtbot):
    made = make()
    project = made.studio.project
    for number in range(3):
        settings = project.settings.model_copy(update={"seed": number + 1})
        run_of(project.with_settings(settings), number, 0.5 + 0.125 * number)
    made.open("starter")
    rest(qtbot, made)
    made.registry["show_runs"].trigger()
    wait(qtbot, made, 3)
    return made


def wait(qtbot, window, count: int) -> None:
    view = window.views.runs
    qtbot.waitUntil(lambda: view._rows.rowCount() == count and not window.background.busy, timeout=20000)


def said(window, name: str):
    return read_about(RunFolder(window.studio.project.runs / name))


def select(window, *rows: int) -> list[str]:
    view = window.views.runs
    flags = view.table.selectionModel().SelectionFlag
    view.table.clearSelection()
    for row in rows:
        view.table.selectionModel().select(view._rows.index(row, 0), flags.Select | flags.Rows)
    return view.selected()


def test_a_name_a_note_and_tags_are_kept_and_taken_back(window, qtbot, monkeypatch):
    (name,) = select(window, 0)
    answers = iter(["best", "why\nnot", "a, b"])
    monkeypatch.setattr(presenter, "ask_words", lambda *asked, **more: next(answers))
    for key in ("rename", "note", "tags", "pin"):
        window.views.runs.commands[key].trigger()
    about = said(window, name)
    assert (about.name, about.note, about.tags, about.pinned) == ("best", "why\nnot", ["a", "b"], True)
    qtbot.waitUntil(lambda: window.views.runs._rows.index(0, 0).data() == "★ best", timeout=20000)
    assert window.registry["undo"].isEnabled()
    window.registry["undo"].trigger()
    window.registry["undo"].trigger()
    assert (said(window, name).tags, said(window, name).pinned, said(window, name).name) == ([], False, "best")
    window.registry["redo"].trigger()
    assert said(window, name).tags == ["a", "b"]


def test_what_another_program_says_of_the_run_meanwhile_stays(window, monkeypatch):
    (name,) = select(window, 0)
    run = RunFolder(window.studio.project.runs / name)
    edit_about(run, tag=["old"])

    def asked(*words, **more):
        edit_about(run, tag=["theirs"], note="theirs")
        return "mine"

    monkeypatch.setattr(presenter, "ask_words", asked)
    window.views.runs.commands["tags"].trigger()
    assert (said(window, name).tags, said(window, name).note) == (["theirs", "mine"], "theirs")
    edit_about(run, name="theirs")
    window.registry["undo"].trigger()
    assert (said(window, name).tags, said(window, name).note) == (["theirs", "old"], "theirs")
    assert said(window, name).name == "theirs"


def test_nothing_changes_where_the_question_is_closed(window, monkeypatch):
    (name,) = select(window, 0)
    monkeypatch.setattr(presenter, "ask_words", lambda *asked, **more: None)
    window.views.runs.commands["rename"].trigger()
    assert said(window, name).name == ""
    assert window.studio.board.history.undo_label != "Rename run"


def test_deleted_runs_leave_every_view_and_come_back(window, qtbot):
    project, names = window.studio.project, select(window, 0, 1)
    for result in recorded_results(project)[0]:  # which the scripted engine does not tell
        window.studio.known.book.add(result)
    rows = {result.run for row in window.studio.known.book.rows() for result in row.results}
    assert set(names) < rows
    window.views.runs.commands["delete"].trigger()
    wait(qtbot, window, 1)
    assert sorted(one.name for one in discarded(project)) == sorted(names)
    left = {result.run for row in window.studio.known.book.rows() for result in row.results}
    assert not left & set(names)
    window.registry["undo"].trigger()
    wait(qtbot, window, 3)
    assert {result.run for row in window.studio.known.book.rows() for result in row.results} == rows
    assert [run.verify() for run in list_runs(project.runs)] == [[], [], []]
    window.registry["redo"].trigger()
    wait(qtbot, window, 1)


def test_two_selected_runs_say_in_what_they_differ(window, qtbot):
    select(window, 0, 1)
    view = window.views.runs
    qtbot.waitUntil(lambda: view.details.currentWidget() is view.differences, timeout=20000)
    assert [view.differences.topLevelItem(0).text(place) for place in range(3)] == ["seed", "3", "2"]


def test_curves_of_runs_lie_over_each_other(window, qtbot):
    names = select(window, 0, 1)
    window.views.runs.commands["curves"].trigger()
    curves = window.views.curves
    qtbot.waitUntil(lambda: curves.stage.currentText() == RUNS, timeout=20000)
    drawn = {key.task: list(curve.points()[1]) for key, curve in curves.losses.of(RUNS).items()}
    assert len(drawn) == 4
    assert sorted(drawn.values()) == sorted([[1.0, 2.0], [4.0, 3.0], [2.0, 2.0], [4.0, 3.0]])
    assert curves.isVisible()
    rows = [curves.legend.topLevelItem(place) for place in range(curves.legend.topLevelItemCount())]
    assert {row.text(0) for row in rows if not row.isHidden()} == set(drawn)
    places = {name: curves._places[name] for name in drawn}
    assert len({place.dashes for place in places.values()}) == len(names)
    assert len({place.colour for place in places.values()}) == 2
    window.studio.set_settings(window.studio.project.settings.model_copy(update={"seed": 9}))
    assert curves.losses.of(RUNS)
    window.registry["run"].trigger()
    rest(qtbot, window)
    assert not curves.losses.of(RUNS)
