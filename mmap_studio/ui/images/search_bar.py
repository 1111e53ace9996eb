"""The gallery's search: a line for a text, a chip that says what was found, and the tag that images must have."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolButton

from mmap_studio.session.gallery.finding import Found
from mmap_studio.ui.kit.controls import described
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened

LONGEST = 24
"""Characters of what was looked for, about."""
WIDTH = 150
"""Pixels of the line, at least."""


class SearchLine(QLineEdit):
    """Return looks for the text; Esc, and an emptied line, show all images again."""

    wanted = Signal(str)
    """A text to look for; empty for nothing."""
    left = Signal()
    """Esc was pressed."""

    def __init__(self) -> None:
        super().__init__()
        described(self, "Search images", "Find images by what they show: type, and press Return. Esc shows all again.")
        self.setPlaceholderText("Search: a red car")
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(WIDTH)
        self.returnPressed.connect(lambda: self.wanted.emit(self.text().strip()))
        self.textChanged.connect(self._emptied)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _emptied(self, text: str) -> None:
        if not text:
            self.wanted.emit("")


class FoundChip(QToolButton):
    """Says what is looked for, or was; visible only then. A click shows all images again."""

    def __init__(self) -> None:
        super().__init__()
        described(self, "Show all images again").setProperty("kind", "chip")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()

    def show_found(self, found: Found | None, busy: str = "") -> None:
        """What was found, or what is being looked for."""
        said = busy or (found.asked if found is not None else "")
        self.setVisible(bool(said))
        short = shortened(said, self.font(), LONGEST * self.fontMetrics().averageCharWidth())
        self.setText(f"{short} …" if busy else f"{short}   ✕")
        what = f"Looking for {said}." if busy else f"The nearest images to {said}. Click to show all again."
        self.setToolTip(as_text(what))
