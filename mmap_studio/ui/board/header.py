"""Above the columns: what the grouping is worth, the groupings kept, and Suggest with the number of groups."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mmap_studio.formatting import counted, fixed
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import combo, refill
from mmap_studio.ui.kit.elided import ElidedButton


class BoardHeader(QWidget):
    """suggest_wanted(number of groups or None), count_wanted(the same, chosen), groupings_wanted()"""

    suggest_wanted = Signal(object)
    count_wanted = Signal(object)
    groupings_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QLabel("GROUPS")
        self.heading.setProperty("role", "heading")
        self.score = QLabel()
        self.score.setAccessibleName("Score")
        self.score.setToolTip("Mean over the tasks of the mean affinity onto each from its group mates")
        self.groupings = ElidedButton()
        self.groupings.setProperty("kind", "link")
        self.groupings.setAccessibleName("Groupings")
        self.groupings.setToolTip("Groupings kept side by side")
        self.groupings.clicked.connect(self.groupings_wanted)
        self.count = combo("Number of groups", "How many groups a suggestion has, this one and that of a run")
        self.count.activated.connect(lambda: self.count_wanted.emit(self.count.currentData()))
        self._tasks = 0
        self.suggest = QPushButton("Suggest")
        self.suggest.setAccessibleName("Suggest groups")
        self.suggest.clicked.connect(lambda: self.suggest_wanted.emit(self.count.currentData()))
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.XS)
        for widgets in ((self.heading, None, self.score), (self.groupings, None, self.count, self.suggest)):
            row = QHBoxLayout()
            row.setSpacing(theme.S)
            row.addStrut(2 * theme.M - theme.XS)  # the heading stands in line with those of the docks beside it
            for widget in widgets:
                row.addStretch() if widget is None else row.addWidget(widget)
            layout.addLayout(row)

    def show_tasks(self, count: int) -> None:
        """How many groups there can be."""
        self._fill(count, self.count.currentData())

    def show_count(self, groups: int | None) -> None:
        """How many groups the settings ask for; None for any number."""
        self._fill(self._tasks, groups)

    def _fill(self, tasks: int, groups: int | None) -> None:
        self._tasks, most = tasks, max(tasks, groups or 0)
        if self.count.count() != most + 1:
            numbers = {counted(number, "group"): number for number in range(1, most + 1)}
            refill(self.count, {"any number": None, **numbers})
        self.count.setCurrentIndex(groups or 0)

    def show_scores(self, score: float | None, suggested: float | None, kept_name: str | None) -> None:
        """Of the present grouping and of the last suggestion; None where unknown."""
        muted = theme.current().muted
        now = fixed(score, 2)
        other = "" if suggested is None else f" <span style='color:{muted}'>· suggested {fixed(suggested, 2)}</span>"
        self.score.setFont(theme.font())
        self.score.setText(f"<span style='color:{muted}'>score</span> <b>{now}</b>{other}")
        self.groupings.setText(f"{kept_name or 'Groupings'} ▾")

    def show_busy(self, busy: bool, possible: bool) -> None:
        """While a suggestion is looked for, and whether one can be."""
        self.suggest.setText("Looking…" if busy else "Suggest")
        self.suggest.setEnabled(possible and not busy)
        self.suggest.setToolTip(
            "Find the grouping of best score; locked tasks stay where they are" if possible
            else "Groups can be suggested once the affinity of all tasks is measured"
        )  # fmt: skip
