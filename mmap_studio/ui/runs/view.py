"""The Runs view: the list of the project's runs, and of the selected ones the note or the settings that differ."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSignalBlocker, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QPlainTextEdit,
    QStackedWidget,
    QTableView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from mmap_studio.formatting import counted, fixed, percent, points
from mmap_studio.session.runs.differences import SettingDifference
from mmap_studio.session.runs.listing import RunEntry
from mmap_studio.ui.kit.controls import (
    button,
    column,
    described,
    flow,
    line_edit,
    note,
    quiet_table,
    quiet_tree,
    splitter,
)
from mmap_studio.ui.kit.name_column import NameColumn, NameHeader
from mmap_studio.ui.kit.painting import LEFT, RIGHT
from mmap_studio.ui.kit.plain_text import as_text

COLUMNS = ("Run", "State", "Mean", "Change", "Tags", "Seed", "Began")
FIGURES = (2, 3, 5)
"""Columns of numbers."""
VALUE, NAME = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
PIN = "★ "
SEVERAL = "curves", "delete"
"""Commands that take several runs."""
READING = "Reading the runs…"
EMPTY = "No runs yet. Run begins the first one."
HINT = "Select a run to read its note, two to see in which settings they differ."
LONGEST = 36
"""Characters of a run's name that widen its column."""
WIDE = 720
"""Pixels from which the details stand beside the list; in less they are below it, as soon as a run is selected."""


