"""The header of the results table: long names of tasks are cut so that they stay apart, and widen no column."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHeaderView, QStyle, QStyleOptionHeader, QTableView

from mmap_studio.ui.kit.shortened import shortened

WIDEST = 16
"""Characters up to which a name widens its column; a figure and its difference need about as many."""
PADDING = 16
"""Pixels beside a text, by the style sheet."""


class NameHeader(QHeaderView):
    """Sections hold names; a click sorts."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

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
