"""The plan of a comparison: amounts of images, seeds, rule of choice, baseline, methods, and what all of it takes."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmap_studio.errors import InputError
from mmap_studio.formatting import printable
from mmap_studio.method.budget import Budget
from mmap_studio.session.compare.live.ledger import Ledger
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.compare.protocols import protocol
from mmap_studio.session.run.seeds import parse_seeds
from mmap_studio.session.run.seeds import said as seeds_said
from mmap_studio.ui.compare.methods import MethodsTree
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import choose, column, combo, flow, line_edit, offer, refill, row
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

SHOTS_TIP = "Training images a class and task, such as 1,4,16; 10% for a share; full for all. The methods see the same"
SEEDS_TIP = "Each seed draws the training images and seeds the training; a spread needs several"
CHOICE_TIP = "How every method gets its hyper-parameters: the best of its candidates, or as published"
BASELINE_TIP = "The method that differences are taken to"
PROTOCOL_TIP = "What models are tested on: what they were trained on, new classes, or a domain left out"
PROTOCOLS = {one.title: name for name, one in protocol.PROTOCOLS.items()}
BUDGET_TIP = "How long methods train: settings, or alike for all, such as 500 steps or 8000 images of the largest task"
CHOICES = {"Chosen on validation": True, "As published": False}
SHOTS, SEEDS = ("full", "1, 4, full", "1, 4, 16", "1, 2, 4, 8, 16"), ("1", "1, 2, 3", "1, 2, 3, 4, 5")
BUDGETS = ("settings", "500 steps", "2000 steps", "8000 images")
"""What the lines offer beside what is written."""
FIELD = 116
"""Pixels of a line for amounts or seeds."""


class PlanPage(QWidget):
    """Shows a plan, and says when the user wants another."""

    planned = Signal(object)
    """The `ComparisonPlan` that is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = ComparisonPlan()
        self._ledger = Ledger()
        self.shots = line_edit("Shots", SHOTS_TIP)
        self.seeds = line_edit("Seeds", SEEDS_TIP)
        self.protocol = combo("Protocol", PROTOCOL_TIP, PROTOCOLS, whole=True)
        self.budget = line_edit("Budget", BUDGET_TIP)
        self.choice = combo("Hyper-parameters", CHOICE_TIP, CHOICES)
        self.baseline = combo("Baseline", BASELINE_TIP, yields=True)
        self.methods = MethodsTree()
        self.total, self._budget = ElidedLabel("", "muted", "What the plan takes"), ""
        self.refused = ElidedLabel("", "muted", "Methods that cannot be compared")
        self.problem = label("", "bad", "What is wrong with the plan", wrap=True)
        self.problem.hide()
        for line in (self.shots, self.seeds, self.budget):
            line.setFixedWidth(FIELD)
            line.editingFinished.connect(self._edited)
        offer(self.shots, *SHOTS)
        offer(self.seeds, *SEEDS)
        offer(self.budget, *BUDGETS)
        self.protocol.activated.connect(self._edited)
        self.choice.activated.connect(self._edited)
        self.baseline.activated.connect(self._edited)
        self.methods.ticked.connect(self._edited)
        fields = self.protocol, self.shots, self.seeds, self.budget, self.choice, self.baseline
        head = flow(*(_captioned(field) for field in fields))
        column(
            head,
            self.problem,
            self.methods,
            self.refused,
            self.total,
            parent=self,
            stretch=[self.methods],
            spacing=theme.XS,
        )

    def show_plan(self, ledger: Ledger, plan: ComparisonPlan) -> None:
        """Show a plan, except for what the user is writing at the moment."""
        changed = not plan.same_trials(self.plan)
        self._ledger, self.plan = ledger, plan
        if changed or not self.shots.text():
            self.shots.setText(", ".join(one.label for one in plan.amounts))
            self.seeds.setText(seeds_said(plan.seeds))
            self.budget.setText(plan.budget.said)
            self.problem.hide()
        titles = {one.title: name for name, one in ledger.methods.items()}
        if [self.baseline.itemData(n) for n in range(self.baseline.count())] != list(titles.values()):
            refill(self.baseline, titles)
        with QSignalBlocker(self.protocol), QSignalBlocker(self.choice), QSignalBlocker(self.baseline):
            choose(self.protocol, plan.protocol.name)
            choose(self.choice, plan.choose)
            choose(self.baseline, plan.baseline)
        self.methods.show_methods(ledger, plan)
        without = [ledger.methods[name].title for name in ledger.left_out(plan)]
        refused = [*ledger.refused, *([f"No answer by this protocol: {', '.join(without)}."] if without else [])]
        self.refused.setText(printable(" ".join(refused)))
        self.refused.setToolTip(as_text("\n".join(refused)))
        self.refused.setVisible(bool(refused))
        said = f"{ledger.total(plan)}. {self._budget}" if ledger.methods else ""
        self.total.setText(said)
        self.total.setToolTip(as_text(said))

    def show_budget(self, text: str) -> None:
        """What all methods that read images are trained for; said behind what the plan takes."""
        self._budget = text

    def _edited(self) -> None:
        """Take what the fields say, or say what is wrong with it."""
        try:
            amounts, seeds = parse_amounts(self.shots.text()), parse_seeds(self.seeds.text())
            budget = Budget.parse(self.budget.text())
        except InputError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.problem.hide()
        chosen, before = self.methods.chosen, self._ledger.names(self.plan)
        baseline = self.baseline.currentData() or self.plan.baseline
        methods = self.plan.methods if set(chosen) == set(before) else tuple(n for n in chosen if n != baseline)
        wanted = replace(
            self.plan, methods=methods or (baseline,), amounts=amounts, seeds=seeds,
            choose=bool(self.choice.currentData()), baseline=baseline,
            protocol=protocol.PROTOCOLS[self.protocol.currentData()], budget=budget,
        )  # fmt: skip
        if not wanted.same_trials(self.plan):
            self.planned.emit(wanted)


def _captioned(field: QWidget) -> QWidget:
    """A field behind its name."""
    made, caption = QWidget(), label(field.accessibleName(), "muted")
    caption.setBuddy(field)
    row(caption, field, parent=made)
    if field.sizePolicy().horizontalPolicy() != QSizePolicy.Policy.Expanding or field.maximumWidth() == FIELD:
        made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
    return made
