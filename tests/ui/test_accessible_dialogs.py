"""Every control of every dialog is named, explained, and reached by Tab."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mmap_studio.session.adding import entries_from
from mmap_studio.session.catalogue import catalogue
from mmap_studio.session.projectfile import SplitSettings, TaskEntry
from mmap_studio.ui.about import About
from mmap_studio.ui.action_search import ActionSearch
from mmap_studio.ui.backbone_dialog import BackboneDialog
from mmap_studio.ui.classes_dialog import ClassesDialog
from mmap_studio.ui.controls_dialog import ControlsDialog
from mmap_studio.ui.export_dialog import ExportDialog
from mmap_studio.ui.guide import Guide
from mmap_studio.ui.import_dialog import ImportDialog
from mmap_studio.ui.new_dialog import NewDialog
from mmap_studio.ui.shortcuts_dialog import ShortcutsDialog
from mmap_studio.ui.split_dialog import SplitDialog
from mmap_studio.ui.try_dialog import TryDialog
from mmap_studio.ui.viewer import Viewer
from tests.ui.test_accessible import controls, name_of, told

PLAIN = ("OK", "Cancel", "Close", "Save", "Make project", "Run")
"""Buttons that say what they do."""
TAB = Qt.FocusPolicy.TabFocus


def backbones(window, data):
    made = BackboneDialog("starter", window)
    made.show_choices(catalogue())
    return made


def classes(window, data):
    entry = TaskEntry(name="Noto", folder="noto")
    return ClassesDialog(entry, ["cat", "dog"], lambda names: [len(name.split()) for name in names], window)


DIALOGS = {
    "about": lambda window, data: About(window),
    "actions": lambda window, data: ActionSearch(window.registry.all(), window),
    "backbones": backbones,
    "classes": classes,
    "controls": lambda window, data: ControlsDialog(window.studio, window),
    "export": lambda window, data: ExportDialog(window.studio, window.views, window.aside, window),
    "guide": lambda window, data: Guide(window),
    "import": lambda window, data: ImportDialog(entries_from([str(data)]), window),
    "new": lambda window, data: NewDialog([], window),
    "shortcuts": lambda window, data: ShortcutsDialog(window.registry.shortcuts, window),
    "try": lambda window, data: TryDialog(window.studio, window),
    "split": lambda window, data: SplitDialog(SplitSettings(), window),
    "picture": lambda window, data: Viewer(window.views.gallery.grid, window.aside.run, window),
}


@pytest.mark.parametrize("which", DIALOGS)
def test_every_control_of_a_dialog_is_named_explained_and_reached_by_tab(make, data, which):
    window = make()
    dialog = DIALOGS[which](window, data)
    dialog.show()
    dialog.activateWindow()
    QApplication.processEvents()
    found = controls(dialog)
    assert found
    assert [told(w) for w in found if not name_of(w)] == []
    assert [told(w) for w in found if not w.toolTip() and name_of(w).replace("&", "") not in PLAIN] == []
    passed = passed_by_tab(dialog)
    stops = [w for w in found if w.isVisible() and w.isEnabled() and w.focusPolicy() & TAB]
    lost = [w for w in stops if not any(w is one or w.isAncestorOf(one) for one in passed)]
    assert [told(w) for w in lost] == []
    dialog.close()
    dialog.deleteLater()


def passed_by_tab(dialog):
    passed, here = [], dialog.focusWidget() or dialog.nextInFocusChain()
    while here not in passed:
        passed.append(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
        here = dialog.focusWidget() or here
    return passed
