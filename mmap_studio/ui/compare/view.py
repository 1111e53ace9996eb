"""The Compare view: its buttons, the answer in one sentence, the plan, and the table and the plots that fill."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QStackedWidget, QToolButton, QWidget

from mmap_studio.session.compare.live.ledger import Ledger
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.ui.compare.figure import Run
from mmap_studio.ui.compare.plan_page import PlanPage
from mmap_studio.ui.compare.plots_page import PlotsPage
from mmap_studio.ui.compare.table import ComparisonTable, TrialRow
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import button, column, flow, push_button, row
from mmap_studio.ui.kit.elided import ElidedLabel, ElidedLines
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

NOTHING = "Compare the field's methods on your images: tick methods, then Start. What is made is kept."
PLAN, TABLE, PLOTS = "Plan", "Table", "Plots"
LOW = 320
"""Height in pixels below which answer and certainty are cut."""


@dataclass(frozen=True)
class Shown:
    """What the head of the view says, and what can be done."""

    headline: str = NOTHING
    certainty: str = ""
    progress: str = ""
    problem: str = ""
    start: str = "Start"
    """Text of the button that starts."""
    can_start: bool = False
    busy: bool = False
    """Whether trials are made or wait to be, so that there is something to stop."""
    pauses: bool = False
    """Whether it can be paused, or is."""
    paused: bool = False
    use: tuple[bool, bool] = (False, False)
    """Whether what the answer recommends has groups for the board, and something to export."""
    elsewhere: str = ""
    """Name of the project that this is the comparison of, where another one is open."""


class CompareView(QWidget):
    """Shows what it is given; what the user wants goes out as signals."""

    shown = Signal()
    """The view has come into sight."""
    here_wanted = Signal()
    """The comparison of the project that is open is wanted."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.setAccessibleName("Compare")
        self.seen = False
        self.headline = ElidedLines("strong", "Answer")
        self.certainty = ElidedLines("small", "How certain the answer is")
        self.problem = label("", "bad", "Why the comparison ended", wrap=True)
        self.plan, self.table, self.plots = PlanPage(), ComparisonTable(), PlotsPage(run)
        self.pages, self._buttons = QStackedWidget(), QButtonGroup(self)
        self.page_buttons = [
            self._page(PLAN, "Choose what is compared", self.plan),
            self._page(TABLE, "What is made, how far the rest is, and the figures", self.table),
            self._page(PLOTS, "The figures of the report, as they fill", self.plots),
        ]
        self.progress = ElidedLabel("", "muted")
        self.here = button("", "Leave the comparison of the other project", "Show that of this project")
        self.start = push_button("Start", "Make the trials that are not there yet; what is made is kept")
        self.start.setProperty("kind", "primary")
        self.pause = push_button("Pause", "Pause after the current step, or resume")
        self.stop = push_button("Stop", "Stop the comparison; what is made is kept")
        icons.put_on(self.start, "run", "on_accent")
        icons.put_on(self.stop, "stop")
        self.use = _menu_button("Use this ▾", "What the answer says to use: its groups, or what it learned", "Use this")
        self.more = _menu_button("More ▾", "More seeds, report, command", "More of the comparison")
        self.here.clicked.connect(self.here_wanted)
        head = flow(*self.page_buttons, None, self.progress, self.here, self.more, self.start, self.pause, self.stop)
        top = row(self.headline, self.use, stretch=[self.headline])
        parts = head, top, self.certainty, self.problem, self.pages  # no button moves as the answer grows
        column(*parts, parent=self, stretch=[self.pages], spacing=theme.XS)
        self.turn_to(self.plan)
        self.show_head(Shown())

    def show_head(self, shown: Shown) -> None:
        """Show answer, progress and what can be done."""
        texts = (self.headline, shown.headline), (self.certainty, shown.certainty), (self.problem, shown.problem)
        for where, text in texts:
            if where.text() != text:
                where.setText(text)
            where.setVisible(bool(text))
        for where in (self.headline, self.certainty):
            where.setToolTip(as_text(f"{shown.headline}\n{shown.certainty}".strip()))
        self._fit_head()
        self.progress.setText(shown.progress)
        self.start.setText(shown.start)
        self.start.setAccessibleName(f"{shown.start} comparing")  # more than one thing is started in a window
        self.start.setEnabled(shown.can_start)
        self.start.setVisible(not shown.busy)
        self.stop.setVisible(shown.busy)
        self.pause.setVisible(shown.pauses)
        self.pause.setText("Resume" if shown.paused else "Pause")
        self.use.setVisible(any(shown.use))
        for action, on in zip(self.use.menu().actions() if self.use.menu() else (), shown.use, strict=False):
            action.setEnabled(on)
        self.here.setVisible(bool(shown.elsewhere) and not shown.busy)
        self.here.setText("Leave it")
        self.plan.setEnabled(not shown.elsewhere)

    def show_ledger(self, ledger: Ledger, plan: ComparisonPlan, entries: Sequence[TrialRow]) -> None:
        """Show the plan and the table of it."""
        self.plan.show_plan(ledger, plan)
        self.table.show_entries(entries)

    def offer_use(self, choices: Mapping[str, Callable[[], object]]) -> None:
        """What can be done with what the answer recommends."""
        _fill(self.use, choices)

    def offer_more(self, choices: Mapping[str, Callable[[], object]]) -> None:
        """What else can be done."""
        _fill(self.more, choices)

    def turn_to(self, page: QWidget) -> None:
        """Show one of the pages."""
        self._buttons.button(self.pages.indexOf(page)).setChecked(True)
        focused = self.window().focusWidget()
        had = focused is not None and self.pages.isAncestorOf(focused)
        for one in (self.plan, self.table, self.plots):  # those behind it claim no height
            policy = one.sizePolicy()
            policy.setVerticalPolicy(policy.Policy.Expanding if one is page else policy.Policy.Ignored)
            one.setSizePolicy(policy)
        self.pages.setCurrentWidget(page)
        self._fit_head()
        home = {self.plan: self.plan.methods, self.plots: self.plots.figure}.get(page, page)
        self.setFocusProxy(home)
        if had:  # or it would go on to whatever comes next
            home.setFocus()

    def look(self, seen: bool) -> None:
        """Take note whether the view is visible, and not behind another tab."""
        self.seen = seen
        if seen:
            self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit_head()

    def _fit_head(self) -> None:
        """In a low view two lines of the answer are shown and one of the certainty, beside plots none of it; the rest
        is in the tooltips."""
        low = self.height() < LOW
        self.headline.limit(2 if low else None)
        self.certainty.limit(1 if low else None)
        beside_plots = low and self.pages.currentWidget() is self.plots
        self.certainty.setVisible(bool(self.certainty.text()) and not beside_plots)

    def _page(self, text: str, tip: str, page: QWidget) -> QToolButton:
        made = button(text, tip, f"Show the {text.lower()}", checkable=True)
        self._buttons.addButton(made, self.pages.addWidget(page))
        made.clicked.connect(lambda: self.turn_to(page))
        return made


def _menu_button(text: str, tip: str, name: str) -> QToolButton:
    made = button(text, tip, name)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return made


def _fill(where: QToolButton, choices: Mapping[str, Callable[[], object]]) -> None:
    menu = QMenu(where)
    for text, do in choices.items():
        menu.addAction(text).triggered.connect(do)
    where.setMenu(menu)
