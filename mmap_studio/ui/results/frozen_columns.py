"""Columns of a table that are kept in sight while the others are scrolled sideways."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView

from mmap_studio.ui.kit.name_column import NameHeader
from mmap_studio.ui.results.model import row_height

MOST = 0.45
"""Largest share of the table's width that the first column takes; the others get what they need."""
LEAST = 0.3
"""Share of the table's width that is left for the columns that are scrolled, at least."""


def fix_rows(table: QTableView) -> None:
    """Give all rows the delegate's height: measuring every cell takes longer than drawing them."""
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(row_height(table.font()))


class FrozenColumns(QTableView):
    """Lies over a table, with its model and its selection; the keyboard stays in the table.

    `columns` are the first ones of the table as they are seen, by their place in the model.
    """

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self.table = table
        self.columns: tuple[int, ...] = (0,)
        self.setProperty("kind", "frozen")
        self.setAccessibleName("Methods")
        self.setToolTip(table.toolTip())
        self.setHorizontalHeader(NameHeader(self))
        self.setModel(table.model())
        self.setSelectionModel(table.selectionModel())
        self.setItemDelegate(table.itemDelegate())
        self.setFont(table.font())
        self.setFocusProxy(table)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setEditTriggers(table.editTriggers())
        self.setSelectionMode(table.selectionMode())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(table.verticalScrollMode())
        self.verticalHeader().hide()
        fix_rows(self)
        self.setContextMenuPolicy(table.contextMenuPolicy())
        self._connect()
        self.hide()

    def follow(self) -> None:
        """Show itself over the first column where the table is scrolled, else hide."""
        table, bar = self.table, self.table.horizontalScrollBar()
        self.setVisible(bar.value() > 0)
        if not self.isVisibleTo(table):
            return
        room, header = table.viewport().width(), self.horizontalHeader()
        for column in range(self.model().columnCount()):
            self.setColumnHidden(column, column not in self.columns)
        for place, column in enumerate(self.columns):
            header.moveSection(header.visualIndex(column), place)
        others = sum(map(table.columnWidth, self.columns[1:]))
        first = min(table.columnWidth(0), round(MOST * room), max(round((1 - LEAST) * room) - others, 0))
        self.setColumnWidth(0, first)
        for column in self.columns[1:]:
            self.setColumnWidth(column, table.columnWidth(column))
        header.setFixedHeight(table.horizontalHeader().height())
        self.setGeometry(0, 0, first + others + 1, table.horizontalHeader().height() + table.viewport().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Resize:
            self.follow()
        return False

    def _connect(self) -> None:
        table = self.table
        table.viewport().installEventFilter(self)
        table.horizontalScrollBar().valueChanged.connect(self.follow)
        table.horizontalHeader().sectionResized.connect(self.follow)
        table.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        self.verticalScrollBar().valueChanged.connect(table.verticalScrollBar().setValue)
        table.selectionModel().currentChanged.connect(self._uncover)
        self.activated.connect(table.activated)
        self.customContextMenuRequested.connect(table.customContextMenuRequested)  # both have the same origin
        self.horizontalHeader().sectionClicked.connect(self._sort)

    def _uncover(self, current: QModelIndex) -> None:
        """Scroll so that the current cell is not covered."""
        place, bar = self.table.visualRect(current), self.table.horizontalScrollBar()
        if self.isVisible() and current.column() not in self.columns and 0 <= place.left() < self.width():
            bar.setValue(bar.value() - (self.width() - place.left()))

    def _sort(self, column: int) -> None:
        header, up = self.table.horizontalHeader(), Qt.SortOrder.AscendingOrder
        turned = header.sortIndicatorSection() == column and header.sortIndicatorOrder() == up
        self.table.sortByColumn(column, Qt.SortOrder.DescendingOrder if turned else up)
