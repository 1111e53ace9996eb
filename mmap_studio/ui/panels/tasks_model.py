"""The tasks of a project as a list model: what is known of each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from mmap_studio.formatting import percent, points

ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class TaskRow:
    """What a row shows."""

    name: str
    preview: QPixmap
    counts: str = "reading the images…"
    accuracy: float | None = None
    zero_shot: float | None = None

    @property
    def gain(self) -> float | None:
        """Points over zero-shot."""
        return None if self.accuracy is None or self.zero_shot is None else 100 * (self.accuracy - self.zero_shot)

    @property
    def sentence(self) -> str:
        """For tooltips and screen readers."""
        parts = [self.name, self.counts.replace("\n", " · ")]
        if self.zero_shot is not None:
            parts.append(f"zero-shot {percent(self.zero_shot)}")
        if self.accuracy is not None and self.gain is not None:
            parts.append(f"now {percent(self.accuracy)}, {points(self.gain)} points")
        return "; ".join(parts)


class TasksModel(QAbstractListModel):
    """Rows in the project's order."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TaskRow] = []

    def show(self, rows: Sequence[TaskRow]) -> None:
        """These rows and no others."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def score(self, accuracies: Mapping[str, float], zero_shot: bool) -> None:
        """Accuracies by task, of zero-shot or of the groups on the board; a task that is not named loses its own."""

        def scored(row: TaskRow) -> TaskRow:
            found = accuracies.get(row.name)
            return replace(row, zero_shot=found) if zero_shot else replace(row, accuracy=found)

        self.rows = [scored(row) for row in self.rows]
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """One a task."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself under `ROW`."""
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return row.sentence
        return row if role == ROW else None
