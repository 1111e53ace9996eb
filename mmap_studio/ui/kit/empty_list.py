"""A list that says in one sentence what belongs in it, for as long as there is nothing."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QListWidget

from mmap_studio.ui.kit import theme


class EmptyList(QListWidget):
    """`sentence` stands in its middle while it is empty."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence
        self.setAccessibleDescription(sentence)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The rows, or the sentence."""
        super().paintEvent(event)
        if self.count() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(theme.current().muted)
            room = self.viewport().rect().adjusted(theme.L, theme.S, -theme.L, -theme.S)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.sentence)
            painter.end()
