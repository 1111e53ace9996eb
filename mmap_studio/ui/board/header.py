"""The header of the board: the score, the kept groupings, and Suggest with the number of groups."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from mmap_studio.formatting import counted, fixed
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import button, column, combo, described, refill, row
from mmap_studio.ui.kit.elided import ElidedButton, ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text, number_label
from mmap_studio.ui.kit.words import WORDS

SCORE = WORDS["Score of a grouping"]


class BoardHeader(QWidget):
    """Signals: `suggest_wanted(groups)`, `count_wanted(groups)`, a number or None for any; `groupings_wanted()`,
    `why_wanted()`."""

    suggest_wanted = Signal(object)
    count_wanted = Signal(object)
    groupings_wanted = Signal()
    why_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heading = label("GROUPS", "heading")
        self.score = described(number_label(), "Score", SCORE)
        self.verdict = ElidedLabel("", "muted", "Evidence")
        self.groupings = described(ElidedButton("Groupings ▾"), "Groupings", "Kept groupings, with their scores")
        self.groupings.setProperty("kind", "link")
        self.groupings.clicked.connect(self.groupings_wanted)
        self.count = combo("Number of groups", "Number of groups in a suggestion, made here or by a run", whole=True)
        self.count.activated.connect(lambda: self.count_wanted.emit(self.count.currentData()))
        self._tasks = 0
        self.suggest = described(QPushButton("Suggest"), "Suggest groups")
        self.suggest.clicked.connect(lambda: self.suggest_wanted.emit(self.count.currentData()))
        rows = row(self.heading, None, self.score), row(self.groupings, None, self.count, self.suggest)
        for line in rows:
            line.addStrut(2 * theme.M - theme.XS)  # aligned with the headings of the docks
        self.why = button("Why?", "Show what speaks for and against these groups", "Why these groups")
        self.why.clicked.connect(self.why_wanted)
        column(*rows, row(self.verdict, None, self.why), parent=self, spacing=theme.XS)
        for part in (self.verdict, self.why):
            part.hide()

    def show_tasks(self, count: int) -> None:
        """Set the number of tasks, and so how many groups there can be."""
        self._fill(count, self.count.currentData())

    def show_count(self, groups: int | None) -> None:
        """Show how many groups the settings ask for; None for any number."""
        self._fill(self._tasks, groups)

    def _fill(self, tasks: int, groups: int | None) -> None:
        self._tasks, most = tasks, max(tasks, groups or 0)
        if self.count.count() != most + 1:
            numbers = {counted(number, "group"): number for number in range(1, most + 1)}
            refill(self.count, {"any number": None, **numbers})
        self.count.setCurrentIndex(groups or 0)

    def show_scores(self, score: float | None, suggested: float | None, kept_name: str | None) -> None:
        """Show the scores of the current grouping and of the last suggestion; None where unknown."""
        muted = theme.current().muted
        now = fixed(score, 2)
        other = "" if suggested is None else f" <span style='color:{muted}'>· suggested {fixed(suggested, 2)}</span>"
        self.score.setFont(theme.font())
        self.score.setText(f"<span style='color:{muted}'>score</span> <b>{now}</b>{other}")
        self.groupings.setText(f"{kept_name or 'Groupings'} ▾")

    def show_verdict(self, verdict: str, sentence: str) -> None:
        """Show in one line whether there is evidence for groups, with the whole sentence as a tooltip."""
        self.verdict.setText(verdict)
        self.verdict.setVisible(bool(verdict))
        self.why.setVisible(bool(verdict))
        self.verdict.setToolTip(as_text(sentence))
        self.score.setToolTip(as_text("\n".join(filter(None, (SCORE, sentence)))))

    def show_busy(self, busy: bool, possible: bool) -> None:
        self.suggest.setText("Searching…" if busy else "Suggest")
        self.suggest.setEnabled(possible)  # while it searches too, or the keyboard focus would go on
        self.suggest.setToolTip(
            "Find the groups that beat all together beyond chance; locked tasks stay in their groups" if possible
            else "Groups can be suggested once the affinity of all tasks has been measured"
        )  # fmt: skip
