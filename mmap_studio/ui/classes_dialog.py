"""What CLIP reads for each class of a task: edited in place, with its number of tokens."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mmap_studio.ui import theme
from mmap_studio.ui.panel import label

Counter = Callable[[list[str]], list[int]]
Judge = Callable[[list[str]], list[str] | None]
"""Names -> what is wrong with them, a sentence each; None where that cannot be known yet."""


class ClassesDialog(QDialog):
    """One row a class."""

    def __init__(
        self, task: str, names: Sequence[str], count: Counter, parent: QWidget | None = None, judge: Judge | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Class names of {task}")
        self._names, self._count, self._judge = list(names), count, judge or (lambda names: [])
        self.problem = label("", "bad", "What is wrong with the names")
        self.problem.setWordWrap(True)
        self.table = QTableWidget(len(names), 2)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(f"Class names of {task}")
        self.table.setToolTip("Return or F2 edits a name")
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setShowGrid(False)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        tokens = QTableWidgetItem("Tokens")
        tokens.setTextAlignment(right)
        self.table.setHorizontalHeaderItem(0, QTableWidgetItem("What CLIP reads"))
        self.table.setHorizontalHeaderItem(1, tokens)
        for row, name in enumerate(names):
            self.table.setItem(row, 0, QTableWidgetItem(name))
            number = QTableWidgetItem("–")
            number.setFlags(Qt.ItemFlag.ItemIsEnabled)
            number.setTextAlignment(right)
            self.table.setItem(row, 1, number)
        self.table.cellChanged.connect(self._recount)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        layout.setSpacing(theme.M)
        layout.addWidget(label("Names are put into the task's template, such as “a photo of a {}.”", "muted"))
        layout.addWidget(self.table)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)
        self.accept_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.resize(460, 520)
        self._recount(0, 0)

    def changes(self) -> dict[str, str]:
        """Old name to new, where they differ."""
        now = [name.strip() for name in self._typed()]
        return {old: new for old, new in zip(self._names, now, strict=True) if new and new != old}

    def _recount(self, row: int, column: int) -> None:
        if column == 0:
            for place, count in enumerate(self._count(self._typed())):
                item = self.table.item(place, 1)
                if item is not None:
                    item.setText(str(count))
            self._refuse(self.problems())

    def problems(self) -> list[str]:
        """Why these names cannot be taken: empty, or unreadable or equal to the text tower."""
        typed = [name.strip() for name in self._typed()]
        empty = [old for old, name in zip(self._names, typed, strict=True) if not name]
        if empty:
            return [f"Class {empty[0]!r} must have a name, but has none; type one."]
        return self._judge(typed) or []

    def _refuse(self, problems: list[str]) -> None:
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        self.problem.setText(f"{problems[0]}{more}" if problems else "")
        self.problem.setVisible(bool(problems))
        self.accept_button.setEnabled(not problems)

    def _typed(self) -> list[str]:
        items = [self.table.item(row, 0) for row in range(self.table.rowCount())]
        return [item.text() if item is not None else "" for item in items]
