"""The log book as Qt sees it."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor

from mmap_studio.ui.kit import theme
from mmap_studio.ui.panels.log_text import MARKS, LogBook, LogLine

Index = QModelIndex | QPersistentModelIndex
TIME, LEVEL, TEXT = range(3)
LOUD = ("warning", "error")


class LogModel(QAbstractTableModel):
    """Time, level, text; the oldest line leaves when the book is full."""

    def __init__(self, book: LogBook | None = None) -> None:
        super().__init__()
        self.book = LogBook() if book is None else book

    def add(self, line: LogLine) -> None:
        """Append a line."""
        if self.book.full:
            self.beginRemoveRows(QModelIndex(), 0, 0)
            self.book.drop_oldest()
            self.endRemoveRows()
        row = len(self.book)
        self.beginInsertRows(QModelIndex(), row, row)
        self.book.add(line)
        self.endInsertRows()

    def clear(self) -> None:
        """No lines."""
        self.beginResetModel()
        self.book.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.book)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return ("Time", "", "Message")[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line, column = self.book[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (f"{line.when:%H:%M:%S}", MARKS[line.level], line.text)[column]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return line.level if column == LEVEL else line.text
        if role == Qt.ItemDataRole.TextAlignmentRole and column == LEVEL:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(_ink(line, column))
        return None


class LogFilter(QSortFilterProxyModel):
    """Lines of warnings and errors only, lines that contain a text, or all."""

    def __init__(self, model: LogModel) -> None:
        super().__init__(model)
        self._loud, self._text = False, ""
        self._model = model
        self.setSourceModel(model)

    def show_only(self, loud: bool, text: str) -> None:
        """Warnings and errors only if `loud`; only lines with this text, upper or lower case."""
        self.beginFilterChange()
        self._loud, self._text = loud, text.casefold()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        line = self._model.book[row]
        return (not self._loud or line.level in LOUD) and self._text in line.text.casefold()


def _ink(line: LogLine, column: int) -> str:
    tokens = theme.current()
    loud = {"warning": tokens.warning, "error": tokens.bad}
    if column == TIME:
        return tokens.muted
    return loud.get(line.level, tokens.muted if line.level == "event" and column == LEVEL else tokens.text)
