"""Dialog of errors: one sentence with details to copy; uncaught exceptions come here too, and the window stays open."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from mmap_studio.errors import StudioError
from mmap_studio.session.window_words import in_window
from mmap_studio.ui.kit.plain_text import brief, copy_text, plain_box
from mmap_studio.ui.kit.versions import report

log = logging.getLogger(__name__)


def tell(parent: QWidget | None, sentence: str, details: str = "") -> QMessageBox:
    """Show a dialog that does not block the event loop; details, and what is too long, can be unfolded and copied."""
    sentence = in_window(sentence)
    if brief(sentence) != sentence:
        details, sentence = "\n\n".join(filter(None, (sentence, details))), brief(sentence)
    box = plain_box(QMessageBox.Icon.Warning, sentence, QMessageBox.StandardButton.Close, parent)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if details:
        box.setDetailedText(details)
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()
        whole = f"{sentence}\n\n{details}\n{report()}"
        copy.clicked.connect(lambda: copy_text(whole))
    for button in box.buttons():
        if isinstance(button, QPushButton):
            button.setAutoDefault(box.standardButton(button) == QMessageBox.StandardButton.Close)
    box.open()
    box.button(QMessageBox.StandardButton.Close).setFocus()  # Qt would give it to the details
    return box


class Hooks(QObject):
    """Exception hooks: show uncaught exceptions of any thread in a dialog and log them, until `remove`."""

    raised = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._box: QMessageBox | None = None
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook, threading.excepthook = self._main, self._thread
        self.raised.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def _main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", details)
        sentence = str(error) if isinstance(error, StudioError) else f"Something went wrong: {kind.__name__}: {error}."
        self.raised.emit(sentence, "" if isinstance(error, StudioError) else details)

    def _thread(self, args: threading.ExceptHookArgs) -> None:
        self._main(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)

    def _show(self, sentence: str, details: str) -> None:
        if self._box is None:  # one at a time: a paint that fails would open hundreds
            self._box = tell(self._window, sentence, details)
            self._box.finished.connect(lambda: setattr(self, "_box", None))
