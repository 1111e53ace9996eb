"""The legend of the map: the styles and their names in one line."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened
from mmap_studio.ui.map.colours import PointStyle
from mmap_studio.ui.map.points import draw_point

LONGEST = 150
"""Pixels of a title at most."""


class MapLegend(QWidget):
    """Styles that do not fit are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._styles: tuple[PointStyle, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Legend of the map")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(200, round(self.fontMetrics().height() * 1.3))

    def show_styles(self, styles: Sequence[PointStyle]) -> None:
        self._styles = tuple(styles)
        self.setToolTip(as_text(", ".join(style.title for style in styles)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        metrics, x, middle = self.fontMetrics(), 4.0, self.height() / 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            titles = [style.title for style in self._styles]
            for n, style in enumerate(self._styles):
                title = shortened(style.title, self.font(), LONGEST, titles)
                width = metrics.horizontalAdvance(title) + 26
                left = len(self._styles) - n
                more = metrics.horizontalAdvance(f"+{left} more") + 8 if left > 1 else 0
                if x + width > self.width() - more:
                    painter.setPen(QColor(theme.current().muted))
                    painter.drawText(QRectF(x, 0, 100, self.height()), Qt.AlignmentFlag.AlignVCenter, f"+{left} more")
                    return
                draw_point(painter, style, QPointF(x + 5, middle), 9)
                painter.setPen(QColor(theme.current().muted))
                painter.drawText(QRectF(x + 14, 0, width, self.height()), Qt.AlignmentFlag.AlignVCenter, title)
                x += width
