"""Class names edited in place, with their tokens, and refused where the text tower could not use them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit

from mmap_studio.data.names import class_name_problems
from mmap_studio.ui.classes_dialog import ClassesDialog
from tests.ui.scripted import rest

NAMES, ROOM = ("cat", "dog", "fox"), 3


def ids(name: str) -> list[int]:
    return [hash(word) for word in name.split()]


@pytest.fixture
def dialog(qtbot):
    made = ClassesDialog(
        "Noto", NAMES, lambda names: [len(ids(name)) for name in names], None,
        lambda names: list(class_name_problems("Noto", names, ids, ROOM)),
    )  # fmt: skip
    qtbot.addWidget(made)
    made.show()
    return made


def type_into(qtbot, dialog, row: int, text: str) -> None:
    """As a person does: choose the cell, type, Return."""
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


def test_tokens_follow_what_is_typed(dialog, qtbot):
    assert [dialog.table.item(row, 1).text() for row in range(3)] == ["1", "1", "1"]
    type_into(qtbot, dialog, 1, "old dog")
    assert dialog.table.item(1, 1).text() == "2"
    assert dialog.changes() == {"dog": "old dog"}
    assert dialog.accept_button.isEnabled()


@pytest.mark.parametrize(
    ("text", "why"),
    [("a very old dog", "has 4 tokens"), ("cat", "read the same"), ("", "must have a name")],
)
def test_a_name_that_cannot_be_used_is_refused_at_once_and_can_be_mended(dialog, qtbot, text, why):
    type_into(qtbot, dialog, 1, text)
    assert why in dialog.problem.text()
    assert dialog.problem.isVisible()
    assert not dialog.accept_button.isEnabled()
    type_into(qtbot, dialog, 1, "hound")
    assert not dialog.problem.isVisible()
    assert dialog.accept_button.isEnabled()


def test_tokens_are_no_cells_to_edit(dialog):
    assert not dialog.table.item(0, 1).flags() & Qt.ItemFlag.ItemIsEditable


def test_new_names_reach_the_project_in_one_undoable_step(make, qtbot, monkeypatch):
    window = make()

    def answer(dialog) -> int:
        dialog.table.item(0, 0).setText("red fox")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ClassesDialog, "exec", answer)
    window.views.tasks.choose("Twemoji")
    window.registry["classes"].trigger()
    names = {entry.name: entry.class_names for entry in window.studio.project.file.tasks}
    assert names["Twemoji"] == {"fox": "red fox"}
    assert names["Noto"] == {}
    rest(qtbot, window)
    window.registry["undo"].trigger()
    assert {entry.name: entry.class_names for entry in window.studio.project.file.tasks}["Twemoji"] == {}
    rest(qtbot, window)
