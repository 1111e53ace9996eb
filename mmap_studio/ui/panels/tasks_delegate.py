"""How a task is drawn: preview, name, counts; accuracy now and its change against zero-shot on the right."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmap_studio.formatting import fixed, points
from mmap_studio.ui.kit import theme
from mmap_studio.ui.panels.tasks_model import ROW, TaskRow

IMAGE = 32
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TasksDelegate(QStyledItemDelegate):
    """Paints one `TaskRow`."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """A name and two small lines."""
        lines = QFontMetrics(theme.font(bold=True)).height() + 2 * QFontMetrics(theme.font(0.88)).height()
        return QSize(160, max(lines, IMAGE) + theme.M)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The whole row."""
        row, tokens = index.data(ROW), theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect.adjusted(0, 1, 0, -1)
        state = option.state
        fill = tokens.accent_tint if state & QStyle.StateFlag.State_Selected else None
        fill = fill or (tokens.well if state & QStyle.StateFlag.State_MouseOver else None)
        if fill:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(fill))
            painter.drawRoundedRect(box, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        inner = box.adjusted(theme.S, 0, -theme.S, 0)
        self._image(painter, inner, row)
        self._words(painter, inner.adjusted(IMAGE + theme.S, 0, 0, 0), row)
        painter.restore()

    def _image(self, painter: QPainter, box: QRect, row: TaskRow) -> None:
        tokens = theme.current()
        place = QRect(box.left(), box.center().y() - IMAGE // 2, IMAGE, IMAGE)
        path = QPainterPath()
        path.addRoundedRect(QRectF(place), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.fillPath(path, QColor("#ffffff" if not row.preview.isNull() else tokens.well))
        painter.save()
        painter.setClipPath(path)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not row.preview.isNull():
            painter.drawPixmap(place, row.preview)
        painter.restore()
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _words(self, painter: QPainter, box: QRect, row: TaskRow) -> None:
        tokens, bold, small = theme.current(), theme.font(bold=True), theme.font(0.88)
        value = row.accuracy if row.accuracy is not None else row.zero_shot
        shown = "" if value is None else fixed(100 * value)
        change = "zero-shot" if row.gain is None and value is not None else ""
        change = points(row.gain, missing=change)
        room = max(QFontMetrics(bold).horizontalAdvance(shown), QFontMetrics(small).horizontalAdvance(change)) + theme.S
        colour = tokens.muted if not row.gain else tokens.good if row.gain > 0 else tokens.bad
        first, _, second = row.counts.partition("\n")
        high, low = QFontMetrics(bold).height(), QFontMetrics(small).height()
        top = box.center().y() - (high + low * (2 if second else 1)) // 2
        line = QRect(box.left(), top, box.width(), high)
        self._text(painter, line, bold, tokens.text, row.name, shown, room)
        line = QRect(box.left(), line.bottom() + 1, box.width(), low)
        self._text(painter, line, small, tokens.muted, first, change, room, colour)
        self._text(painter, line.translated(0, low), small, tokens.muted, second, "", 0)

    def _text(
        self,
        painter: QPainter,
        box: QRect,
        font: object,
        colour: str,
        left: str,
        right: str,
        room: int,
        other: str = "",
    ) -> None:
        painter.setFont(font)  # type: ignore[arg-type]
        painter.setPen(QColor(colour))
        elided = painter.fontMetrics().elidedText(left, Qt.TextElideMode.ElideRight, box.width() - room)
        painter.drawText(box, LEFT, elided)
        painter.setPen(QColor(other or colour))
        painter.drawText(box, RIGHT, right)
