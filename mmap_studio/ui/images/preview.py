"""The preview beside the gallery: the current image enlarged, with its facts."""

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFormLayout, QLayout, QSizePolicy, QWidget

from mmap_studio.formatting import fixed, percent
from mmap_studio.ui.images.items import Items
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, note
from mmap_studio.ui.kit.plain_text import as_text, plain_label

FIELDS = ("Truth", "Predicted", "Confidence", "Task", "Image", "Score", "Tags")
LEAST = 64
"""Least side of the image, pixels."""
SOMETIMES = ("Score", "Tags")
"""Facts that are shown where there are any."""


class ImageBox(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._image = QPixmap()
        self.setMinimumSize(LEAST, LEAST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Image")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(180, 180)

    def show_image(self, pixmap: QPixmap) -> None:
        self._image = pixmap
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._image.isNull():
            return
        room = QSizeF(self.width() - 1, self.height() - 1)
        size = QSizeF(self._image.size()).scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRectF(QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2), size)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(rect, self._image, QRectF(self._image.rect()))
            painter.setPen(QPen(QColor(theme.current().line), 1))
            painter.drawRect(rect)


class Preview(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Details of the current image")
        self.image = ImageBox()
        self.facts = {name: plain_label() for name in FIELDS}
        self.hint = note("Select an image to enlarge it.", centred=True)
        self.table = QWidget()
        self._form = form = QFormLayout(self.table)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(3)
        for name, label in self.facts.items():
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(name)
            form.addRow(note(name), label)
        parts = self.image, self.hint, self.table
        inside = self._inside = column(*parts, parent=self, stretch=parts[:2], margins=(8, 0, 0, 0))
        inside.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._there = False
        self.show_place(Items(), -1)

    def show_place(self, items: Items, place: int, tags: str = "") -> None:
        """Show the image at a place of the gallery, and its tags; -1 for none."""
        self._there = there = 0 <= place < len(items)
        self.hint.setVisible(not there)
        self.image.setVisible(there)
        if not there:
            self.image.show_image(QPixmap())
            self._fit()
            return
        said = items.caption(place)
        self.image.show_image(to_pixmap(items.pixels(place)))
        predicted = "no prediction" if said.prediction is None else f"{'✓' if said.right else '✗'} {said.prediction}"
        sure = percent(said.confidence)
        score = "" if said.score is None else fixed(said.score, 3)
        values = (said.truth, predicted, sure, said.task, f"{said.index} of {said.split}", score, tags)
        for label, text in zip(self.facts.values(), values, strict=True):
            label.setText(text)
        for name, text in zip(SOMETIMES, values[-len(SOMETIMES) :], strict=True):
            self._form.setRowVisible(self.facts[name], bool(text))
        self.image.setToolTip(as_text(str(said)))
        self._fit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Of the image: the facts give way."""
        return QSize(LEAST, LEAST)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave the facts out where the image would have no room beside them; its tooltip has them."""
        room = self.height() - self.table.sizeHint().height() - self._inside.spacing()
        self.table.setVisible(self._there and room >= LEAST)
