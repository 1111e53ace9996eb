"""What an import found: tasks with their classes and images, what to fix, what was skipped and why."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
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
from mmap_studio.session.ingest.report import ImportedTask, ImportReport, Reading
from mmap_studio.ui.kit.controls import combo, described, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

MOST = 5000
"""Lines of a list that are shown; the copied report has all."""
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
        self._add_list("To fix", report.problems)
        self._add_list("Notes", report.notes)
        self._add_list("Skipped", [f"{path}: {reason}" for path, reason in report.skipped])
        if report.problems:
            self.tabs.setCurrentIndex(1)
        buttons = button_box(self, Buttons.Close)
        self.copy_button = buttons.addButton("Copy report", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setToolTip("Copy the whole report, every class and every skipped file")
        self.copy_button.clicked.connect(self.copy)
        self.copy_button.setAutoDefault(False)
        buttons.button(Buttons.Close).setDefault(True)
        lay_out(self, self.sentence, *map(self._read_as, report.readings), self._hint(), self.tabs, buttons)
        self.resize(680, 460)

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report.text())

    def _read_as(self, read: Reading) -> QLayout:
        where = f"{counted(len(read.paths), 'folder')} read" if len(read.paths) > 1 else "Read"
        if len(self.report.readings) > 1 and len(read.paths) == 1:
            where = f"{Path(read.paths[0]).name} read"
        said = ElidedLabel(f"{where} as {read.shape}", "", "Layout recognised")
        said.setToolTip(as_text(f"{', '.join(read.paths)}: {read.layout}. {read.why}"))
        if not read.others:
            return row(said, None)
        entries: dict[str, object] = {f"{read.layout}": read.layout, **{other: other for other in read.others}}
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

    def _add_list(self, title: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        more = f"\n… and {len(lines) - MOST:,} more; the copied report has them" if len(lines) > MOST else ""
        text = QPlainTextEdit("\n".join(lines[:MOST]) + more, readOnly=True)
        described(text, title, f"{title}: one a line, to be selected and copied")
        self.tabs.addTab(text, f"{title} ({len(lines):,})")

    def _fill(self, item: QTreeWidgetItem) -> None:
        if item.childCount() == 0:
            for one in self.report.tasks[self.tasks.indexOfTopLevelItem(item)].classes:
                item.addChild(_row(one.name, one.text, one.images, one.parts))


def _tree(tasks: Sequence[ImportedTask]) -> QTreeWidget:
    tip = "Right arrow shows the classes of a task. Train, Val, Test: images of each part in the first run"
    tree = described(QTreeWidget(), "Tasks added and their classes", tip)
    tree.setHeaderLabels(COLUMNS)
    tree.setUniformRowHeights(True)
    for task in tasks:
        words = counted(len(task.classes), "class")
        row = _row(task.name, words, task.images, task.parts)
        row.setToolTip(0, as_text(str(task.domain.root)))
        row.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        tree.addTopLevelItem(row)
    for column in range(2, len(COLUMNS)):
        tree.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return tree


def _row(name: str, words: str, images: int, parts: Sequence[int]) -> QTreeWidgetItem:
    made = QTreeWidgetItem([name, words, f"{images:,}", *(f"{n:,}" for n in parts)])
    for column in range(2, len(COLUMNS)):
        made.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
