"""The guide: one beside the window, whole, and searched from the keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox
from shiboken6 import isValid

from mmap_studio.resources import resource
from mmap_studio.ui.dialogs.guide import PAGE, Guide


@pytest.fixture
def guide(qtbot):
    made = Guide()
    made.show()
    yield made
    if isValid(made):  # it deletes itself when it is closed
        made.close()


def chosen(guide) -> str:
    return guide.text.textCursor().selectedText()


def test_the_page_is_shown_as_text_not_as_markup(guide):
    shown = guide.text.toPlainText()
    headings = [line[3:] for line in resource(PAGE).read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    assert len(headings) >= 3
    assert all(heading in shown for heading in headings)
    assert "Ctrl+arrows" in shown
    assert "**" not in shown
    assert "| " not in shown


def test_typing_finds_the_first_place_and_return_the_next_from_the_end_on(guide):
    QTest.keyClicks(guide.line, "ctrl+k")
    assert chosen(guide) == "Ctrl+K"
    first = guide.text.textCursor().position()
    places = {first}
    for _ in range(guide.text.toPlainText().lower().count("ctrl+k") - 1):
        QTest.keyClick(guide.line, Qt.Key.Key_Return)
        places.add(guide.text.textCursor().position())
    assert len(places) == guide.text.toPlainText().lower().count("ctrl+k") > 1
    QTest.keyClick(guide.line, Qt.Key.Key_Return)
    assert guide.text.textCursor().position() == first
    QTest.keyClick(guide.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert guide.text.textCursor().position() == max(places)


def test_what_is_not_there_is_said_and_forgotten(guide):
    QTest.keyClicks(guide.line, "zebra")
    assert guide.missing.text() == "“zebra” is not on this page."
    guide.line.clear()
    assert guide.missing.text() == ""
    assert guide.isVisible(), "Return in the line does not close it"


def test_return_in_the_line_does_not_close_and_escape_does(guide, qtbot):
    QTest.keyClick(guide.line, Qt.Key.Key_Return)
    assert guide.isVisible()
    assert not guide.buttons.button(QDialogButtonBox.StandardButton.Close).isDefault()
    QTest.keyClick(guide, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not isValid(guide))


def test_a_window_has_one_guide(make):
    window = make()
    window.registry["guide"].trigger()
    window.registry["guide"].trigger()
    (guide,) = window.findChildren(Guide)
    assert guide.isVisible()
    assert not guide.isModal()
    guide.close()
