"""Dialogs can be read whole, say what belongs in them, and answer Return with what loses nothing."""

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from mmap_studio.ui import theme, trouble
from mmap_studio.ui.about import About
from mmap_studio.ui.action_row import SHORTCUT
from mmap_studio.ui.action_search import ActionSearch
from mmap_studio.ui.ask import ask_number, ask_stop, ask_text
from mmap_studio.ui.backbone_dialog import _seconds
from mmap_studio.ui.classes_dialog import ClassesDialog
from mmap_studio.ui.new_dialog import NewDialog

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def answered(qtbot, ask, key, typed=""):
    """What `ask` gives when a person types and presses a key; and whether the title had room."""
    seen = []

    def act():
        dialog = QApplication.activeModalWidget()
        title = dialog.fontMetrics().horizontalAdvance(f"{dialog.windowTitle()} — MmAP Studio")
        seen.append(dialog.width() > title)
        if typed:
            qtbot.keyClicks(QApplication.focusWidget() or dialog.focusWidget(), typed)
        qtbot.keyClick(dialog.focusWidget() or dialog, key)

    QTimer.singleShot(0, act)
    return ask(), seen == [True]


@pytest.mark.parametrize(
    ("typed", "key", "said"),
    [("Owls ", Qt.Key.Key_Return, "Owls"), (" ", Qt.Key.Key_Return, None), ("Owls", Qt.Key.Key_Escape, None)],
)
def test_a_name_is_asked_in_a_dialog_that_can_be_read(qtbot, typed, key, said):
    assert answered(qtbot, lambda: ask_text(None, "Keep this grouping", "Name:", "old"), key, typed) == (said, True)


def test_a_number_is_asked_within_its_range(qtbot):
    assert answered(qtbot, lambda: ask_number(None, "Suggest", "Number:", 2, 1, 6), Qt.Key.Key_Return, "9")[0] == 2
    assert answered(qtbot, lambda: ask_number(None, "Suggest", "Number:", 2, 1, 6), Qt.Key.Key_Return, "4")[0] == 4
    assert answered(qtbot, lambda: ask_number(None, "Suggest", "Number:", 2, 1, 6), Qt.Key.Key_Escape)[0] is None


def test_return_does_not_stop_a_run(qtbot):
    QTimer.singleShot(0, lambda: theme.apply("dark"))  # Qt lays the buttons out anew
    assert not answered(qtbot, lambda: ask_stop(None), Qt.Key.Key_Return)[0]

    def stop():
        QApplication.activeModalWidget().button(QMessageBox.StandardButton.Yes).click()

    QTimer.singleShot(0, stop)
    assert ask_stop(None)


def test_return_closes_what_is_only_read(qtbot):
    box = trouble.tell(None, "Something went wrong.", "details")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert not box.isVisible()
    about = About()
    about.show()
    qtbot.keyClick(about, Qt.Key.Key_Return)
    assert not about.isVisible()


def test_class_names_and_their_tokens_are_both_in_sight(qtbot):
    dialog = ClassesDialog("Noto", ["fox", "alarm clock"], lambda names: [len(name.split()) for name in names])
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.table.viewport().rect().contains(dialog.table.visualItemRect(dialog.table.item(1, 1)))


def test_folders_can_be_dropped_on_a_new_project(qtbot, tmp_path):
    dialog = NewDialog()
    qtbot.addWidget(dialog)
    assert "Drop" in dialog.list.sentence
    (tmp_path / "art").mkdir()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "art")), QUrl.fromLocalFile(str(tmp_path / "nothing"))])
    entered = QDragEnterEvent(dialog.rect().center(), Qt.DropAction.CopyAction, mime, LEFT, NONE)
    QApplication.sendEvent(dialog, entered)
    assert entered.isAccepted()
    there = QPointF(dialog.rect().center())
    QApplication.sendEvent(dialog, QDropEvent(there, Qt.DropAction.CopyAction, mime, LEFT, NONE, QEvent.Type.Drop))
    assert (dialog.folders, dialog.name.text()) == ([str(tmp_path / "art")], "art")


def test_actions_stand_in_rows_of_one_height_with_their_shortcuts_in_a_column(make):
    search = ActionSearch(make().registry.all())
    search.show()
    rows = range(search.list.count())
    assert len({search.list.visualItemRect(search.list.item(row)).height() for row in rows}) == 1
    assert {search.list.item(row).data(SHORTCUT) for row in rows} >= {"Ctrl+N", "F5", ""}
    search.close()
    search.deleteLater()


def test_seconds_are_never_powers_of_ten():
    assert [_seconds(one) for one in (0.634, 9.04, 26.2, 104.0, 1234.0)] == ["0.63", "9", "26", "104", "1,234"]
