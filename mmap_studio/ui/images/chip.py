"""A chip that shows the selection: its label and number of images. A click clears it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from mmap_studio.formatting import counted
from mmap_studio.session.explore.selection import Selection
from mmap_studio.ui.kit.controls import described
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened

LONGEST = 32
"""Characters of the label, about."""


class SelectionChip(QToolButton):
    """Visible only while something is selected."""

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self._selection = selection
        described(self, "Clear the selection").setProperty("kind", "chip")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(selection.clear)
        self.destroyed.connect(selection.changed.listen(self.refresh))
        self.refresh()

    def refresh(self) -> None:
        n, said = len(self._selection), self._selection.label or "selected"
        self.setVisible(bool(n))
        short = shortened(said, self.font(), LONGEST * self.fontMetrics().averageCharWidth())
        self.setText(f"{short} · {n:,}   ✕")
        self.setToolTip(as_text(f"Selected: {said}, {counted(n, 'image')}. Click to clear."))
