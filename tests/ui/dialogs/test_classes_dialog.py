"""What CLIP reads, edited in place: names with their tokens, templates, classes merged and left out."""

import threading
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit

from mmap_studio.data.names import class_name_problems
from mmap_studio.errors import DataError
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.ui.dialogs.classes_dialog import TEXT, ClassesDialog
from mmap_studio.ui.window.action_state import EDITS
from tests.ui.folders import wait_for_report
from tests.ui.scripted import CLASSES, rest

NAMES, ROOM = ("cat", "dog", "fox"), 3
UNTICKED = Qt.CheckState.Unchecked


def ids(name: str) -> list[int]:
    return [hash(word.lower()) for word in name.split()]


@pytest.fixture
def dialog(qtbot):
    made = ClassesDialog(
        TaskEntry(name="Noto", folder="noto"), NAMES, lambda names: [len(ids(name)) for name in names], None,
        lambda names, template: list(class_name_problems("Noto", names, ids, ROOM)),
    )  # fmt: skip
    qtbot.addWidget(made)
    made.show()
    return made


def type_into(qtbot, dialog, row: int, text: str) -> None:
    """As a user does: choose the cell, type, Return."""
    table = dialog.table
    table.setCurrentCell(row, 0)
    table.editItem(table.item(row, 0))
    editor = table.findChild(QLineEdit)
    editor.selectAll()
    if text:
        qtbot.keyClicks(editor, text)
    else:
        qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.findChild(QLineEdit) is None)


def taken(dialog) -> TaskEntry:
    return dialog.result_for(dialog._entry)


def test_tokens_follow_what_is_typed(dialog, qtbot):
    assert [dialog.table.item(row, 1).text() for row in range(3)] == ["1", "1", "1"]
    type_into(qtbot, dialog, 1, "old dog")
    assert dialog.table.item(1, 1).text() == "2"
    assert taken(dialog).class_names == {"dog": "old dog"}
    assert dialog.accept_button.isEnabled()


@pytest.mark.parametrize(
    ("text", "why"),
    [("a very old dog", "has 4 tokens"), ("CAT", "read as the same tokens"), ("", "must have a name")],
)
def test_a_name_that_cannot_be_used_is_refused_at_once_and_can_be_mended(dialog, qtbot, text, why):
    type_into(qtbot, dialog, 1, text)
    assert why in dialog.problem.text()
    assert dialog.problem.isVisible()
    assert not dialog.accept_button.isEnabled()
    type_into(qtbot, dialog, 1, "hound")
    assert not dialog.problem.isVisible()
    assert dialog.accept_button.isEnabled()


def test_classes_of_one_name_become_one_and_it_is_said(dialog, qtbot):
    type_into(qtbot, dialog, 1, "pet")
    type_into(qtbot, dialog, 0, "pet")
    assert dialog.note.text() == "cat and dog are merged into pet."
    made = taken(dialog)
    assert (made.merged, made.class_names, made.left_out) == ({"pet": ("cat", "dog")}, {}, ())
    type_into(qtbot, dialog, 2, "pet")
    assert "at least 2 classes" in dialog.problem.text()


def test_space_leaves_a_class_out(dialog, qtbot):
    dialog.table.setCurrentCell(2, 0)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
    assert dialog.note.text() == "Left out: 1 of 3 classes."
    assert taken(dialog).left_out == ("fox",)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
    assert taken(dialog) == dialog._entry


def test_templates_are_taken_and_one_without_a_place_for_the_name_is_not(dialog, qtbot):
    dialog.template.setText("a sketch of a {}.")
    dialog.ensemble.setPlainText("a drawing of a {}.\n\n a doodle of a {}. ")
    assert taken(dialog).template == "a sketch of a {}."
    assert taken(dialog).ensemble == ("a drawing of a {}.", "a doodle of a {}.")
    dialog.ensemble.setPlainText("no place")
    assert "must contain {} once" in dialog.problem.text()
    assert not dialog.accept_button.isEnabled()


