"""Questions to the user: for a text, for a number, whether to stop, whether to discard edits."""

from PySide6.QtWidgets import QInputDialog, QLineEdit, QMessageBox, QPushButton, QWidget

from mmap_studio.ui.kit.dialog import accepted
from mmap_studio.ui.kit.fields import inset
from mmap_studio.ui.kit.plain_text import as_text, plain_box

Button = QMessageBox.StandardButton
WIDTH = 360
"""Pixels; at the width that Qt chooses, neither the title nor a name can be read."""


def ask_text(parent: QWidget | None, title: str, words: str, text: str = "") -> str | None:
    """What was typed, without blanks around it; None if the question was closed or nothing was typed."""
    dialog = _dialog(parent, title, words)
    dialog.setTextValue(text)
    return (dialog.textValue().strip() or None) if _answered(dialog) else None


def ask_words(parent: QWidget | None, title: str, words: str, text: str = "", lines: bool = False) -> str | None:
    """What was typed, which may be nothing; None if the question was closed. `lines`: of several lines."""
    dialog = _dialog(parent, title, words)
    dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput, lines)
    dialog.setTextValue(text)
    return dialog.textValue().strip() if _answered(dialog) else None


def ask_number(parent: QWidget | None, title: str, words: str, value: int, least: int, most: int) -> int | None:
    """A whole number from `least` to `most`; None if the question was closed."""
    dialog = _dialog(parent, title, words)
    dialog.setInputMode(QInputDialog.InputMode.IntInput)
    dialog.setIntRange(least, most)
    dialog.setIntValue(value)
    for line in dialog.findChildren(QLineEdit):
        inset(line)
    return dialog.intValue() if _answered(dialog) else None


def ask_stop(parent: QWidget | None, what: str = "A run") -> bool:
    """Whether to stop the run or comparison in progress and close; Return and Esc mean no."""
    kept = "What is finished is kept, and it can go on when the project is opened again."
    words = f"{what} is in progress. Stop it and close? {kept}"
    box = plain_box(QMessageBox.Icon.Question, words, Button.Yes | Button.No, parent)
    return _confirmed(box, Button.Yes, "&Stop and close", Button.No, "&Keep running")


def ask_discard(parent: QWidget | None, sentence: str) -> bool:
    """Whether to discard edits that cannot be saved; Return and Esc mean no."""
    box = plain_box(QMessageBox.Icon.Warning, sentence, Button.Discard | Button.Cancel, parent)
    box.setInformativeText("Leave this project and lose the unsaved edits?")
    return _confirmed(box, Button.Discard, "&Leave without saving", Button.Cancel, "&Stay")


def _confirmed(box: QMessageBox, yes: Button, go: str, no: Button, stay: str) -> bool:
    button = box.button(yes)
    assert isinstance(button, QPushButton)
    button.setText(go)
    button.setAutoDefault(False)  # a change of theme would make it the one that Return presses
    box.button(no).setText(stay)
    box.setDefaultButton(no)
    answer = box.exec()
    box.deleteLater()
    return bool(answer == yes)


def _dialog(parent: QWidget | None, title: str, words: str) -> QInputDialog:
    made = QInputDialog(parent)
    made.setWindowTitle(title)
    made.setLabelText(as_text(words))
    return made


def _answered(dialog: QInputDialog) -> bool:
    dialog.resize(WIDTH, dialog.sizeHint().height())
    return accepted(dialog)