class RunsView(QWidget):
    """Commands carry the names of the runs' folders; `shown` tells that the view came into sight."""

    rename_wanted = Signal(str)
    note_wanted = Signal(str)
    tags_wanted = Signal(str)
    pin_wanted = Signal(str)
    delete_wanted = Signal(list)
    curves_wanted = Signal(list)
    pair_selected = Signal(str, str)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Runs")
        self._entries: dict[str, RunEntry] = {}
        self.seen = False
        self.search = line_edit("Search runs", "Show only runs with this in name, tags or state", placeholder="Search")
        self.search.setMaximumWidth(200)
        self.count, self.empty = note(), note(READING, centred=True)
        self.table = self._table()
        self.words = described(QPlainTextEdit(HINT, readOnly=True), "Note of the selected run", "To be read and copied")
        self.words.setFrameShape(QFrame.Shape.NoFrame)
        self.words.setTabChangesFocus(True)
        self.differences = described(QTreeWidget(), "Settings that differ", "Settings in which the two runs differ")
        self.differences.setHeader(NameHeader(self.differences))
        quiet_tree(self.differences, ["Setting", "First", "Second"])
        self.differences.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for place in (1, 2):
            self.differences.headerItem().setTextAlignment(place, LEFT)
        for part in (self.words, self.differences):
            part.setMinimumSize(120, 24)
        self.commands = self._actions()
        buttons = [self._button(action) for action in self.commands.values()]
        self.details = QStackedWidget()
        self.details.addWidget(self.words)
        self.details.addWidget(self.differences)
        head = flow(self.search, *buttons, None, self.count)
        self._parts = splitter(self.table, self.details, stretch=(3, 2), sizes=[2 * WIDE // 3, WIDE // 3])
        column(head, self._parts, self.empty, parent=self, stretch=[self._parts, self.empty])
        self.search.textChanged.connect(self._search)
        self._show_selected()

    def begin_project(self) -> None:
        """Another project: its runs are still to be read."""
        self.show_entries([])
        self.empty.setText(READING)
        self.count.setText("")

    def show_entries(self, entries: Sequence[RunEntry]) -> None:
        """Show these runs in this order; the selected ones stay selected."""
        chosen = set(self.selected())
        self._entries = {entry.name: entry for entry in entries}
        with QSignalBlocker(self.table.selectionModel()):
            self._model.setRowCount(0)
            for entry in entries:
                self._model.appendRow(_cells(entry))
            self.table.clearSelection()
            flags = self.table.selectionModel().SelectionFlag.Select | self.table.selectionModel().SelectionFlag.Rows
            for row in range(self._rows.rowCount()):
                if self._rows.index(row, 0).data(NAME) in chosen:
                    self.table.selectionModel().select(self._rows.index(row, 0), flags)
        self.table.resizeColumnsToContents()
        widest = LONGEST * self.table.fontMetrics().averageCharWidth()
        self.table.setColumnWidth(0, min(max(self.table.columnWidth(0), widest // 2), widest))
        self._parts.setVisible(bool(entries))
        self.empty.setVisible(not entries)
        self.empty.setText(EMPTY)
        self._show_count()
        self._show_selected()

    def show_differences(self, first: str, second: str, found: Sequence[SettingDifference]) -> None:
        """Show in which settings two runs differ, if they still are the selected ones."""
        if sorted(self.selected()) != sorted((first, second)):
            return
        self.differences.clear()
        for place, name in ((1, first), (2, second)):
            self.differences.headerItem().setText(place, self._entries[name].title)
            self.differences.headerItem().setToolTip(place, as_text(self._entries[name].title))
        for one in found:
            item = QTreeWidgetItem([one.setting, one.first, one.second])
            for place, text in enumerate((one.setting, one.first, one.second)):
                item.setToolTip(place, as_text(text))
                item.setTextAlignment(place, LEFT)
            self.differences.addTopLevelItem(item)
        self.words.setPlainText("The two runs differ in no setting.")
        self.details.setCurrentWidget(self.differences if found else self.words)

    def selected(self) -> list[str]:
        """Folders of the selected runs, in the order shown."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [str(self._rows.index(row, 0).data(NAME)) for row in rows]

    def look(self, seen: bool) -> None:
        """Take note whether the view is seen; behind another tab it is not, though Qt calls it visible."""
        self.seen = seen
        if seen:
            self.shown.emit()

    def resizeEvent(self, event: object) -> None:  # noqa: N802
        """Put the details below the list where they would be too narrow beside it."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._parts.setOrientation(Qt.Orientation.Horizontal if self.width() >= WIDE else Qt.Orientation.Vertical)
        self._place_details()

    def _place_details(self) -> None:
        """Without a selection they only say how to select; a narrow view has the list in their place."""
        beside = self._parts.orientation() == Qt.Orientation.Horizontal
        self.details.setVisible(beside or bool(self.selected()))

    def _table(self) -> QTableView:
        self._model, self._rows = QStandardItemModel(0, len(COLUMNS), self), QSortFilterProxyModel(self)
        self._model.setHorizontalHeaderLabels(list(COLUMNS))
        for place in range(len(COLUMNS)):
            self._model.horizontalHeaderItem(place).setTextAlignment(RIGHT if place in FIGURES else LEFT)
        self._rows.setSourceModel(self._model)
        self._rows.setSortRole(VALUE)
        self._rows.setFilterKeyColumn(-1)
        self._rows.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        made = QTableView()
        made.setModel(self._rows)
        quiet_table(made, "Runs", f"{HINT} F2 renames, Del deletes.")
        made.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        made.setSortingEnabled(True)
        made.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        made.horizontalHeader().setSortIndicatorClearable(True)
        made.horizontalHeader().setStretchLastSection(True)
        made.horizontalHeader().setMinimumSectionSize(48)
        made.setItemDelegateForColumn(0, NameColumn(made))
        made.setFrameShape(QTableView.Shape.NoFrame)
        made.setMinimumSize(220, 56)
        made.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        made.verticalHeader().setDefaultSectionSize(round(made.fontMetrics().height() * 1.6))
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(self._menu)
        made.selectionModel().selectionChanged.connect(self._show_selected)
        return made

    def _actions(self) -> dict[str, QAction]:
        specs: tuple[tuple[str, str, str, str, Callable[[], object]], ...] = (
            ("rename", "Rename…", "F2", "Give the selected run a name of your own",
             lambda: self._one(self.rename_wanted)),
            ("note", "Note…", "", "Write a note to the selected run", lambda: self._one(self.note_wanted)),
            ("tags", "Tags…", "", "Give the selected run tags, to find it by", lambda: self._one(self.tags_wanted)),
            ("pin", "Pin", "", "Keep the selected run on top of the list, or let it go",
             lambda: self._one(self.pin_wanted)),
            ("curves", "Show curves", "", "Show the curves of the selected runs over each other, in Curves",
             lambda: self.curves_wanted.emit(self.selected())),
            ("delete", "Delete", "Del", "Move the selected runs to the project's trash; Undo brings them back",
             lambda: self.delete_wanted.emit(self.selected())),
        )  # fmt: skip
        made = {}
        for key, text, keys, tip, act in specs:
            action = made[key] = QAction(text, self.table)
            action.setToolTip(as_text(f"{tip} ({keys})" if keys else tip))
            if keys:
                action.setShortcut(QKeySequence(keys))
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(lambda _=False, act=act: act())
            self.table.addAction(action)
        return made

    def _button(self, action: QAction) -> QWidget:
        made = button(action.text(), action.toolTip(), f"{action.text().rstrip('…')} run")
        made.clicked.connect(action.trigger)

        def follow() -> None:
            made.setEnabled(action.isEnabled())
            made.setText(action.text())

        action.changed.connect(follow)
        return made

    def _one(self, signal: object) -> None:
        chosen = self.selected()
        if len(chosen) == 1:
            signal.emit(chosen[0])  # type: ignore[attr-defined]

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addActions(list(self.commands.values()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _search(self, text: str) -> None:
        self._rows.setFilterFixedString(text)
        self._show_count()

    def _show_count(self) -> None:
        shown, there = self._rows.rowCount(), len(self._entries)
        self.count.setText(counted(there, "run") if shown == there else f"{shown:,} of {counted(there, 'run')}")

    def _show_selected(self) -> None:
        chosen = self.selected()
        for key, action in self.commands.items():
            action.setEnabled(bool(chosen) if key in SEVERAL else len(chosen) == 1)
        entry = self._entries[chosen[0]] if len(chosen) == 1 else None
        self.commands["pin"].setText("Unpin" if entry is not None and entry.about.pinned else "Pin")
        self.words.setPlainText(HINT if entry is None else _words(entry))
        self.details.setCurrentWidget(self.words)
        self._place_details()
        if len(chosen) == 2:
            self.pair_selected.emit(*chosen)


def _words(entry: RunEntry) -> str:
    facts = [entry.name, entry.backbone, entry.groups.text() if entry.groups else "", entry.problem]
    return "\n".join(filter(None, [entry.about.note or "No note.", "", *facts]))


def _cells(entry: RunEntry) -> list[QStandardItem]:
    about = entry.about
    began = f"{entry.started.astimezone():%Y-%m-%d %H:%M}" if entry.started else ""
    cells: tuple[tuple[str, object], ...] = (
        (f"{PIN if about.pinned else ''}{entry.title}", entry.title.casefold()),
        (entry.ended_as, entry.ended_as),
        (percent(entry.mean, missing=""), -1.0 if entry.mean is None else entry.mean),
        (points(entry.gain), -1e9 if entry.gain is None else entry.gain),
        (", ".join(about.tags), ", ".join(about.tags).casefold()),
        (fixed(entry.seed, 0, missing=""), -1 if entry.seed is None else entry.seed),
        (began, began),
    )
    items = []
    for place, (text, value) in enumerate(cells):
        item = QStandardItem(text)
        item.setData(value, VALUE)
        item.setData(entry.name, NAME)
        item.setTextAlignment(RIGHT if place in FIGURES else LEFT)
        item.setToolTip(as_text("\n".join(filter(None, (entry.title, about.note, entry.problem)))))
        items.append(item)
    return items