def test_tokens_are_no_cells_to_edit(dialog):
    assert not dialog.table.item(0, 1).flags() & Qt.ItemFlag.ItemIsEditable


def test_words_of_a_thousand_classes_are_typed_without_waiting(qtbot):
    raw = [f"class {number}" for number in range(1000)]
    dialog = ClassesDialog(TaskEntry(name="Noto", folder="noto"), raw, lambda names: [1] * len(names))
    qtbot.addWidget(dialog)
    began = time.perf_counter()
    dialog.template.insert("a")
    assert time.perf_counter() - began < 0.5  # a tenth of that; to go through all for each of them took seconds


def test_new_words_reach_the_project_in_one_undoable_step(make, qtbot, monkeypatch):
    window = make()

    def answer(dialog) -> int:
        dialog.table.item(sorted(CLASSES).index("fox"), 0).setText("red fox")
        dialog.template.setText("a pictogram of a {}.")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("Twemoji")
    before = window.studio.project.file.tasks
    window.registry["classes"].trigger()
    tasks = {entry.name: entry for entry in window.studio.project.file.tasks}
    assert tasks["Twemoji"].class_names == {"fox": "red fox"}
    assert tasks["Twemoji"].template == "a pictogram of a {}."
    assert tasks["Noto"].class_names == {}
    rest(qtbot, window)
    window.registry["undo"].trigger()
    assert window.studio.project.file.tasks == before
    rest(qtbot, window)


def test_tasks_that_come_while_words_are_edited_stay(make, qtbot, data, monkeypatch):
    window = make()

    def answer(dialog) -> int:
        window.import_commands.add([str(data)])
        wait_for_report(qtbot).close()
        dialog.template.setText("a pictogram of a {}.")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("Twemoji")
    window.registry["classes"].trigger()
    rest(qtbot, window)
    tasks = {entry.name: entry for entry in window.studio.project.file.tasks}
    assert {"art", "photo"} < set(tasks)
    assert tasks["Twemoji"].template == "a pictogram of a {}."


def test_words_of_a_task_that_was_changed_meanwhile_are_refused(make, qtbot, monkeypatch):
    window = make()

    def answer(dialog) -> int:
        before = window.studio.project.file.tasks
        window.studio.edit_tasks("Rename", [e.model_copy(update={"name": f"{e.name} 2"}) for e in before])
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("Twemoji")
    with qtbot.captureExceptions() as raised:
        window.registry["classes"].trigger()
    assert "'Twemoji' was changed while its class names were edited" in str(raised[0][1])
    rest(qtbot, window)


def test_classes_can_be_left_out_of_every_task_at_once(make, qtbot, monkeypatch):
    window = make()

    def answer(dialog) -> int:
        dialog.table.item(sorted(CLASSES).index("car"), 0).setCheckState(UNTICKED)
        dialog.template.setText("a pictogram of a {}.")
        dialog.everywhere.setChecked(True)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("Twemoji")
    window.registry["classes"].trigger()
    assert {entry.left_out for entry in window.studio.project.file.tasks} == {("car",)}
    assert [e.name for e in window.studio.project.file.tasks if "pictogram" in e.template] == ["Twemoji"]
    rest(qtbot, window)
    window.registry["undo"].trigger()
    assert {entry.left_out for entry in window.studio.project.file.tasks} == {()}
    rest(qtbot, window)


def test_what_another_task_cannot_take_is_said_while_it_can_be_mended(qtbot):
    small = TaskEntry(name="Art", folder="art")
    dialog = ClassesDialog(
        TaskEntry(name="Noto", folder="noto"), NAMES, lambda names: [1] * len(names), others=[(small, ("cat", "dog"))]
    )
    qtbot.addWidget(dialog)
    dialog.table.item(1, 0).setCheckState(UNTICKED)
    assert dialog.accept_button.isEnabled()
    dialog.everywhere.setChecked(True)
    assert "Task 'Art' must have at least 2 classes" in dialog.problem.text()
    assert not dialog.accept_button.isEnabled()
    dialog.table.item(1, 0).setCheckState(Qt.CheckState.Checked)
    assert dialog.accept_button.isEnabled()


