"""The dialog with everything that is known of a row: per task and seed, hyper-parameters, steps, groups."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QTreeWidget, QTreeWidgetItem, QWidget

from mmap_studio.formatting import counted, duration, fixed, number, printable, size
from mmap_studio.session.compare.live.events import MethodFacts
from mmap_studio.session.compare.trial import Trial
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described, quiet_tree
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.painting import RIGHT
from mmap_studio.ui.kit.panel import label

Figures = list[tuple[str, list[str]]]


def figures(trials: Sequence[Trial]) -> Figures:
    """Names, and a value a trial."""
    found: Figures = [
        ("Accuracy, mean over the tasks, %", [fixed(100 * one.accuracy) for one in trials]),
        *((f"Accuracy on {printable(task)}, %", [fixed(100 * one.per_task[task].evaluation.accuracy) for one in trials])
          for task in (trials[0].per_task if trials else ())),
        *((name.replace("_", " ").capitalize(), [number(one.values.get(name)) for one in trials])
          for name in dict.fromkeys(name for one in trials for name in one.values)),
        ("Steps", [f"{one.steps:,}" for one in trials]),
        ("Images seen", [f"{one.images_seen:,}" for one in trials]),
        ("Time of training", [duration(one.seconds) for one in trials]),
        ("Trained parameters, all tasks", [f"{one.parameters:,}" for one in trials]),
        ("Stored, all tasks", [size(one.bytes) for one in trials]),
        ("Kept at zero-shot", [printable(", ".join(one.at_zero_shot)) for one in trials]),
        ("Groups", [printable(one.grouping.replace(",", " | ").replace("+", " + ")) for one in trials]),
    ]  # fmt: skip
    return [(name, values) for name, values in found if any(values)]


class AboutRow(QDialog):
    """A row of the comparison: a column a seed."""

    def __init__(self, facts: MethodFacts, trials: Sequence[Trial], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        amount = trials[0].amount.words
        self.setWindowTitle(f"{printable(facts.title)}, {amount}")
        head = label(f"{printable(facts.title)}: {amount}, {counted(len(trials), 'seed')}", "strong")
        what = label(f"{printable(facts.what)}. {printable(facts.source)}", "muted", wrap=True)
        self.tree = described(QTreeWidget(), "Figures of the row", "A column a seed")
        quiet_tree(self.tree, ["", *(f"Seed {one.seed}" for one in trials)])
        for name, values in figures(trials):
            row = QTreeWidgetItem(self.tree, [name, *values])
            for column in range(1, len(values) + 1):
                row.setTextAlignment(column, RIGHT)
        lay_out(self, head, what, self.tree, button_box(self, Buttons.Close), stretch=self.tree, spacing=theme.S)
        sized(self, 620, 460)
