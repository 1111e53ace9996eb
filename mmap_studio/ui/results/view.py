"""The results table: test scores of every method on every task, compared with a baseline."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView, QToolButton, QWidget

from mmap_studio.session.results.formats import flat, latex, markdown, table_json, table_text
from mmap_studio.session.results.intervals import PairedTests
from mmap_studio.session.results.table import LOWER_IS_BETTER, METRICS, Metric, Outcome, TableRow, table
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import button, check, column, combo, flow, note, quiet_table
from mmap_studio.ui.kit.name_column import NameHeader
from mmap_studio.ui.kit.plain_text import as_text, copy_text
from mmap_studio.ui.kit.words import WORDS
from mmap_studio.ui.results.frozen_columns import FrozenColumns, fix_rows
from mmap_studio.ui.results.model import ABOUT, FIRST_TASK, NUMBER_ROLE, ResultsDelegate, ResultsModel

INTERVAL = f"95 % interval: {WORDS['95 % interval'][0].lower()}{WORDS['95 % interval'][1:]}"
LONGEST, TITLE = 44, 30
"""Most characters of a row's settings, and of its name."""


class ResultsView(QWidget):
    """Rows are methods, columns tasks; several runs of a method are one row with mean and standard deviation."""

    opened = Signal(str, str)
    """A cell was double-clicked: method and task ("" for a cell that belongs to none)."""
    compared = Signal(str, str, str)
    """Images that one of two rows has right are wanted: methods of the upper and the lower one, and a task or ""."""
    repeat_wanted = Signal()
    """The groups on the board, with several seeds."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Results")
        self._outcomes: list[Outcome] = []
        self._tasks: tuple[str, ...] = ()
        self._tests: PairedTests | None = None
        self._hidden: set[str] = set()
        self._baseline = "zero_shot"
        self.model, self.proxy = ResultsModel(), QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.model)
        self.proxy.setSortRole(NUMBER_ROLE)
        self.metric_box = combo("Metric", "What the cells show", {title: metric for metric, title in METRICS.items()})
        self.metric_box.currentIndexChanged.connect(self._refresh)
        tip = f"Show the difference to the baseline beside each value, grey within noise. ±: half the {INTERVAL}"
        self.deltas = check("Differences", tip, True)
        self.deltas.toggled.connect(self._show_deltas)
        self.unhide = button("", "Show all rows again", "Show hidden rows")
        self.unhide.clicked.connect(self._show_hidden)
        tip = "Of two rows in which cells are selected, the images that only one of them has right"
        self.pair = button("Fixed and broken images", tip, "Images fixed and broken")
        self.pair.clicked.connect(self._compare)
        tip = "Copy the table as shown; Ctrl+C copies the selected cells"
        self.copy_button = button("Copy ▾", tip, "Copy table")
        self.copy_button.setMenu(self._copy_menu())
        self.copy_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.empty = note("No results yet. A run scores zero-shot CLIP first.", centred=True)
        self._build_table()
        head = flow(self.metric_box, self.deltas, None, self.unhide, self.pair, self.copy_button)
        column(head, self.table, self.empty, parent=self, stretch=[self.table, self.empty])
        self.table.selectionModel().selectionChanged.connect(self._show_pair)
        self.model.modelReset.connect(self._show_pair)
        self._refresh()
        self._show_pair()
        theme.changed.connect(self.table.viewport().update)

    def begin_project(self, tasks: Sequence[str]) -> None:
        """Another project: shown from its first column and row, in its own order, nothing hidden."""
        self._hidden.clear()
        self._outcomes = []
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.show_tasks(tasks)
        self.table.clearSelection()
        for bar in (self.table.horizontalScrollBar(), self.table.verticalScrollBar()):
            bar.setValue(0)
        self.frozen.follow()

    def show_tasks(self, tasks: Sequence[str]) -> None:
        self._tasks = tuple(tasks)
        self._refresh()

    def show_outcomes(self, outcomes: Sequence[Outcome], tests: PairedTests | None = None) -> None:
        """Replace all scores; hidden rows stay hidden, and the order stays.

        tests : what is tested, for the intervals of differences
        """
        self._outcomes, self._tests = list(outcomes), tests
        self._hidden &= {outcome.method for outcome in outcomes}
        self._refresh()

    def set_baseline(self, method: str) -> None:
        self._baseline = method
        self._refresh()

    @property
    def shown_metric(self) -> Metric:
        found: Metric = self.metric_box.currentData()
        return found

    def shown(self) -> tuple[TableRow, ...]:
        places = [self.proxy.mapToSource(self.proxy.index(r, 0)).row() for r in range(self.proxy.rowCount())]
        return tuple(self.model.rows[place] for place in places)

    def as_text(self, delimiter: str = ",") -> str:
        """The table in the order shown as CSV, or with another delimiter."""
        return table_text(*flat(self.shown(), self._tasks), delimiter)

    def as_json(self) -> str:
        return table_json(*flat(self.shown(), self._tasks))

    def as_latex(self) -> str:
        return latex(self.shown(), self._tasks, self.shown_metric)

    def as_markdown(self) -> str:
        return markdown(self.shown(), self._tasks, self.shown_metric)

    def copy(self) -> None:
        copy_text(self.as_text("\t"))

    def copy_cells(self) -> None:
        """Copy the selected cells to the clipboard as they are shown; without a selection, the table."""
        copy_text(_selected_text(self.table) or self.as_text("\t"))

    def _refresh(self) -> None:
        rows = table(self._outcomes, self._tasks, self.shown_metric, self._baseline, self._tests)
        self.model.show([row for row in rows if row.method not in self._hidden], self._tasks)
        self._fit_columns(rows)
        self.empty.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.unhide.setVisible(bool(self._hidden))
        self.unhide.setText(f"Show hidden rows ({len(self._hidden)})")
        better = "lower is better" if self.shown_metric in LOWER_IS_BETTER else "higher is better"
        meaning = {"ece": "Calibration error (ECE)", "macro_f1": "Macro-F1"}.get(self.shown_metric, "")
        said = f"What the cells show ({better})"
        self.metric_box.setToolTip(as_text(f"{said}. {WORDS[meaning]}" if meaning else said))

    def _fit_columns(self, rows: Sequence[TableRow]) -> None:
        """Make columns as wide as they need, shorten long names, and hide columns without any text."""
        wide = self.table.fontMetrics().averageCharWidth()
        first = len(self._tasks) + 3
        for place in range(first):
            self.table.setColumnHidden(place, False)  # it may have been a column of text before there were tasks
        known = any(not math.isnan(figure.half) for row in rows for figure in row.figures)
        self.delegate.intervals = "mean" if known else "none"
        for place in range(self.model.columnCount()):
            if not FIRST_TASK <= place < first - 1:
                self.table.resizeColumnToContents(place)
        self._fit_figures()
        for place, about in enumerate(ABOUT.values(), start=first):
            self.table.setColumnHidden(place, not any(getattr(row.about, about) for row in rows))
            self.table.setColumnWidth(place, min(self.table.columnWidth(place), LONGEST * wide))
        self.table.setColumnWidth(0, min(self.table.columnWidth(0), TITLE * wide))
        header = self.table.horizontalHeader()
        wanted = list(range(header.count()))
        if self._tasks:  # the mean stays in sight however many tasks there are
            wanted.insert(1, wanted.pop(len(self._tasks) + 1))
        for place, moved in enumerate(wanted):
            if header.visualIndex(moved) != place:  # every move measures all cells again
                header.moveSection(header.visualIndex(moved), place)
        self.frozen.columns = (0, len(self._tasks) + 1) if self._tasks else (0,)
        self._show_intervals()
        self.frozen.follow()

    def _fit_figures(self) -> None:
        """The columns of the tasks and of the mean, without asking the model for each cell a dozen times."""
        header, font = self.table.horizontalHeader(), self.table.font()
        for place in range(len(self.model.tasks) + 1):
            interval = self.delegate.shows_interval(place == len(self.model.tasks))
            figures = [row.figures[place] for row in self.model.rows if place < len(row.figures)]
            widths = [self.delegate.width(font, figure, interval) for figure in figures]
            self.table.setColumnWidth(FIRST_TASK + place, max([header.sectionSizeHint(FIRST_TASK + place), *widths]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The table has got another width."""
        if event.type() == QEvent.Type.Resize:
            self._show_intervals()
        return super().eventFilter(watched, event)

    def _show_intervals(self) -> None:
        """In the columns of the tasks too, where that needs no scrolling; in that of the mean always."""
        before, more = self.delegate.intervals, self.delegate.more(self.table.font())
        if before == "none":
            return
        width = sum(map(self.table.columnWidth, range(self.model.columnCount())))
        narrow = width - more * len(self._tasks) * (before == "all")
        room = self.table.viewport().width()
        fits = self.deltas.isChecked() and narrow + more * len(self._tasks) <= room
        self.delegate.intervals = "all" if fits else "mean"
        if self.delegate.intervals != before:
            for place in range(FIRST_TASK, FIRST_TASK + len(self._tasks)):
                self.table.setColumnWidth(place, self.table.columnWidth(place) + (more if fits else -more))
            self.table.viewport().update()

    def _build_table(self) -> None:
        view = self.table = QTableView()
        tip = "Methods by tasks; Return or a double click shows the images behind a score"
        quiet_table(view, "Results: methods by tasks", tip)
        view.setFont(theme.font())
        view.setHorizontalHeader(NameHeader(view))
        view.setModel(self.proxy)
        self.delegate = ResultsDelegate(view)
        view.setItemDelegate(self.delegate)
        view.setSortingEnabled(True)
        view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        view.horizontalHeader().setSortIndicatorClearable(True)
        fix_rows(view)
        view.setFrameShape(QTableView.Shape.NoFrame)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._menu)
        view.activated.connect(self._open)  # Return, or a double click
        action = QAction("Copy cells", view)
        action.setShortcut(QKeySequence.StandardKey.Copy)
        action.triggered.connect(self.copy_cells)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        view.addAction(action)
        view.viewport().installEventFilter(self)
        self.frozen = FrozenColumns(view)

    def _copy_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("For a &spreadsheet", self.copy)
        menu.addAction("As &Markdown", lambda: copy_text(self.as_markdown()))
        menu.addAction("As &LaTeX", lambda: copy_text(self.as_latex()))
        return menu

    def _show_deltas(self, on: bool) -> None:
        self.delegate.deltas = on
        self._refresh()

    def _show_hidden(self) -> None:
        self._hidden.clear()
        self._refresh()

    def _open(self, index: QModelIndex) -> None:
        source = self.proxy.mapToSource(index)
        self.opened.emit(self.model.rows[source.row()].method, self.model.task(source.column()) or "")

    def pair_of_rows(self) -> tuple[TableRow, TableRow] | None:
        """The rows in which cells are selected, where these are two: the upper one first."""
        rows = sorted({index.row() for index in self.table.selectionModel().selectedIndexes()})
        shown = self.shown()
        return (shown[rows[0]], shown[rows[1]]) if len(rows) == 2 else None

    def _show_pair(self) -> None:
        both = self.pair_of_rows()
        self.pair.setVisible(both is not None)
        if both is not None:
            tip = f"Images that {both[0].title!r} has wrong and {both[1].title!r} right, and the other way round"
            self.pair.setToolTip(as_text(tip))

    def _compare(self) -> None:
        both = self.pair_of_rows()
        if both is not None:
            column = self.table.currentIndex().column()
            self.compared.emit(both[0].method, both[1].method, self.model.task(column) or "")

    def row_menu(self, row: TableRow) -> QMenu:
        menu = QMenu(self)
        baseline = menu.addAction("Use as baseline", lambda: self.set_baseline(row.method))
        baseline.setEnabled(not row.baseline)
        if row.about.on_board:
            menu.addAction("Repeat with 3 seeds", self.repeat_wanted.emit)
        menu.addAction("Hide row", lambda: self._hide(row.method))
        both = menu.addAction("Fixed and broken images", self._compare)
        both.setEnabled(self.pair_of_rows() is not None)
        both.setToolTip(as_text("Of two rows in which cells are selected, the images that only one of them has right"))
        menu.addSeparator()
        menu.addAction("Copy cells\tCtrl+C", self.copy_cells)
        menu.addAction("Copy table", self.copy)
        return menu

    def _menu(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        if index.isValid():
            menu = self.row_menu(self.model.rows[self.proxy.mapToSource(index).row()])
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self.table.viewport().mapToGlobal(at))

    def _hide(self, method: str) -> None:
        self._hidden.add(method)
        self._refresh()


def _selected_text(table: QTableView) -> str:
    """Selected cells as text with tabs, in the order shown; a cell between them that is not selected is empty."""
    header = table.horizontalHeader()
    cells = {
        (one.row(), header.visualIndex(one.column())): "" if one.data() == "–" else str(one.data())
        for one in table.selectedIndexes()
        if not table.isColumnHidden(one.column())
    }
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    return "\n".join("\t".join(cells.get((row, column), "") for column in columns) for row in rows)
