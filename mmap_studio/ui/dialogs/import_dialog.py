"""What an import found: tasks with their classes and images, what to fix, what was skipped and why."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLayout,
    QPlainTextEdit,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from mmap_studio.formatting import counted
from mmap_studio.session.ingest.examples import Example
from mmap_studio.session.ingest.report import ImportedTask, ImportReport, Reading, layout_title
from mmap_studio.session.window_words import in_window
from mmap_studio.ui.dialogs.import_examples import ExampleImages
from mmap_studio.ui.kit.controls import combo, described, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.name_column import NameColumn
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text, copy_text

MOST = 5000
"""Lines of a list that are shown; the copied report has all."""
FIRST = 8
"""Classes of a task that are named before it is unfolded."""
COLUMNS = ("Task or class", "Class text", "Images", "Train", "Val", "Test")


class ImportDialog(QDialog):
    """A report to read, copy and close; it stops nothing. read_otherwise(the `Reading`, another layout)"""

    read_otherwise = Signal(object, str)

    def __init__(self, report: ImportReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report = report
        self.setWindowTitle("Import report")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.sentence = label(report.sentence, "strong", "Summary", wrap=True)
        self.tasks = _tree(report.tasks)
        # later: rows that come while Qt expands others, as the key * makes it do, would let it go on for ever
        self.tasks.itemExpanded.connect(lambda item: QTimer.singleShot(0, self, lambda: self._fill(item)))
        self.tabs = described(QTabWidget(documentMode=True), "Parts of the report")
        bar = described(self.tabs.tabBar(), "Parts of the report", "Arrows choose a part of the report")
        bar.setDrawBase(False)  # a line beside the tabs, above what they belong to
        self.tabs.addTab(self.tasks, f"Tasks ({len(report.tasks)})")
        self.examples = ExampleImages(len(report.tasks))
        self.tabs.addTab(self.examples, "Examples")
        self._add_list("To fix", report.problems)
        self._add_list("Notes", report.notes)
        self._add_list("Skipped", list(_skipped(report)), len(report.skipped))
        if report.problems:
            self.tabs.setCurrentIndex(2)
        buttons = button_box(self, Buttons.Close)
        self.copy_button = buttons.addButton("Copy report", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setToolTip("Copy the whole report, every class and every skipped file")
        self.copy_button.clicked.connect(self.copy)
        self.copy_button.setAutoDefault(False)
        buttons.button(Buttons.Close).setDefault(True)
        lay_out(self, self.sentence, *map(self._read_as, report.readings), self._hint(), self.tabs, buttons)
        sized(self, 760, 520)

    def show_examples(self, examples: Sequence[Example]) -> None:
        self.examples.show_examples(examples)

    def copy(self) -> None:
        copy_text(in_window(self.report.text()))

    def _read_as(self, read: Reading) -> QLayout:
        where = f"{counted(len(read.paths), 'folder')} read" if len(read.paths) > 1 else "Read"
        if len(self.report.readings) > 1 and len(read.paths) == 1:
            where = f"{Path(read.paths[0]).name} read"
        said = ElidedLabel(f"{where} as {read.shape}", "", "Layout recognised")
        said.setToolTip(as_text(f"{', '.join(read.paths)}: {read.layout}. {read.why}"))
        if not read.others:
            return row(said, None)
        entries: dict[str, object] = {layout_title(layout): layout for layout in (read.layout, *read.others)}
        box = combo("Read as", "What else the folders can be read as; the tasks are then made anew", entries)
        box.activated.connect(lambda: self._choose(read, box.currentData()))
        return row(said, None, box)

    def _choose(self, read: Reading, layout: str) -> None:
        if layout != read.layout:
            self.accept()
            self.read_otherwise.emit(read, layout)

    def _hint(self) -> QWidget:
        later = "" if self.report.names_checked else " Class names are checked when the backbone is loaded."
        return label(f"Undo removes the tasks again; Class names… edits the class texts.{later}", "muted", wrap=True)

    def _add_list(self, title: str, lines: Sequence[str], count: int | None = None) -> None:
        if not lines:
            return
        more = f"\n… and {len(lines) - MOST:,} more; the copied report has them" if len(lines) > MOST else ""
        text = QPlainTextEdit(in_window("\n".join(lines[:MOST])) + more, readOnly=True)
        described(text, title, f"{title}: one a line, to be selected and copied")
        self.tabs.addTab(text, f"{title} ({len(lines) if count is None else count:,})")

    def _fill(self, item: QTreeWidgetItem) -> None:
        if item.childCount() == 0:
            for one in self.report.tasks[self.tasks.indexOfTopLevelItem(item)].classes:
                item.addChild(_row(one.name, one.text, one.images, one.parts))


def _skipped(report: ImportReport) -> Iterator[str]:
    """How many for each reason, where there are several; then every path."""
    if len(report.skipped_by_reason) > 1:
        yield from (f"{len(paths):,}: {reason}" for reason, paths in report.skipped_by_reason)
        yield ""
    yield from (f"{path}: {reason}" for reason, paths in report.skipped_by_reason for path in paths)


def _tree(tasks: Sequence[ImportedTask]) -> QTreeWidget:
    tip = "Right arrow shows the classes of a task. Train, Val, Test: images in the first run, and (of a class)"
    tree = described(QTreeWidget(), "Tasks added and their classes", tip)
    tree.setHeaderLabels(COLUMNS)
    tree.setUniformRowHeights(True)
    tree.setItemDelegateForColumn(0, NameColumn(tree))
    for task in tasks:
        texts = task.class_texts
        words = f"{counted(len(texts), 'class')}: {', '.join(texts[:FIRST])}{', …' if len(texts) > FIRST else ''}"
        row = _row(task.name, words, task.images, task.parts)
        row.setToolTip(0, as_text(str(task.domain.root)))
        row.setToolTip(1, as_text(words))
        for place, (part, (low, high)) in enumerate(zip(COLUMNS[3:], task.per_class, strict=True), start=3):
            row.setText(place, f"{task.parts[place - 3]:,} ({_span(low, high)})")
            row.setToolTip(place, as_text(f"{part}: {_span(low, high)} images a class"))
        row.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        tree.addTopLevelItem(row)
    for column in range(2, len(COLUMNS)):
        tree.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    for column in (0, 1):  # share what the figures leave, however long the names are that come when a task is unfolded
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    return tree


def _span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _row(name: str, words: str, images: int, parts: Sequence[int]) -> QTreeWidgetItem:
    made = QTreeWidgetItem([name, words, f"{images:,}", *(f"{n:,}" for n in parts)])
    for column in range(2, len(COLUMNS)):
        made.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
