"""The delegate of a column of names: where one does not fit, what tells it from the others stays."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmap_studio.ui.kit.shortened import shortened

Index = QModelIndex | QPersistentModelIndex
ARROW = " → "
"""Between two names of one row, which are then cut each for itself."""


class NameColumn(QStyledItemDelegate):
    """Draws every cell as its view does, but for the text.

    names : gives the names that stand below each other; without it, those of the column are read when one is cut
    """

    def __init__(self, view: QAbstractItemView, names: Callable[[], Sequence[str]] | None = None) -> None:
        super().__init__(view)
        self._view, self._names = view, names

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        style = self._view.style()
        frame = 2 * (style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self._view) + 1)
        room = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, plain, self._view).width() - frame
        if plain.fontMetrics.horizontalAdvance(plain.text) > room:
            plain.text = self.cut(plain, room, index)
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, self._view)

    def cut(self, plain: QStyleOptionViewItem, room: int, index: Index) -> str:
        """The text of a cell, for so many pixels."""
        text, names = str(plain.text), self._names() if self._names else self._column(index)
        if ARROW not in text:
            return shortened(text, plain.font, room, names)
        first, _, second = text.partition(ARROW)
        parts = [name.partition(ARROW) for name in names]
        metrics = plain.fontMetrics
        room -= metrics.horizontalAdvance(ARROW)
        left = min(metrics.horizontalAdvance(first), max(room // 2, room - metrics.horizontalAdvance(second)))
        before = shortened(first, plain.font, left, {name for name, _, _ in parts})
        return before + ARROW + shortened(second, plain.font, room - left, {name for _, _, name in parts})

    def _column(self, index: Index) -> list[str]:
        model, above = index.model(), index.parent()
        return [str(model.index(row, index.column(), above).data()) for row in range(model.rowCount(above))]
