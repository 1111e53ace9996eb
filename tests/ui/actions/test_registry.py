"""Actions of the window: found by typing, from the menu, each with a command and keys of its own."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from mmap_studio.ui.actions.catalogue import ACTIONS
from mmap_studio.ui.actions.palette import ActionSearch, matches
from mmap_studio.ui.actions.registry import ActionRegistry
from mmap_studio.ui.actions.shortcuts import Shortcuts
from mmap_studio.ui.dialogs.guide import Guide
from mmap_studio.ui.kit.preferences import Preferences


def test_undo_and_redo_from_the_menu_reach_board_and_settings(make, qtbot):
    window = make()
    before = window.studio.board.grouping
    window.registry["separate"].trigger()
    window.views.settings._fields["seed"].widget.setValue(5)
    assert window.studio.project.settings.seed == 5
    assert window.registry["undo"].text() == "&Undo Change settings"
    window.registry["undo"].trigger()
    assert window.studio.project.settings.seed == 1
    assert window.views.settings._fields["seed"].value == 1
    window.registry["undo"].trigger()
    assert window.studio.board.grouping == before
    window.registry["redo"].trigger()
    assert len(window.studio.board.grouping) == 6


def test_every_action_can_be_searched_and_run(make, qtbot):
    window = make()
    assert {spec.key for spec in ACTIONS} == set(window.registry.by_key)
    search = ActionSearch(window.registry.by_key.values(), window)
    search.show()
    whole = search.height()
    qtbot.keyClicks(search.line, "all sep")
    assert search.height() < whole  # as high as what fits
    assert "separate" in search.list.item(0).text()
    qtbot.keyClick(search.line, Qt.Key.Key_Return)
    assert len(window.studio.board.grouping) == 6
    search.deleteLater()


@pytest.mark.parametrize(("missing", "unknown"), [({"run"}, set()), (set(), {"fly"}), ({"undo"}, {"fly"})])
def test_commands_and_catalogue_have_the_same_keys(qtbot, tmp_path, missing, unknown):
    window, done = QMainWindow(), []
    qtbot.addWidget(window)
    shortcuts = Shortcuts(Preferences(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)))
    keys = {spec.key for spec in ACTIONS} - {"palette", "shortcuts"}
    commands = {key: lambda key=key: done.append(key) for key in keys}
    ActionRegistry(window, commands, shortcuts)["run"].trigger()
    assert done == ["run"]
    with pytest.raises(ValueError, match=", ".join(sorted(missing | unknown))):
        ActionRegistry(window, dict.fromkeys(keys - missing | unknown, print), shortcuts)


def test_search_prefers_beginnings():
    assert matches("ex", "Export") == 0
    assert matches("port", "Export") == 1
    assert matches("zzz", "Export") is None


def test_shortcuts_are_unique():
    keys = [spec.shortcut for spec in ACTIONS if spec.shortcut]
    assert len(keys) == len(set(keys))


def test_a_letter_in_a_menu_is_of_one_entry_or_it_would_only_choose_and_not_run(make):
    for menu in make(first=None).registry.menus.values():
        letters = [text[text.index("&") + 1].lower() for text in (one.text() for one in menu.actions()) if "&" in text]
        assert len(letters) > 2
        assert sorted(set(letters)) == sorted(letters)


def test_copy_as_command(make):
    window = make()
    window.registry["copy_command"].trigger()
    assert QApplication.clipboard().text() == "mmap-studio run starter --groups auto"


def test_the_palette_finds_settings_and_help(make, qtbot):
    window = make()

    def chosen(words):
        window.registry["palette"].trigger()
        search = window.findChild(ActionSearch)
        search.line.setText(words)
        text = search.list.currentItem().text()
        QTest.keyClick(search.line, Qt.Key.Key_Return)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return text

    field = window.views.settings.reveal("affinity.epochs")
    window.views.settings._folds["affinity"].setChecked(False)
    assert not field.isVisible()
    assert chosen("affinity epochs") == "Setting: Affinity: Epochs"
    assert field.isVisible()
    assert QApplication.focusWidget() is field
    assert chosen("help look-ahead") == "Help: Look-ahead"
    guide = window.findChild(Guide)
    assert guide.text.textCursor().selectedText().lower() == "look-ahead"
    assert chosen("help keys") == "Help: Keys"
    guide.close()
