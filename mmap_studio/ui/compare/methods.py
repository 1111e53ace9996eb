"""The methods that can be compared, in families, each with a tick box, what it trains and how long it takes."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from mmap_studio.formatting import printable, short_count
from mmap_studio.session.compare.live.events import MethodFacts
from mmap_studio.session.compare.live.ledger import FAMILIES, WHAT, Ledger
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.ui.kit.controls import described, quiet_tree
from mmap_studio.ui.kit.painting import RIGHT
from mmap_studio.ui.kit.plain_text import as_text

NAME, TRAINS, TAKES = range(3)
INDENT = 16
"""Pixels by which methods stand to the right of their family."""
LEAST = 72
"""Pixels of the height in a low window."""
TIP = "Space ticks a method, or all of a family; the baseline is always compared"
ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class MethodsTree(QTreeWidget):
    """Families and their methods; the baseline is ticked for good."""

    ticked = Signal()
    """The user has chosen other methods."""

    def __init__(self) -> None:
        super().__init__()
        quiet_tree(self, ["Method", "Trains", "Takes"])
        self.setIndentation(INDENT)
        described(self, "Methods to compare", TIP)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._said: dict[str, tuple[MethodFacts, str, bool, bool]] = {}
        """What the row of a method says."""
        self._told = False
        self.itemChanged.connect(self._changed)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, LEAST)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Low: whatever height is left is taken, and less does not make the whole view scroll."""
        return QSize(super().sizeHint().width(), LEAST)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names of the methods that are ticked."""
        return tuple(name for name, row in self._rows.items() if row.checkState(NAME) == ON)

    def show_methods(self, ledger: Ledger, plan: ComparisonPlan) -> None:
        """The catalogue, with the methods of a plan ticked."""
        with QSignalBlocker(self):
            if self._rows.keys() != ledger.methods.keys():
                self._fill(ledger)
            wanted = ledger.names(plan)
            for name, row in self._rows.items():
                takes = ledger.takes(plan, name) if ledger.surveyed else ""
                answers = plan.protocol.name in ledger.methods[name].protocols
                said = ledger.methods[name], takes if answers else "no answer", name == plan.baseline, answers
                if self._said.get(name) != said:  # five times a second while trials are made
                    self._said[name] = said
                    _show(row, *said)
                state = ON if name in wanted else OFF
                if not self._told and row.checkState(NAME) != state:  # what was ticked just now is in no plan yet
                    row.setCheckState(NAME, state)
        self.viewport().update()  # the blocked signals would have told it

    def _fill(self, ledger: Ledger) -> None:
        self.clear()
        self._rows, self._said = {}, {}
        for family, title in FAMILIES.items():
            members = [one for one in ledger.methods.values() if one.family == family]
            if not members:
                continue
            head = QTreeWidgetItem(self, [title])
            head.setFlags(head.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
            head.setToolTip(NAME, as_text(WHAT[family]))
            for one in members:
                self._rows[one.name] = QTreeWidgetItem(head)
                self._rows[one.name].setCheckState(NAME, OFF)  # without a state there is no box
            head.setExpanded(True)
        first = self.topLevelItem(0)
        if first is not None:
            self.setCurrentItem(first)

    def _changed(self, row: QTreeWidgetItem, column: int) -> None:
        if column == NAME and row.childCount() == 0 and not self._told:
            self._told = True  # a family that is ticked ticks its methods, one after the other
            QTimer.singleShot(0, self, self._tell)

    def _tell(self) -> None:
        self._told = False
        self.ticked.emit()


def _show(row: QTreeWidgetItem, facts: MethodFacts, takes: str, baseline: bool, answers: bool) -> None:
    """A row; the baseline, and what has no answer by the protocol, cannot be ticked or cleared."""
    title = printable(facts.title) + (" · baseline" if baseline else "")
    trains = "" if facts.parameters is None else short_count(facts.parameters) if facts.parameters else "nothing"
    for column, text in enumerate((title, trains, takes)):
        if row.text(column) != text:
            row.setText(column, text)
            row.setToolTip(column, as_text(_sentence(facts)))
    row.setData(NAME, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (title, trains, takes))))
    flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
    row.setFlags(flags if baseline or not answers else flags | Qt.ItemFlag.ItemIsUserCheckable)
    for column in (TRAINS, TAKES):
        row.setTextAlignment(column, RIGHT)


def _sentence(facts: MethodFacts) -> str:
    trained = "" if facts.parameters is None else f"\n{facts.parameters:,} trained parameters, all tasks together"
    return f"{printable(facts.what)}. {printable(facts.source)}\n{facts.name}{trained}"
