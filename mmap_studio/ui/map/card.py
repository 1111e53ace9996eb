"""The card over the map: the image of the point under the mouse, and its facts."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QWidget

from mmap_studio.ui.kit.controls import row
from mmap_studio.ui.kit.plain_text import plain_label

CARD = 72
"""Side of the image, pixels."""


class MapCard(QFrame):
    """An image and a few lines of text, placed inside its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setProperty("kind", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAutoFillBackground(True)
        self.image, self.words = plain_label(), plain_label()
        self.image.setFixedSize(CARD, CARD)
        self.image.setScaledContents(True)
        row(self.image, self.words, parent=self, spacing=-1, margins=(6, 6, 10, 6))
        self.hide()

    def show_image(self, image: QPixmap | None, words: str, at: QPoint) -> None:
        self.image.setPixmap(image or QPixmap())
        self.words.setText(words)
        self.adjustSize()
        room = self._over.size()
        x = at.x() + 14 if at.x() + 14 + self.width() <= room.width() else at.x() - 14 - self.width()
        y = min(max(at.y() - self.height() // 2, 2), room.height() - self.height() - 2)
        self.move(max(x, 2), y)
        self.show()
        self.raise_()
