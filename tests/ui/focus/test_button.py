"""A button of an action that cannot be used keeps the keyboard focus, whoever borrows it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFocusEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from mmap_studio.ui.focus.button import ActionButton


@pytest.fixture
def page(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.action = QAction("Run", made)
    made.button, made.next = ActionButton(made.action), QPushButton("Stop")
    layout = QVBoxLayout(made)
    layout.addWidget(made.button)
    layout.addWidget(made.next)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.button.setFocus()
    made.action.setEnabled(False)
    return made


def test_a_popup_borrows_the_focus(page, qtbot):
    popup = QDialog(page, Qt.WindowType.Popup)
    line = QLineEdit(popup)
    popup.show()
    line.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is line)
    assert page.focusWidget() is page.button
    popup.close()
    assert page.focusWidget() is page.button


@pytest.mark.parametrize("why", ["ActiveWindowFocusReason", "PopupFocusReason", "MenuBarFocusReason"])
def test_another_window_and_a_menu_borrow_it(page, why):
    page.button.focusOutEvent(QFocusEvent(QFocusEvent.Type.FocusOut, getattr(Qt.FocusReason, why)))
    assert page.focusWidget() is page.button


def test_who_goes_on_leaves_it_disabled(page):
    page.next.setFocus()
    assert page.focusWidget() is page.next
    assert not page.button.isEnabled()
    page.action.setEnabled(True)
    assert page.button.isEnabled()
