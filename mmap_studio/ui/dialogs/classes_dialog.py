"""The dialog of a task's class names: templates, the name of each class, merged and left-out classes."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QHeaderView, QPlainTextEdit, QTableWidget, QTableWidgetItem, QWidget

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.session.dataset.classes import members_by_text, read_as, reworded
from mmap_studio.session.ingest.text_options import check_template
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.ui.kit.controls import check, described, line_edit
from mmap_studio.ui.kit.dialog import Buttons, button_box, form, lay_out, sized
from mmap_studio.ui.kit.name_column import NameColumn
from mmap_studio.ui.kit.painting import RIGHT
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

TokenCounter = Callable[[list[str]], list[int]]
Checker = Callable[[list[str], str], list[str] | None]
"""Names, template -> problems, a sentence each; None where they cannot be known yet."""
TEXT, TOKENS, RAW = range(3)
HEADS = ("Class name", "Tokens", "Class in the data")
ENSEMBLE_HEIGHT = 58
"""Pixels: three lines."""


class ClassesDialog(QDialog):
    """One row per class of the data.

    raw : class names in the data   others : entries and raw class names of the other tasks, as far as they are known
    """

    def __init__(
        self, entry: TaskEntry, raw: Sequence[str], count: TokenCounter, parent: QWidget | None = None,
        checker: Checker | None = None, others: Sequence[tuple[TaskEntry, Sequence[str]]] = (),
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle(f"Class names of {entry.name}")
        self._entry, self._count, self._check = entry, count, checker or (lambda names, template: [])
        self._before, self._others = read_as(entry, raw), others
        self.template = line_edit("Template", "Text around the class name; {} marks its place, once", entry.template)
        tip = "Templates of the zero-shot ensemble, one per line; if empty, eight built-in ones"
        self.ensemble = described(QPlainTextEdit("\n".join(entry.ensemble)), "Zero-shot templates", tip)
        self.ensemble.setPlaceholderText("Eight built-in templates; or your own, one per line")
        self.ensemble.setTabChangesFocus(True)
        self.ensemble.setFixedHeight(ENSEMBLE_HEIGHT)
        self.table = _table(self._before, entry.left_out)
        self.everywhere: QCheckBox = check(
            "Change names, merged and left-out classes in the other tasks too",
            "Each change is made in every task that has the class. Templates stay as they are; a task whose folder "
            "cannot be read keeps its class names",
        )
        self.everywhere.setEnabled(bool(others))
        self.note = label("", "muted", "Merged and left-out classes", wrap=True)
        self.problem = label("", "bad", "Problem with the class names", wrap=True)
        buttons = button_box(self)
        self.accept_button = buttons.button(Buttons.Ok)
        templates = form()
        templates.addRow("Template", self.template)
        templates.addRow("Zero-shot", self.ensemble)
        words = label("Classes of the same name are merged; a class that is not ticked is left out.", "muted")
        below = self.table, self.everywhere, self.note, self.problem, buttons
        lay_out(self, templates, words, *below, stretch=self.table)
        sized(self, 560, 600)
        self.table.itemChanged.connect(self._changed)
        self.template.textChanged.connect(self._show_problem)
        self.ensemble.textChanged.connect(self._show_problem)
        self.everywhere.toggled.connect(self._show_problem)
        self.table.setFocus()
        self._update()

    @property
    def texts(self) -> dict[str, str]:
        """Class of the data -> class name."""
        return {raw: self._item(row, TEXT).text().strip() for row, raw in enumerate(self._before)}

    @property
    def used(self) -> set[str]:
        ticked = Qt.CheckState.Checked
        return {raw for row, raw in enumerate(self._before) if self._item(row, TEXT).checkState() == ticked}

    def result_for(self, entry: TaskEntry) -> TaskEntry:
        """The edited entry of this task. Raises InputError for one that cannot be used."""
        ensemble = tuple(line.strip() for line in self.ensemble.toPlainText().splitlines() if line.strip())
        for text in (self.template.text(), *ensemble):
            check_template(text)
        made = reworded(entry, self.texts, self.used)
        return made.model_copy(update={"template": self.template.text(), "ensemble": ensemble})

    def changes_for(self, other: TaskEntry, raw: Sequence[str]) -> TaskEntry:
        """The entry of another task, whose data has the classes `raw`, with the changes made here."""
        typed = {name: text for name, text in self.texts.items() if text != self._before[name]}
        left = set(self._before) - self.used
        out, back = left - set(self._entry.left_out), set(self._entry.left_out) - left
        texts = {name: typed.get(name, text) for name, text in read_as(other, raw).items()}
        return reworded(other, texts, {name for name in raw if name in back or name not in {*other.left_out, *out}})

    def problems(self) -> list[str]:
        texts, used = self.texts, self.used
        empty = [raw for raw, text in texts.items() if not text and raw in used]
        if empty:
            return [f"Class {empty[0]!r} must have a name, but has none; type one."]
        try:
            self.result_for(self._entry)
            for other in self._others if self.everywhere.isChecked() else ():
                self.changes_for(*other)
        except InputError as error:
            return [str(error)]
        names = list(dict.fromkeys(text for raw, text in texts.items() if raw in used))
        return self._check(names, self.template.text()) or []

    def _changed(self, item: QTableWidgetItem) -> None:
        if item.column() == TEXT:
            self._update()

    def _update(self) -> None:
        texts, used = self.texts, self.used
        for row, count in enumerate(self._count(list(texts.values()))):
            self._item(row, TOKENS).setText(str(count))
        members = members_by_text(texts, used)
        said = [f"{' and '.join(names)} are merged into {new}." for new, names in members.items() if len(names) > 1]
        left = len(self._before) - len(used)
        said += [f"Left out: {left} of {counted(len(self._before), 'class')}."] if left else []
        self.note.setText(" ".join(said))
        self.note.setVisible(bool(said))
        self._show_problem()

    def _show_problem(self) -> None:
        problems = self.problems()
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        self.problem.setText(f"{problems[0]}{more}" if problems else "")
        self.problem.setVisible(bool(problems))
        self.accept_button.setEnabled(not problems)

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None
        return item


def _table(texts: Mapping[str, str], left_out: Sequence[str]) -> QTableWidget:
    tip = "Return or F2 edits a name; Space includes or leaves out a class"
    table = described(QTableWidget(len(texts), len(HEADS)), "Classes", tip)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    for column in (TEXT, RAW):  # a long name in the data leaves the one that is edited its half
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    table.setItemDelegateForColumn(RAW, NameColumn(table))
    for column, words in enumerate(HEADS):
        head = QTableWidgetItem(words)
        if column == TOKENS:
            head.setTextAlignment(RIGHT)
        table.setHorizontalHeaderItem(column, head)
    for row, (raw, text) in enumerate(texts.items()):
        read, tokens, own = QTableWidgetItem(text), QTableWidgetItem("–"), QTableWidgetItem(raw)
        read.setCheckState(Qt.CheckState.Unchecked if raw in left_out else Qt.CheckState.Checked)
        tokens.setTextAlignment(RIGHT)
        for column, item in ((TEXT, read), (TOKENS, tokens), (RAW, own)):
            if column != TEXT:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                item.setToolTip(as_text(item.text() if column == RAW else ""))
            table.setItem(row, column, item)
    return table
