"""A chip that shows the selection: its label and number of images. A click clears it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from mmap_studio.formatting import counted
from mmap_studio.session.explore.selection import Selection
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.plain_text import as_text


class SelectionChip(QToolButton):
    """Visible only while something is selected."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self.setAccessibleName("Clear the selection")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(selection.clear)
        self.destroyed.connect(selection.changed.listen(self.refresh))
        theme.changed.connect(self.restyle)
        self.restyle()
        self.refresh()

    def refresh(self) -> None:
        n, said = len(self._selection), self._selection.label or "selected"
        self.setVisible(bool(n))
        short = said if len(said) <= 32 else f"{said[:31]}…"
        self.setText(f"{short} · {n:,}   ✕")
        self.setToolTip(as_text(f"Selected: {said}, {counted(n, 'image')}. Click to clear."))

    def restyle(self) -> None:
        t = theme.current()
        self.setStyleSheet(
            f"QToolButton {{background: {t.accent_tint}; color: {t.accent}; border: 1px solid transparent;"
            " border-radius: 9px; padding: 1px 10px}"
            f"QToolButton:hover, QToolButton:focus {{border-color: {t.accent}}}"
        )
