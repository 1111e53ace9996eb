"""Dialogs can be read whole, say what belongs in them, and answer Return with what loses nothing."""

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHeaderView,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.ui.actions.palette import SHORTCUT, ActionSearch
from mmap_studio.ui.dialogs.about import About
from mmap_studio.ui.dialogs.classes_dialog import ClassesDialog
from mmap_studio.ui.dialogs.new_dialog import NewDialog
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import quiet_tree
from mmap_studio.ui.kit.questions import ask_number, ask_stop, ask_text
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.error_dialog import tell

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
LEFT_SIDE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def answered(qtbot, ask, key, typed=""):
    """What `ask` gives when a user types and presses a key; and whether the title had room."""
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
    box = error_dialog.tell(None, "Something went wrong.", "details")
    assert box.focusWidget() is box.button(QMessageBox.StandardButton.Close)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert not box.isVisible()
    about = About()
    about.show()
    qtbot.keyClick(about, Qt.Key.Key_Return)
    assert not about.isVisible()


def test_class_names_and_their_tokens_are_both_in_sight(qtbot):
    entry = TaskEntry(name="Noto", folder="noto")
    dialog = ClassesDialog(entry, ["fox", "alarm clock"], lambda names: [len(name.split()) for name in names])
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
    search = ActionSearch(list(make().registry.by_key.values()))
    search.show()
    rows = range(search.list.count())
    assert len({search.list.visualItemRect(search.list.item(row)).height() for row in rows}) == 1
    assert {search.list.item(row).data(SHORTCUT) for row in rows} >= {"Ctrl+N", "F5", ""}
    search.close()
    search.deleteLater()


def ink(image, width=60):
    """First and last column of pixels, of the first or last `width`, in which something is written."""
    found = []
    for xs in (range(width), range(image.width() - 1, image.width() - width, -1)):
        ground = image.pixel(1, 2)
        column = next(x for x in xs if any(image.pixel(x, y) != ground for y in range(3, image.height() - 3)))
        found.append(column)
    return found


@pytest.mark.parametrize("kind", ["table", "tree"])
def test_heads_stand_above_their_columns(qtbot, kind):
    theme.apply("light")
    dialog = QDialog()
    qtbot.addWidget(dialog)
    if kind == "table":
        view = QTableWidget(1, 2)
        view.setHorizontalHeaderLabels(["H", "H"])
        view.verticalHeader().hide()
        view.setShowGrid(False)
        items = [QTableWidgetItem("H") for _ in range(2)]
        view.setItem(0, 0, items[0])
        view.setItem(0, 1, items[1])
        head, last = view.horizontalHeader(), view.horizontalHeaderItem(1)
        items[1].setTextAlignment(RIGHT)
        last.setTextAlignment(RIGHT)
        view.horizontalHeaderItem(0).setTextAlignment(LEFT_SIDE)
    else:
        view = QTreeWidget()
        quiet_tree(view, ["H", "H"])
        QTreeWidgetItem(view, ["H", "H"]).setTextAlignment(1, RIGHT)
        head = view.header()
    head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    QVBoxLayout(dialog).addWidget(view)
    dialog.resize(300, 200)
    dialog.show()
    row = view.visualRect(view.model().index(0, 0))
    line = view.viewport().grab(QRect(0, row.top(), view.viewport().width(), row.height())).toImage()
    for mine, above in zip(ink(line), ink(head.viewport().grab().toImage()), strict=True):
        assert abs(mine - above) <= 1


def test_what_was_missing_is_not_said_any_more_once_it_is_there(qtbot, tmp_path):
    dialog = NewDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.home.setText(str(tmp_path / "project"))
    dialog.accept()
    assert "needs folders of images" in dialog.problem.text()
    dialog.take(str(tmp_path / "art"))
    assert dialog.problem.isHidden()
    dialog.name.clear()
    assert dialog.problem.isHidden()  # it is said when the project is asked for, not while somebody types
    dialog.accept()
    assert "needs a name" in dialog.problem.text()


def test_a_long_title_is_cut_before_its_shortcut(qtbot, qapp):
    """Nothing is drawn between the end of the title and the keys."""
    action = QAction("A setting of so long a name that it would reach the very end of its line and far beyond it")
    action.setShortcut("Ctrl+Shift+F12")
    search = ActionSearch([action])
    qtbot.addWidget(search)
    search.show()
    item = search.list.item(0)
    box = search.list.visualItemRect(item)
    image = search.list.viewport().grab(box).toImage()
    keys = search.list.fontMetrics().horizontalAdvance(item.data(SHORTCUT))
    left = round((box.width() - theme.S - keys - theme.M + 2) * image.devicePixelRatio())
    ground = image.pixel(2, image.height() // 2)
    gap = range(left, left + round((theme.M - 4) * image.devicePixelRatio()))
    assert all(image.pixel(x, y) == ground for x in gap for y in range(3, image.height() - 3))
    search.close()


@pytest.mark.parametrize("sentence", ["x" * 3000, "\n".join("line" for _ in range(400)), "/folder" * 90 + " is none"])
def test_a_message_is_never_larger_than_a_screen_and_has_its_whole_text_below(qtbot, sentence):
    box = tell(None, sentence, "a detail")
    qtbot.addWidget(box)
    assert box.sizeHint().width() < 900
    assert box.sizeHint().height() < 480
    assert sentence in box.detailedText()
    assert "a detail" in box.detailedText()
    box.close()