def test_other_tasks_are_not_promised_what_they_cannot_be_given(make, qtbot, monkeypatch):
    """Which classes they have is known once they are read."""
    window, seen = make(), []
    monkeypatch.setattr(ClassesDialog, "exec", lambda dialog: seen.append(dialog.everywhere.isEnabled()) or 0)
    window.views.tasks.choose("Twemoji")
    window.registry["classes"].trigger()
    window.studio.known.tasks = tuple(task for task in window.studio.known.tasks if task.name == "Twemoji")
    window.registry["classes"].trigger()
    assert seen == [True, False]


def test_names_of_a_task_that_could_not_be_read_can_be_put_right(make, qtbot, tmp_path, monkeypatch):
    """Its names may be why it was not."""
    Project.new(tmp_path / "mine", [TaskEntry(name=name, folder=f"/data/{name}") for name in ("art", "photo")])
    window = make(first=str(tmp_path / "mine"))
    window.studio.known.tasks = ()

    def answer(dialog) -> int:
        dialog.table.item(0, 0).setText("short")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("photo")
    window.registry["classes"].trigger()
    qtbot.waitUntil(lambda: window.studio.project.file.tasks[1].class_names == {CLASSES[0]: "short"}, timeout=20000)
    rest(qtbot, window)


def test_no_dialog_is_offered_below_which_a_run_begins_that_would_refuse_its_words(make, qtbot, tmp_path, monkeypatch):
    Project.new(tmp_path / "mine", [TaskEntry(name=name, folder=f"/data/{name}") for name in ("art", "photo")])
    window = make(first=str(tmp_path / "mine"))
    opening, gate, asked = window.studio.engine.opening, threading.Event(), []

    def waiting(project):
        return lambda stop: iter([gate.wait(20), *opening(project)(stop)][1:])

    monkeypatch.setattr(window.studio.engine, "opening", waiting)
    monkeypatch.setattr(ClassesDialog, "exec", lambda dialog: asked.append(dialog) or 0)
    window.studio.known.tasks = ()
    window.studio.jobs.refresh()
    window.views.tasks.choose("photo")
    window.registry["classes"].trigger()  # looks into the folder in a thread of its own
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: not window.background.busy)
    assert window.studio.jobs.run_waits
    assert not any(window.registry[key].isEnabled() for key in EDITS)
    assert window.status.note.text() == "Class names of photo can be edited when the run has ended"
    gate.set()
    rest(qtbot, window)
    assert asked == []
    assert all(window.registry[key].isEnabled() for key in EDITS)


@pytest.mark.parametrize("lost", ["", "photo"])
def test_words_reach_other_tasks_that_could_not_be_read(make, qtbot, data, tmp_path, monkeypatch, lost):
    window = make(first=None)
    window.import_commands.new([str(data)], str(tmp_path / "made"))
    wait_for_report(qtbot).close()
    rest(qtbot, window)
    window.studio.known.tasks = ()

    def look(project, entry):
        if entry.name == lost:
            raise DataError("The folder is gone.")
        return ("cat", "dog")

    def answer(dialog) -> int:
        dialog.table.item(0, 0).setText("kitten")
        dialog.everywhere.setChecked(True)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(window.studio.engine, "classes_in_data", look)
    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("art")
    window.registry["classes"].trigger()
    kitten = {"cat": "kitten"}
    qtbot.waitUntil(lambda: window.studio.project.file.tasks[0].class_names == kitten)
    assert window.studio.project.file.tasks[1].class_names == ({} if lost else kitten)
    rest(qtbot, window)


def test_long_names_in_the_data_leave_room_for_those_that_are_edited(qtbot):
    names = [f"n0{number}_a_name_of_a_class_that_is_as_long_as_those_of_some_data_sets_are" for number in range(3)]
    made = ClassesDialog(TaskEntry(name="Noto", folder="noto"), names, lambda names: [3] * len(names))
    qtbot.addWidget(made)
    made.show()
    assert made.table.columnWidth(TEXT) >= made.table.viewport().width() // 3
