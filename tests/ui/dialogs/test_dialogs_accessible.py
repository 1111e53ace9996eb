"""Every control of every dialog is named, explained, and reached by Tab."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mmap_studio.session.backbones.catalogue import catalogue
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry
from mmap_studio.ui.actions.palette import ActionSearch
from mmap_studio.ui.actions.shortcuts_dialog import ShortcutsDialog
from mmap_studio.ui.dialogs.about import About
from mmap_studio.ui.dialogs.backbone_dialog import BackboneDialog
from mmap_studio.ui.dialogs.classes_dialog import ClassesDialog
from mmap_studio.ui.dialogs.controls_dialog import ControlsDialog
from mmap_studio.ui.dialogs.guide import Guide
from mmap_studio.ui.dialogs.import_dialog import ImportDialog
from mmap_studio.ui.dialogs.new_dialog import NewDialog
from mmap_studio.ui.dialogs.split_dialog import SplitDialog
from mmap_studio.ui.dialogs.sweep_dialog import SweepDialog
from mmap_studio.ui.dialogs.try_dialog import TryDialog
from mmap_studio.ui.export.dialog import ExportDialog
from mmap_studio.ui.images.viewer import Viewer
from tests.ui.window.test_main_window_accessible import controls, name_of, told

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
    "actions": lambda window, data: ActionSearch(list(window.registry.by_key.values()), window),
    "backbones": backbones,
    "classes": classes,
    "controls": lambda window, data: ControlsDialog(window.studio, window),
    "export": lambda window, data: ExportDialog(window.studio, window.views, window.background, window),
    "guide": lambda window, data: Guide(window),
    "import": lambda window, data: ImportDialog(import_report([str(data)]), window),
    "new": lambda window, data: NewDialog([], window),
    "shortcuts": lambda window, data: ShortcutsDialog(window.registry.shortcuts, window),
    "sweep": lambda window, data: SweepDialog(window.studio, window),
    "try": lambda window, data: TryDialog(window.studio, window),
    "split": lambda window, data: SplitDialog(SplitSettings(), window),
    "image": lambda window, data: Viewer(window.views.gallery.grid, window.background.run, window),
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
