"""The keys of actions: other ones can be given, clashes are refused in a sentence, and all is kept and can go back."""

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeySequence

from mmap_studio.errors import InputError
from mmap_studio.ui.actions.catalogue import ACTIONS
from mmap_studio.ui.actions.shortcuts import Shortcuts, said
from mmap_studio.ui.actions.shortcuts_dialog import KEYS, ShortcutsDialog
from mmap_studio.ui.kit.preferences import Preferences
from tests.ui.window.test_main_window_accessible import controls

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def preferences(qapp, tmp_path) -> Preferences:
    return Preferences(QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat))


def keys(text: str) -> QKeySequence:
    return QKeySequence(text)


def test_the_list_itself_gives_nothing_that_would_be_refused(preferences):
    shortcuts = Shortcuts(preferences)
    assert {shortcuts.refusal(spec.key, keys(spec.shortcut)) for spec in ACTIONS if spec.shortcut} == {""}


@pytest.mark.parametrize(
    ("wanted", "said_so"),
    [
        ("Ctrl+N", "Ctrl+N belongs to “New from folders”; give that another shortcut first."),
        ("Ctrl+C", "Ctrl+C copies what a view shows in the views; choose other keys."),
        ("L", "L alone belongs to views and text; add Ctrl or Alt, or take a function key."),
        ("Shift+L", "Shift+L alone belongs"),
        ("Alt+P", "Alt+P opens the menu Project; choose other keys."),
    ],
)
def test_keys_that_are_anothers_are_refused_and_nothing_changes(preferences, wanted, said_so):
    shortcuts = Shortcuts(preferences)
    with pytest.raises(InputError) as refused:
        shortcuts.give("export", keys(wanted))
    assert str(refused.value).startswith(said_so)
    assert shortcuts.of("export") == keys("Ctrl+E")
    assert preferences.texts("shortcuts") == {}


def test_keys_are_kept_and_can_go_back(preferences):
    shortcuts = Shortcuts(preferences)
    shortcuts.give("export", keys("F12"))
    shortcuts.give("save", keys("Ctrl+E"))
    shortcuts.give("quit", QKeySequence())
    again = Shortcuts(preferences)
    assert [said(again.of(key)) for key in ("export", "save", "quit", "open")] == ["F12", "Ctrl+E", "", "Ctrl+O"]
    with pytest.raises(InputError, match="Ctrl\\+E belongs to “Save”"):
        again.reset("export")
    again.reset("save")
    again.reset("export")
    assert Shortcuts(preferences).of("export") == keys("Ctrl+E")
    again.reset_all()
    assert preferences.texts("shortcuts") == {}
    assert said(Shortcuts(preferences).of("quit")) == "Ctrl+Q"


def test_keys_that_changed_places_are_there_the_next_time(preferences):
    shortcuts = Shortcuts(preferences)
    shortcuts.give("pause", keys("Ctrl+9"))
    shortcuts.give("measure", keys("F6"))  # kept before "pause", whose keys these were
    again = Shortcuts(preferences)
    assert [said(again.of(key)) for key in ("pause", "measure")] == ["Ctrl+9", "F6"]


def test_what_is_kept_and_cannot_hold_any_more_is_left_out(preferences):
    for key, text in {"export": "Ctrl+N", "save": "L", "nothing": "F12", "run": "F9"}.items():
        preferences.save(f"shortcuts/{key}", text)
    shortcuts = Shortcuts(preferences)
    assert [said(shortcuts.of(key)) for key in ("export", "save", "run")] == ["Ctrl+E", "Ctrl+S", "F9"]


def test_a_shortcut_is_changed_by_pressing_it_and_shown_wherever_it_was(make, qtbot):
    window = make()
    window.registry["shortcuts"].trigger()
    dialog = next(d for d in window.findChildren(ShortcutsDialog) if d.isVisible())
    dialog.line.setText("all actions")
    assert dialog.current == "palette"
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.focusWidget() in (dialog.keys, dialog.keys.focusProxy())
    qtbot.keyClick(dialog.keys, Qt.Key.Key_N, CONTROL)
    assert "belongs to “New from folders”" in dialog.problem.text()
    assert said(window.registry["palette"].shortcut()) == "Ctrl+K"
    qtbot.keyClick(dialog.keys, Qt.Key.Key_J, CONTROL)
    assert dialog.problem.text() == ""
    assert dialog.list.currentItem().text(KEYS) == "Ctrl+J · changed"
    assert said(window.registry["palette"].shortcut()) == "Ctrl+J"
    assert window.registry["palette"].toolTip().endswith("(Ctrl+J)")
    assert window.status.hint.text() == "Ctrl+J all actions"
    dialog.line.setText("ctrl+j")
    assert dialog.current == "palette"
    dialog.none.click()
    assert window.status.hint.text() == "Help menu: all actions"
    dialog.default.click()
    assert window.status.hint.text() == "Ctrl+K all actions"
    dialog.line.setText("measure affinity where")
    assert dialog.current == ""
    assert not dialog.keys.isEnabled()
    dialog.line.setText("")
    window.registry.shortcuts.give("run", keys("F9"))
    assert window.header.buttons["run"].toolTip().endswith("(F9)")
    window.registry.shortcuts.give("new", keys("F12"))
    assert any(b.toolTip().endswith("(F12)") for b in controls(window.welcome))
    dialog.all.click()
    assert said(window.registry["run"].shortcut()) == "F5"
    qtbot.keyClick(dialog.keys, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_keyboard_comes_into_the_field_of_keys_and_out_of_it_both_ways(make, qtbot):
    window = make(first=None)
    dialog = ShortcutsDialog(window.registry.shortcuts, window)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.keys.setFocus()
    qtbot.keyClick(dialog.keys, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert dialog.focusWidget() is dialog.list
    qtbot.keyClick(dialog.list, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.keys
    qtbot.keyClick(dialog.keys, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.none
    assert dialog.problem.text() == ""
