"""The current image, large, with all that is known of it."""

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mmap_studio.ui.images.items import Items
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import note

FIELDS = ("Truth", "Predicted", "Confidence", "Task", "Image")


class Picture(QWidget):
    """A picture as large as it fits, its pixels visible when it is small."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QPixmap()
        self.setMinimumSize(96, 96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(180, 180)

    def show_picture(self, picture: QPixmap) -> None:
        """A null pixmap shows nothing."""
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._picture.isNull():
            return
        room = QSizeF(self.width() - 1, self.height() - 1)
        size = QSizeF(self._picture.size()).scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRectF(QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2), size)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(rect, self._picture, QRectF(self._picture.rect()))
            painter.setPen(QPen(QColor(theme.current().line), 1))
            painter.drawRect(rect)


class Preview(QWidget):
    """Picture above, facts below."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Details of the current image")
        self.picture = Picture()
        self.facts = {name: QLabel() for name in FIELDS}
        self.hint = note("Choose an image to see it large.", centred=True)
        self.table = QWidget()
        form = QFormLayout(self.table)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(3)
        for name, label in self.facts.items():
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(name)
            form.addRow(note(name), label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self.table)
        self.show_place(Items(), -1)

    def show_place(self, items: Items, place: int) -> None:
        """The image at a place of the gallery; -1 shows none."""
        there = 0 <= place < len(items)
        self.hint.setVisible(not there)
        self.table.setVisible(there)
        self.picture.setVisible(there)
        if not there:
            self.picture.show_picture(QPixmap())
            return
        shelf, image, said = items.shelf(place), items.image(place), items.caption(place)
        self.picture.show_picture(to_pixmap(shelf.task.split(shelf.split).pixels([image.index])[0]))
        predicted = "not judged" if said.prediction is None else f"{'✓' if said.right else '✗'} {said.prediction}"
        sure = "–" if said.confidence is None else f"{100 * said.confidence:.1f} %"
        values = (said.truth, predicted, sure, said.task, f"{said.index} of {said.split}")
        for label, text in zip(self.facts.values(), values, strict=True):
            label.setText(text)
