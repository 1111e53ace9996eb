"""A table's first column, kept in sight while the others are scrolled sideways."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView

from mmap_studio.ui.results.model import row_height

MOST = 0.45
"""Largest share of the table's width that it takes."""


def fix_rows(table: QTableView) -> None:
    """Give all rows the delegate's height: measuring every cell takes longer than drawing them."""
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(row_height(table.font()))


class FrozenColumn(QTableView):
    """Lies over a table, with its model and its selection; the keyboard stays in the table."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self.table = table
        self.setProperty("kind", "frozen")
        self.setAccessibleName("Methods")
        self.setToolTip(table.toolTip())
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
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(True)
        self.setContextMenuPolicy(table.contextMenuPolicy())
        self._connect()
        self.hide()

    def follow(self) -> None:
        """Show itself over the first column where the table is scrolled, else hide."""
        table, bar = self.table, self.table.horizontalScrollBar()
        self.setVisible(bar.value() > 0)
        if not self.isVisibleTo(table):
            return
        for column in range(1, self.model().columnCount()):
            self.setColumnHidden(column, True)
        width = min(table.columnWidth(0), round(MOST * table.viewport().width()))
        self.setColumnWidth(0, width)
        self.horizontalHeader().setFixedHeight(table.horizontalHeader().height())
        self.setGeometry(0, 0, width + 1, table.horizontalHeader().height() + table.viewport().height())

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
        if self.isVisible() and current.column() > 0 and 0 <= place.left() < self.width():
            bar.setValue(bar.value() - (self.width() - place.left()))

    def _sort(self) -> None:
        header, up = self.table.horizontalHeader(), Qt.SortOrder.AscendingOrder
        turned = header.sortIndicatorSection() == 0 and header.sortIndicatorOrder() == up
        self.table.sortByColumn(0, Qt.SortOrder.DescendingOrder if turned else up)
