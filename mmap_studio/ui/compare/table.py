"""The live table of a comparison: a row a method and amount, with its state and, as trials are made, its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QHeaderView, QTableView

from mmap_studio.formatting import printable
from mmap_studio.session.compare import tables
from mmap_studio.session.compare.live.ledger import LedgerLine
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol
from mmap_studio.session.compare.trial import Amount
from mmap_studio.session.results.formats import table_text
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import quiet_table
from mmap_studio.ui.kit.name_column import NameColumn
from mmap_studio.ui.kit.painting import LEFT, RIGHT
from mmap_studio.ui.kit.plain_text import as_text

Index = QModelIndex | QPersistentModelIndex
NUMBER_ROLE = Qt.ItemDataRole.UserRole
METHOD, AMOUNT, STATE, ACCURACY = range(4)
FIRST = ("Method", "Shots", "State")
TIP = "Methods by amounts of images, figures are of the trials that are there"
LONGEST = 40
"""Most characters of a method's title."""
MEASURED = 30
"""Rows whose texts decide the widths of the columns; measuring 200 takes 0.1 s."""
LEAST = 72
"""Pixels of the height in a low window."""


@dataclass(frozen=True)
class TrialRow:
    """A row: how far it is, and its figures where there are some."""

    line: LedgerLine
    row: tables.Row | None
    cells: tuple[str, ...]
    """As the report has them, without the title; empty without figures."""
    head: tuple[str, ...] = tables.HEAD[1:]
    """Names of the figures."""

    @property
    def key(self) -> tuple[str, Amount]:
        return self.line.method, self.line.amount

    @property
    def sentence(self) -> str:
        """All of it, for a screen reader and a hover."""
        figures = [f"{name} {cell}" for name, cell in zip(self.head, self.cells, strict=False) if cell]
        parts = [f"{self.line.title}, {self.line.amount.words}: {self.line.words}", *figures]
        return "; ".join(parts) + (f"\n{self.line.problem}" if self.line.problem else "")


def entries(lines: Sequence[LedgerLine], rows: Sequence[tables.Row], protocol: Protocol = SHOTS) -> list[TrialRow]:
    """The lines of the ledger with the figures of their trials."""
    head = tables.head(protocol)[1:]
    found: Mapping[tuple[str, Amount], tables.Row] = {(row.method, row.amount): row for row in rows}
    made = []
    for line in lines:
        row = found.get((line.method, line.amount)) if line.made else None
        row = row if row is not None and tuple(row.by_half) == protocol.halves else None
        made.append(TrialRow(line, row, tuple(tables.cells(row)[1:]) if row is not None else (), head))
    return made


class ComparisonModel(QAbstractTableModel):
    """Rows keep their place while figures come in."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[TrialRow] = []

    @property
    def head(self) -> tuple[str, ...]:
        """Of the columns."""
        return (*FIRST, *(self.entries[0].head if self.entries else tables.HEAD[1:]))

    def show(self, wanted: Sequence[TrialRow]) -> None:
        """Show these; where they are the same methods and amounts, selection and place stay."""
        if _places(wanted) != _places(self.entries):
            self.beginResetModel()
            self.entries = list(wanted)
            self.endResetModel()
        elif list(wanted) != self.entries:
            self.entries = list(wanted)
            self.dataChanged.emit(self.index(0, 0), self.index(len(wanted) - 1, len(self.head) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.head)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.head[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(RIGHT if section >= ACCURACY else LEFT)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry, column = self.entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(entry, column)
        if role == NUMBER_ROLE:
            return _number(entry, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_text(entry.sentence)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == METHOD:
            return entry.sentence
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(RIGHT if column >= ACCURACY else LEFT)
        if role == Qt.ItemDataRole.ForegroundRole:
            return _colour(entry, column)
        if role == Qt.ItemDataRole.FontRole and column in (METHOD, ACCURACY) and entry.row is not None:
            font = QFont(theme.font())
            font.setBold(entry.row.best)
            return font
        return None


class ComparisonTable(QTableView):
    """Rows to sort and to select."""

    def __init__(self) -> None:
        super().__init__()
        quiet_table(self, "Comparison: methods by amounts of images", TIP)
        self.rows, self.proxy = ComparisonModel(), QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.rows)
        self.proxy.setSortRole(NUMBER_ROLE)
        self.setFont(theme.font())
        self.setModel(self.proxy)
        self.setItemDelegateForColumn(METHOD, NameColumn(self))
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSortingEnabled(True)
        header = self.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        header.setResizeContentsPrecision(MEASURED)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.6))

    def selected(self) -> list[LedgerLine]:
        """The lines of the selected rows, as they are sorted; without a selection, of the current row."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        rows = rows or ([self.currentIndex().row()] if self.currentIndex().isValid() else [])
        return [self.rows.entries[self.proxy.mapToSource(self.proxy.index(row, 0)).row()].line for row in rows]

    def as_text(self) -> str:
        """The selected rows as they are shown, tabs between columns; without a selection, all of them."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        cells = [[str(self.proxy.index(row, column).data()) for column in range(len(self.rows.head))]
                 for row in rows or range(self.proxy.rowCount())]  # fmt: skip
        return table_text(self.rows.head, cells, "\t")

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, LEAST)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Low: whatever height is left is taken, and less does not make the whole view scroll."""
        return QSize(super().sizeHint().width(), LEAST)

    def show_entries(self, wanted: Sequence[TrialRow]) -> None:
        """Show these rows."""
        fits = _places(wanted) == _places(self.rows.entries)
        filled = sum(bool(one.cells) for one in wanted) > sum(bool(one.cells) for one in self.rows.entries)
        self.rows.show(wanted)
        if not fits or filled:
            self.resizeColumnsToContents()
            wide = LONGEST * self.fontMetrics().averageCharWidth()
            self.setColumnWidth(METHOD, min(self.columnWidth(METHOD), wide))
        elif self.sizeHintForColumn(STATE) > self.columnWidth(STATE):  # what is made says more than what waits
            self.resizeColumnToContents(STATE)


def _places(entries: Sequence[TrialRow]) -> list[object]:
    """What decides on rows and columns."""
    return [(one.key, one.head) for one in entries]


def _text(entry: TrialRow, column: int) -> str:
    line = entry.line
    if column < ACCURACY:
        return (printable(line.title), line.amount.label, line.words)[column]
    return entry.cells[column - ACCURACY] if entry.cells else ""


def _number(entry: TrialRow, column: int) -> object:
    """What a column is sorted by; rows without figures come first."""
    line, row = entry.line, entry.row
    if column == METHOD:
        return line.title.casefold()
    if column == AMOUNT:
        return 1e6 * line.amount.rank + line.amount.number
    if column == STATE:
        return ("running", "waiting", "skipped", "failed", "done").index(line.state)
    if row is None:
        return float("-inf")
    apart = row.difference
    return (
        row.accuracy.mean, *row.by_half.values(), apart.mean.mean if apart else 0.0,
        apart.adjusted if apart else 1.0, row.worst, row.balanced_accuracy, row.macro_f1, row.ece, row.parameters,
        row.bytes, row.seconds, row.steps, row.images_seen,
    )[column - ACCURACY]  # fmt: skip


def _colour(entry: TrialRow, column: int) -> QColor | None:
    tokens, state = theme.current(), entry.line.state
    if column == STATE:
        return QColor({"running": tokens.accent, "failed": tokens.bad}.get(state, tokens.muted))
    if column > STATE and entry.row is not None and not entry.row.best and column != ACCURACY:
        return QColor(tokens.muted)
    return None
