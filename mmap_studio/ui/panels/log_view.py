"""What happened, line by line."""

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from mmap_studio.formatting import counted
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import button, check, note, row
from mmap_studio.ui.panels.log_model import LEVEL, TEXT, TIME, LogFilter, LogModel
from mmap_studio.ui.panels.log_text import Level, LogLine, describe

if TYPE_CHECKING:
    from mmap_studio.session.events import Event


class LogView(QWidget):
    """Newest at the bottom; it follows the newest line until the user scrolls up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Log")
        self.model = LogModel()
        self.filter = LogFilter(self.model)
        self._build_table()
        self._lay_out()
        theme.changed.connect(self.table.viewport().update)

    def add(self, text: str, level: Level = "info", when: datetime | None = None) -> None:
        """One line."""
        bar = self.table.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()
        self.model.add(LogLine(when or datetime.now(), level, text))
        if at_end:
            self.table.scrollToBottom()
        self._count()

    def add_event(self, event: "Event", when: datetime | None = None) -> None:
        """A line for an event that is worth one."""
        said = describe(event)
        if said:
            self.add(said[1], said[0], when)

    def clear(self) -> None:
        """No lines."""
        self.model.clear()
        self._count()

    def as_text(self, selected: bool = False) -> str:
        """The lines shown, or of those the selected ones."""
        rows = range(self.filter.rowCount())
        if selected:
            rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})  # type: ignore[assignment]
        sources = [self.filter.mapToSource(self.filter.index(row, 0)).row() for row in rows]
        return "".join(f"{self.model.book[row]}\n" for row in sources)

    def copy(self) -> None:
        """The selected lines to the clipboard; all shown, if none is selected."""
        QGuiApplication.clipboard().setText(self.as_text(self.table.selectionModel().hasSelection()))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _build_table(self) -> None:
        view = self.table = QTableView()
        view.setTabKeyNavigation(False)  # arrows go from cell to cell, Tab goes on
        view.setAccessibleName("Log lines")
        view.setToolTip("What happened, newest last; arrows go from line to line")
        view.setFont(theme.font())
        view.setModel(self.filter)
        view.setShowGrid(False)
        view.setFrameShape(QTableView.Shape.NoFrame)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = view.verticalHeader(), view.horizontalHeader()
        rows.hide()
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

    def _lay_out(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Filter")
        self.search.setAccessibleName("Filter the log")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Only lines that contain this text")
        self.search.setMaximumWidth(260)
        self.loud = check("Only warnings", "Only warnings and errors")
        self.count = note()
        copy = button("Copy", "Copy the selected lines, or all shown (Ctrl+C)", "Copy lines")
        clear = button("Clear", "Empty the log; the run folder keeps its own", "Clear the log")
        head = row(self.search, self.loud, None, self.count, copy, clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        copy.clicked.connect(self.copy)
        clear.clicked.connect(self.clear)
        self.search.textChanged.connect(self._refilter)
        self.loud.toggled.connect(self._refilter)
        self._count()

    def _refilter(self) -> None:
        self.filter.show_only(self.loud.isChecked(), self.search.text())
        self._count()

    def _count(self) -> None:
        shown, n, dropped = self.filter.rowCount(), len(self.model.book), self.model.book.dropped
        older = f", {dropped:,} older dropped" if dropped else ""
        self.count.setText(f"{'' if shown == n else f'{shown:,} of '}{counted(n, 'line')}{older}")
