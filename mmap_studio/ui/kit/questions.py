"""One question, one line to answer in; as wide as a name needs."""

from PySide6.QtWidgets import QDialog, QInputDialog, QLineEdit, QMessageBox, QPushButton, QWidget

from mmap_studio.ui.kit.fields import inset

WIDTH = 360
"""Pixels; as narrow as Qt makes it, neither the title nor a name can be read."""


def ask_text(parent: QWidget | None, title: str, words: str, text: str = "") -> str | None:
    """What was typed, without blanks around it; None if the question was closed or nothing was typed."""
    dialog = _dialog(parent, title, words)
    dialog.setTextValue(text)
    return (dialog.textValue().strip() or None) if _answered(dialog) else None


def ask_number(parent: QWidget | None, title: str, words: str, value: int, least: int, most: int) -> int | None:
    """A whole number from `least` to `most`; None if the question was closed."""
    dialog = _dialog(parent, title, words)
    dialog.setInputMode(QInputDialog.InputMode.IntInput)
    dialog.setIntRange(least, most)
    dialog.setIntValue(value)
    for line in dialog.findChildren(QLineEdit):
        inset(line)
    return dialog.intValue() if _answered(dialog) else None


def ask_stop(parent: QWidget | None) -> bool:
    """Whether the run that is under way may be stopped; no is what Return and Esc say."""
    words = "A run is under way. Stop it and close? What is finished is kept, and the run can be gone on with."
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    box = QMessageBox(QMessageBox.Icon.Question, "MmAP Studio", words, yes | no, parent)
    box.button(yes).setText("&Stop and close")
    box.button(no).setText("&Keep running")
    _button(box, yes).setAutoDefault(False)  # a change of theme would make it the one that Return presses
    box.setDefaultButton(no)
    answer = box.exec()
    box.deleteLater()
    return bool(answer == yes)


def ask_discard(parent: QWidget | None, sentence: str) -> bool:
    """Whether edits that cannot be written may be given up; no is what Return and Esc say."""
    discard, cancel = QMessageBox.StandardButton.Discard, QMessageBox.StandardButton.Cancel
    box = QMessageBox(QMessageBox.Icon.Warning, "MmAP Studio", sentence, discard | cancel, parent)
    box.setInformativeText("Leave this project and lose what is not saved?")
    box.button(discard).setText("&Leave without saving")
    box.button(cancel).setText("&Stay")
    _button(box, discard).setAutoDefault(False)
    box.setDefaultButton(cancel)
    answer = box.exec()
    box.deleteLater()
    return bool(answer == discard)


def _button(box: QMessageBox, which: QMessageBox.StandardButton) -> QPushButton:
    found = box.button(which)
    assert isinstance(found, QPushButton)
    return found


def _dialog(parent: QWidget | None, title: str, words: str) -> QInputDialog:
    made = QInputDialog(parent)
    made.setWindowTitle(title)
    made.setLabelText(words)
    return made


def _answered(dialog: QInputDialog) -> bool:
    dialog.resize(WIDTH, dialog.sizeHint().height())
    answer = dialog.exec()
    dialog.deleteLater()
    return bool(answer == QDialog.DialogCode.Accepted)
