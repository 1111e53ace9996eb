"""Folders of images as they come in: two small domains, a drag that brings them, and what the window says of them."""

import threading

from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from mmap_studio.ui.dialogs.import_dialog import ImportDialog

LONG = "a_name_of_far_more_than_twenty_letters"


def domain(root, name, classes=("cat", "dog"), split="") -> str:
    for number, one in enumerate(classes):
        folder = root / name / split / one
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(3 + number):
            Image.new("RGB", (8, 8), (40 * k, 10, 10)).save(folder / f"{k}.png")
    return str(root / name)


def reports() -> list[ImportDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, ImportDialog) and w.isVisible()]


def wait_for_report(qtbot) -> ImportDialog:
    qtbot.waitUntil(lambda: bool(reports()), timeout=20000)
    return reports()[0]


def drop(widget, *paths) -> bool:
    """A drag that enters and drops; whether it was taken."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    middle, copy, left = widget.rect().center(), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle, copy, mime, left, none)
    enter.ignore()
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        QApplication.sendEvent(widget, QDropEvent(QPointF(middle), copy, mime, left, none))
    return enter.isAccepted()


def told(qtbot) -> QMessageBox:
    """The box that says what went wrong; closed already."""
    boxes = []
    qtbot.waitUntil(
        lambda: bool(boxes.extend(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)) or boxes)
    )
    boxes[0].close()
    return boxes[0]


def thread() -> str:
    return threading.current_thread().name
