"""The log view: a table of log lines with a filter."""

from collections import deque
from datetime import datetime

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from mmap_studio.formatting import counted
from mmap_studio.session.events import Event
from mmap_studio.session.window_words import in_window
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import button, check, column, line_edit, note, quiet_table, row
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text, brief, copy_text
from mmap_studio.ui.panels.log_text import MARKS, Level, LogLine, describe

Index = QModelIndex | QPersistentModelIndex
TIME, LEVEL, TEXT = range(3)
LOUD = ("warning", "error")
LIMIT = 5000
"""Lines that are kept; the oldest go first."""


class LogModel(QAbstractTableModel):
    """The newest lines, oldest first, with the columns time, level and text."""

    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__()
        self.lines: deque[LogLine] = deque(maxlen=limit)
        self.dropped = 0
        """Lines removed because there were too many."""

    def add(self, line: LogLine) -> None:
        """Append a line; the oldest one goes when there are too many."""
        row = len(self.lines)
        if row == self.lines.maxlen:
            row -= 1
            self.beginRemoveRows(QModelIndex(), 0, 0)
            self.lines.popleft()
            self.dropped += 1
            self.endRemoveRows()
        self.beginInsertRows(QModelIndex(), row, row)
        self.lines.append(line)
        self.endInsertRows()

    def clear(self) -> None:
        self.beginResetModel()
        self.lines.clear()
        self.dropped = 0
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return ("Time", "", "Message")[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line, column = self.lines[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (f"{line.when:%H:%M:%S}", MARKS[line.level], line.text)[column]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = line.level if column == LEVEL else line.text
            return as_text(text) if role == Qt.ItemDataRole.ToolTipRole else text
        if role == Qt.ItemDataRole.TextAlignmentRole and column == LEVEL:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(_ink(line, column))
        return None


class LogFilter(QSortFilterProxyModel):
    def __init__(self, model: LogModel) -> None:
        super().__init__(model)
        self._loud, self._text = False, ""
        self._model = model
        self.setSourceModel(model)

    def show_only(self, loud: bool, text: str) -> None:
        """Show lines that contain the text, in any case; only warnings and errors if `loud`."""
        self.beginFilterChange()
        self._loud, self._text = loud, text.casefold()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        line = self._model.lines[row]
        return (not self._loud or line.level in LOUD) and self._text in line.text.casefold()


def _ink(line: LogLine, column: int) -> str:
    tokens = theme.current()
    loud = {"warning": tokens.warning, "error": tokens.bad}
    if column == TIME:
        return tokens.muted
    return loud.get(line.level, tokens.muted if line.level == "event" and column == LEVEL else tokens.text)


class LogView(QWidget):
    """Lines with the newest at the bottom; it follows the newest line until the user scrolls up."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Log")
        self.model = LogModel()
        self.filter = LogFilter(self.model)
        view = self.table = QTableView()
        quiet_table(view, "Log lines", "Events of the session, newest last; arrow keys go from line to line")
        view.setFont(theme.font())
        view.setModel(self.filter)
        view.setFrameShape(QTableView.Shape.NoFrame)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = view.verticalHeader(), view.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(round(view.fontMetrics().height() * 1.5))
        columns.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.resizeSection(TIME, view.fontMetrics().horizontalAdvance("00:00:00") + 16)
        columns.resizeSection(LEVEL, view.fontMetrics().horizontalAdvance("!") + 20)
        columns.setSectionResizeMode(TEXT, QHeaderView.ResizeMode.Stretch)
        action = QAction("Copy", view)
        action.setShortcut(QKeySequence.StandardKey.Copy)
        action.triggered.connect(self.copy)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        view.addAction(action)
        self.search = line_edit("Filter the log", "Show only lines that contain this text", placeholder="Filter")
        self.search.setMaximumWidth(260)
        self.loud = check("Only warnings", "Show only warnings and errors")
        self.count = note()
        copy = button("Copy", "Copy the selected lines, or all lines shown (Ctrl+C)", "Copy lines")
        clear = button("Clear", "Clear this log; the logs in the run folders stay", "Clear the log")
        self.whole = label("", "", "The whole line", wrap=True)
        self.whole.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.whole.hide()
        head = row(self.search, self.loud, None, self.count, copy, clear)
        column(head, self.table, self.whole, parent=self, stretch=[self.table])
        view.selectionModel().currentChanged.connect(self._show_whole)
        copy.clicked.connect(self.copy)
        clear.clicked.connect(self.clear)
        self.search.textChanged.connect(self._refilter)
        self.loud.toggled.connect(self._refilter)
        self._follows = True
        """Whether the newest line is kept in sight; a user who scrolls up reads on."""
        bar = view.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._follow)  # lines that came, or a view that was hidden and is laid out now
        self._count()
        theme.changed.connect(self.table.viewport().update)

    def add(self, text: str, level: Level = "info", when: datetime | None = None) -> None:
        self.model.add(LogLine(when or datetime.now(), level, in_window(text)))
        self._count()

    def add_event(self, event: Event) -> None:
        said = describe(event)
        if said:
            self.add(said[1], said[0])

    def clear(self) -> None:
        self.model.clear()
        self._show_whole()
        self._count()

    def as_text(self, selected: bool = False) -> str:
        """The lines shown, or only the selected ones of them."""
        rows = range(self.filter.rowCount())
        if selected:
            rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})  # type: ignore[assignment]
        sources = [self.filter.mapToSource(self.filter.index(row, 0)).row() for row in rows]
        return "".join(f"{self.model.lines[row]}\n" for row in sources)

    def copy(self) -> None:
        """Copy the selected lines, or all lines shown if none is selected."""
        copy_text(self.as_text(self.table.selectionModel().hasSelection()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._show_whole)  # once the table is laid out

    def _show_whole(self) -> None:
        """Show the line that the user is at below the table where the table cuts it."""
        index = self.table.currentIndex()
        text = str(index.siblingAtColumn(TEXT).data()) if index.isValid() else ""
        room = self.table.columnWidth(TEXT) - theme.L
        cut = self.table.fontMetrics().horizontalAdvance(text) > room
        self.whole.setText(brief(text) if cut else "")
        self.whole.setVisible(cut)

    def _scrolled(self, value: int) -> None:
        if self.isVisible():
            self._follows = value >= self.table.verticalScrollBar().maximum()

    def _follow(self) -> None:
        if self._follows:
            self.table.scrollToBottom()

    def _refilter(self) -> None:
        self.filter.show_only(self.loud.isChecked(), self.search.text())
        self._count()

    def _count(self) -> None:
        shown, n, dropped = self.filter.rowCount(), len(self.model.lines), self.model.dropped
        older = f", {counted(dropped, 'older one')} removed" if dropped else ""
        self.count.setText(f"{'' if shown == n else f'{shown:,} of '}{counted(n, 'line')}{older}")
