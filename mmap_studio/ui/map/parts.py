"""What stands around the images of the map: the legend, and the card that shows the pointed-at image."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.map.colours import Style, draw_point

CARD = 72
"""Side of the image on the card."""


class MapLegend(QWidget):
    """Styles and their names in one line; what does not fit is counted."""

    def __init__(self) -> None:
        super().__init__()
        self._styles: tuple[Style, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Legend of the map")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(200, round(self.fontMetrics().height() * 1.3))

    def show_styles(self, styles: Sequence[Style]) -> None:
        """What the colours and shapes mean."""
        self._styles = tuple(styles)
        self.setToolTip(", ".join(style.title for style in styles))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        metrics, x, middle = self.fontMetrics(), 4.0, self.height() / 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for n, style in enumerate(self._styles):
                width = metrics.horizontalAdvance(style.title) + 26
                left = len(self._styles) - n
                more = metrics.horizontalAdvance(f"+{left} more") + 8 if left > 1 else 0
                room = self.width() - more
                if x + width > room:
                    painter.setPen(QColor(theme.current().muted))
                    painter.drawText(QRectF(x, 0, 100, self.height()), Qt.AlignmentFlag.AlignVCenter, f"+{left} more")
                    return
                draw_point(painter, style, QPointF(x + 5, middle), 9)
                painter.setPen(QColor(theme.current().muted))
                painter.drawText(QRectF(x + 14, 0, width, self.height()), Qt.AlignmentFlag.AlignVCenter, style.title)
                x += width


class MapCard(QFrame):
    """An image and a few words, over the map, beside the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAutoFillBackground(True)
        self.image, self.words = QLabel(), QLabel()
        self.image.setFixedSize(CARD, CARD)
        self.image.setScaledContents(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 6, 10, 6)
        layout.addWidget(self.image)
        layout.addWidget(self.words)
        self.hide()
        self.restyle()
        theme.changed.connect(self.restyle)

    def show_image(self, image: QPixmap | None, words: str, at: QPoint) -> None:
        """Beside a place of the parent, inside it."""
        self.image.setPixmap(image or QPixmap())
        self.words.setText(words)
        self.adjustSize()
        room = self._over.size()
        x = at.x() + 14 if at.x() + 14 + self.width() <= room.width() else at.x() - 14 - self.width()
        y = min(max(at.y() - self.height() // 2, 2), room.height() - self.height() - 2)
        self.move(max(x, 2), y)
        self.show()
        self.raise_()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        tokens = theme.current()
        self.setStyleSheet(f"#card {{background: {tokens.panel}; border: 1px solid {tokens.line}; border-radius: 6px}}")
