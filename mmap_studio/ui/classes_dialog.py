"""What CLIP reads for each class of a task: edited in place, with its number of tokens."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from mmap_studio.ui import theme
from mmap_studio.ui.panel import label

Counter = Callable[[list[str]], list[int]]


class ClassesDialog(QDialog):
    """One row a class."""

    def __init__(self, task: str, names: Sequence[str], count: Counter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Class names of {task}")
        self._names, self._count = list(names), count
        self.table = QTableWidget(len(names), 2)
        self.table.setAccessibleName(f"Class names of {task}")
        self.table.setToolTip("Return or F2 edits a name")
        self.table.setHorizontalHeaderLabels(["What CLIP reads", "Tokens"])
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(False)
        self.table.setColumnWidth(0, 300)
        for row, name in enumerate(names):
            self.table.setItem(row, 0, QTableWidgetItem(name))
            number = QTableWidgetItem("–")
            number.setFlags(Qt.ItemFlag.ItemIsEnabled)
            number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, 1, number)
        self.table.cellChanged.connect(self._recount)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.M)
        layout.addWidget(label("Names are put into the task's template, such as “a photo of a {}.”", "muted"))
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        self.resize(420, 480)
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

    def _typed(self) -> list[str]:
        items = [self.table.item(row, 0) for row in range(self.table.rowCount())]
        return [item.text() if item is not None else "" for item in items]
