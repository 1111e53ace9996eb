"""A column of names, and a header of names: where one does not fit, what tells it from the others stays."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionHeader,
    QStyleOptionViewItem,
)

from mmap_studio.ui.kit.painting import LEFT
from mmap_studio.ui.kit.shortened import shortened

Index = QModelIndex | QPersistentModelIndex
ARROW = " → "
"""Between two names of one row, which are then cut each for itself."""
NEAR = 500
"""Rows above and below a name that is cut whose names are compared with it."""
WIDEST = 16
"""Characters up to which a name widens its column; a figure and its difference need about as many."""
PADDING = 16
"""Pixels beside a text of a header, by the style sheet."""


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
            plain.textElideMode = Qt.TextElideMode.ElideNone  # by a part of a pixel it would be cut once more
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
        model, above, at = index.model(), index.parent(), index.row()
        rows = range(max(0, at - NEAR), min(at + NEAR, model.rowCount(above)))
        return [str(model.index(row, index.column(), above).data()) for row in rows]


class NameHeader(QHeaderView):
    """Sections hold names, which widen no column; a click sorts."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setDefaultAlignment(LEFT)

    def sectionSizeFromContents(self, section: int) -> QSize:  # noqa: N802
        size = super().sectionSizeFromContents(section)
        widest = WIDEST * self.fontMetrics().averageCharWidth() + PADDING + self._arrow()
        return QSize(min(size.width(), widest), size.height())

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, section: int) -> None:  # noqa: N802
        super().initStyleOptionForIndex(option, section)
        sorts = self.isSortIndicatorShown() and self.sortIndicatorSection() == section
        room = self.sectionSize(section) - PADDING - (self._arrow() if sorts else 0)
        option.text = shortened(option.text, self.font(), room, self._names())
        if sorts and not self._left(section):  # the arrow is at the right, where the text would end
            blank = max(1, self.fontMetrics().horizontalAdvance("\u2002"))
            option.text += "\u2002" * -(-self._arrow() // blank)

    def _arrow(self) -> int:
        return self.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMarkSize, None, self)

    def _left(self, section: int) -> bool:
        where = self.model().headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
        return bool(int(where or 0) & int(Qt.AlignmentFlag.AlignLeft.value))

    def _names(self) -> list[str]:
        across = Qt.Orientation.Horizontal
        return [str(self.model().headerData(one, across)) for one in range(self.count())]
