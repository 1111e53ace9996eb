"""An edit that cannot be written is said until it is written, and the project is not left behind without a question."""

import threading

import pytest
from PySide6.QtWidgets import QFileDialog

from mmap_studio.errors import StorageError
from mmap_studio.session.project import autosave
from mmap_studio.session.project.project import Project
from mmap_studio.ui.window import unsaved_edits
from tests import projects
from tests.ui.scripted import rest


@pytest.fixture
def full(monkeypatch):
    """While it is not undone, nothing of a session can be written."""

    written = autosave.save

    def refuse(project, board, began=None):
        if began is not None:  # a copy has none
            raise StorageError("The disk is full.")
        written(project, board)

    with monkeypatch.context() as patch:
        patch.setattr(autosave, "save", refuse)
        yield patch


@pytest.fixture
def window(make, qtbot, tmp_path, full):
    made = make(first=str(projects.make(tmp_path).folder))
    rest(qtbot, made)
    made.registry["separate"].trigger()
    made.studio.settle()
    return made


def test_it_is_said_as_a_warning_and_goes_with_the_next_edit_that_is_written(window, full):
    notice = window.notice
    assert notice.isVisible()
    assert notice.mark.isVisible()
    assert "not saved. The disk is full." in notice.words.text()
    window.notice.buttons[0].click()  # try again, in vain
    assert notice.isVisible()
    full.undo()
    window.registry["undo"].trigger()
    window.studio.settle()
    assert not notice.isVisible()
    assert window.status.note.text().startswith("Saved")


def test_closing_and_opening_another_ask_first(window, full, monkeypatch):
    asked, answer = [], [False]
    monkeypatch.setattr(unsaved_edits, "ask_discard", lambda parent, sentence: asked.append(sentence) or answer[0])
    window.close()
    window.open("starter")
    assert window.isVisible()
    assert window.studio.project.name != "Six drawing styles"
    assert len(asked) == 2
    full.undo()
    window.close()  # it can be written now: nobody is asked
    assert len(asked) == 2
    assert not window.isVisible()


def test_a_copy_elsewhere_has_every_edit(window, full, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "copy"))
    monkeypatch.setattr(unsaved_edits, "ask_discard", lambda *args: pytest.fail("asked, though nothing would be lost"))
    window.notice.buttons[1].click()
    qtbot.waitUntil(lambda: window.studio.project.folder == tmp_path / "copy")
    rest(qtbot, window)
    assert len(window.studio.board.grouping) == len(projects.DOMAINS)
    assert Project.open(tmp_path / "copy").name == "copy"
    assert not window.notice.isVisible()
    full.undo()


def test_an_edit_made_while_a_copy_is_written_is_not_left_without_a_question(window, qtbot, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(unsaved_edits, "ask_discard", lambda parent, sentence: asked.append(sentence))
    window.project_commands.save_copy(str(tmp_path / "copy"))
    window.registry["together"].trigger()
    qtbot.waitUntil(lambda: bool(asked))
    assert window.studio.unsaved
    assert window.studio.project.folder == tmp_path / "project"


def test_a_copy_that_is_written_during_a_run_waits_and_what_is_unsaved_stays_so(window, qtbot, tmp_path, monkeypatch):
    rest(qtbot, window)
    monkeypatch.setattr(type(window.studio.jobs), "doing", "running")
    window.project_commands.save_copy(str(tmp_path / "copy"))
    qtbot.waitUntil(lambda: "The copy is in" in window.status.note.text())
    monkeypatch.setattr(type(window.studio.jobs), "doing", "")
    assert window.studio.unsaved
    assert window.studio.project.folder == tmp_path / "project"
    monkeypatch.setattr(unsaved_edits, "ask_discard", lambda *args: True)


def test_a_disk_that_does_not_answer_holds_nobody(make, qtbot, tmp_path, monkeypatch):
    window = make(first=str(projects.make(tmp_path).folder))
    rest(qtbot, window)
    gate, asked, answer = threading.Event(), [], [False]
    written = autosave.save
    monkeypatch.setattr(autosave, "save", lambda *given: gate.wait(30) and written(*given))
    monkeypatch.setattr(unsaved_edits, "ask_discard", lambda parent, sentence: asked.append(sentence) or answer[0])
    for module in (unsaved_edits, autosave):
        monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    window.registry["separate"].trigger()
    window.close()
    assert window.isVisible()
    assert asked == [unsaved_edits.SLOW]
    answer[0] = True
    window.close()
    assert not window.isVisible()
    gate.set()  # the thread goes on writing, as the end of the program would let it
    qtbot.waitUntil(lambda: not any(one.name == "mmap-saver" for one in threading.enumerate()))
    _, board, _ = autosave.load(Project.open(tmp_path / "project"))
    assert len(board["groups"]) == len(projects.DOMAINS)


def test_a_file_that_another_program_changed_meanwhile_is_asked_about(make, qtbot, tmp_path):
    """Both had edits: the notice offers either, and what is not kept stays beside it."""
    from mmap_studio.session.project.project_file import FILE_NAME, read_project_file
    from mmap_studio.session.studio.studio import OURS

    folder = projects.make(tmp_path).folder
    window = make(first=str(folder))
    rest(qtbot, window)
    path = folder / FILE_NAME
    path.write_text(path.read_text().replace("epochs = 2", "epochs = 3"))
    window.studio._look_at = float("inf")  # the window's edit comes first
    project = window.studio.project
    window.studio.set_settings(project.settings.model_copy(update={"seed": 7}))
    window.studio.settle()
    texts = [button.text() for button in window.notice.buttons]
    assert texts == ["Take the file's", "Keep this window's", "Save a copy…"]
    assert "was left as it is" in window.notice.words.text()
    window.notice.buttons[0].click()
    assert window.studio.unsaved == ""
    assert window.studio.project.settings.train.epochs == 3
    assert read_project_file(folder / OURS).settings.seed == 7
    rest(qtbot, window)
