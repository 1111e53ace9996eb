"""A row of the list of all actions: icon, words, and at the right end its shortcut."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmap_studio.ui.kit import theme

SHORTCUT = Qt.ItemDataRole.UserRole + 1
ICON = 16
"""Pixels of the icon; rows without one leave its place free, so that words stand below each other."""


class ActionRow(QStyledItemDelegate):
    """Paints one action; all rows are of one height."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        on = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        tokens, style = theme.current(), option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        rect = option.rect.adjusted(theme.S, 0, -theme.S, 0)
        icon: QIcon | None = index.data(Qt.ItemDataRole.DecorationRole)
        if icon is not None:
            place = QRect(rect.left(), rect.center().y() - ICON // 2 + 1, ICON, ICON)
            icon.paint(painter, place, mode=QIcon.Mode.Normal if on else QIcon.Mode.Disabled)
        words, shortcut = rect.adjusted(ICON + theme.S, 0, 0, 0), str(index.data(SHORTCUT) or "")
        painter.save()
        painter.setPen(tokens.text if on else tokens.disabled)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), str(index.data()))
        painter.setPen(tokens.muted if on else tokens.disabled)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), shortcut)
        painter.restore()

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As high as the icon or the words need, with room."""
        return QSize(0, max(ICON, option.fontMetrics.height()) + theme.S)
