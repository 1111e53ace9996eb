"""The presenter of the Compare view: from the studio's comparison to what is shown."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from mmap_studio.formatting import counted, percent, time_left
from mmap_studio.session.compare.live.events import Compared, Exported, TrialLeftOut, TrialMade
from mmap_studio.session.compare.live.evidence import evidence
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.trial import Amount, Cell
from mmap_studio.session.events import Event, Notice
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import Finished, State, StateChanged
from mmap_studio.session.studio.events import Loaded, ProjectEdited, ProjectOpened
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.compare.table import entries
from mmap_studio.ui.compare.view import NOTHING, CompareView, Shown
from mmap_studio.ui.panels.log_text import Level

if TYPE_CHECKING:
    from mmap_studio.session.compare.live.evidence import Findings
    from mmap_studio.session.compare.live.groupings import Affinity

REDRAW_MS = 200
"""Between two redraws: trials of the features come dozens a second."""
REST = 3.0
"""How many times as long as the evidence took, at least until it is weighed again: it takes seconds for many trials."""


class ComparePresenter:
    """Listens to the studio's comparison and updates the view; draws and weighs only while the view is seen.

    log : takes a sentence and its level
    """

    def __init__(
        self, studio: Studio, view: CompareView, background: BackgroundRunner, log: Callable[[str, Level], object]
    ) -> None:
        self._studio, self._compare, self.view, self._background, self._log = (
            studio, studio.comparisons, view, background, log,
        )  # fmt: skip
        self.evidence: Findings | None = None
        self._weighed: tuple[object, ...] = ()
        """What the evidence is of."""
        self._weighing = False
        self._rest_until = 0.0
        self._redraw = QTimer(view, singleShot=True, interval=REDRAW_MS)
        self._redraw.timeout.connect(self.draw)
        self._compare.listen(self.hear)
        studio.listen(self._hear_studio)
        studio.board.changed.listen(self._later)
        view.shown.connect(self._later)
        view.plan.planned.connect(self._set_plan)

    @property
    def pending(self) -> bool:
        """Whether something is still to be weighed or drawn."""
        return self._weighing or self._redraw.isActive() or self.view.plots.figure.pending

    # ---- events

    def hear(self, event: Event) -> None:
        """Take in an event of the comparison."""
        said = self._said(event)
        if said is not None:
            self._log(*said)
        if isinstance(event, Finished):
            self.draw()
        else:
            self._later()

    def _said(self, event: Event) -> tuple[str, Level] | None:
        """The line of the log for an event; None for those that are no news."""
        if isinstance(event, TrialMade) and not event.cached:
            trial = event.trial
            return f"{self._words(event.cell)}: {percent(trial.accuracy)} ({time_left(trial.seconds)})", "event"
        if isinstance(event, TrialLeftOut):
            return event.sentence, "warning"
        if isinstance(event, Notice):
            return event.text, "warning" if event.level == "warning" else "info"
        if isinstance(event, Exported):
            return f"{self._words(event.cell)}: exported to {event.folder}", "event"
        if isinstance(event, Compared):
            return f"Comparison done: {counted(len(event.comparison.trials), 'trial')}", "event"
        if isinstance(event, Finished) and event.state is State.FAILED:
            return event.message, "error"
        return None

    def _hear_studio(self, event: Event) -> None:
        if isinstance(event, ProjectOpened):
            self.evidence, self._weighed = None, ()
        if isinstance(event, ProjectOpened | ProjectEdited | StateChanged | Loaded | Finished):
            self._later()

    def _look(self) -> None:
        """Look up what is kept, once a project and as soon as its backbone is there: a second one is not loaded."""
        compare = self._compare
        loaded = self._studio.backbone is not None or not self._studio.job.busy
        ready = loaded and compare.project is not None and bool(compare.project.file.tasks)
        if ready and not compare.doing and not compare.problem and not compare.ledger.is_surveyed(compare.plan):
            compare.survey()

    def _set_plan(self, plan: ComparisonPlan) -> None:
        self._compare.set_plan(plan)
        self.draw()

    # ---- drawing

    def _later(self) -> None:
        if self.view.seen and not self._redraw.isActive():
            self._redraw.start()

    def draw(self) -> None:
        """Show the plan, the table and the answer as they are now."""
        self._redraw.stop()
        if not self.view.seen:
            return
        self._look()
        compare = self._compare
        rows = self.evidence.rows if self.evidence is not None else ()
        self.view.plan.show_budget(self._budget())
        lines = compare.ledger.lines(compare.plan)
        self.view.show_ledger(compare.ledger, compare.plan, entries(lines, rows, compare.plan.protocol))
        self.view.plots.show_evidence(self.evidence)
        self._draw_head()
        self._weigh()

    def _draw_head(self) -> None:
        compare, found = self._compare, self.evidence
        ledger, plan = compare.ledger, compare.plan
        tasks = compare.project is not None and bool(compare.project.file.tasks)
        waiting, done = bool(ledger.waiting(plan)), ledger.done(plan)
        surveyed = ledger.is_surveyed(plan)
        headline, certainty = "" if compare.busy else NOTHING, ""
        if done:
            headline = f"The answer of {counted(done, 'trial')} is being worked out."
        if found is not None and found.comparison.trials:
            headline, certainty = found.headline, f"{found.certainty} {found.more}".strip()
        use = found.recommended() if found is not None else None
        self.view.show_head(Shown(
            headline, certainty, self._progress(), compare.problem,
            "Go on" if done and waiting and plan.state == "begun" else "Start",
            tasks and not compare.elsewhere and (waiting or not surveyed or bool(ledger.failed)),
            compare.busy or compare.waits,
            compare.state in (State.RUNNING, State.PAUSED), compare.state is State.PAUSED,
            (bool(use and use.grouping) and not compare.elsewhere, use is not None and not compare.busy),
            compare.project.name if compare.elsewhere and compare.project else "",
        ))  # fmt: skip

    def _progress(self) -> str:
        """What is under way, how far it is and how long the rest takes."""
        compare, parts = self._compare, []
        ledger, plan = compare.ledger, compare.plan
        if compare.elsewhere and compare.project is not None:
            parts.append(f"of {compare.project.name}")
        if compare.waits:
            return " · ".join([*parts, "begins at the end of the run"])
        if not compare.busy:
            looking = compare.doing == "surveying"
            return " · ".join([*parts, *([compare.phase or "Looking up what is kept"] if looking else [])])
        if compare.doing == "exporting":
            return " · ".join(filter(None, [*parts, "exporting", self._in_hand() or compare.phase]))
        cells, waiting = ledger.cells(plan), ledger.waiting(plan)
        parts.append(f"{len(cells) - len(waiting)} of {counted(len(cells), 'trial')}")
        seconds = ledger.seconds(waiting)
        parts.append("" if seconds is None else f"about {time_left(seconds)} left")
        resting = {State.STOPPING: "stopping", State.PAUSED: "paused"}.get(compare.state)
        parts.append(resting or self._in_hand() or compare.phase)
        return " · ".join(filter(None, parts))

    def _in_hand(self) -> str:
        """The trial in hand and its step."""
        ledger = self._compare.ledger
        if ledger.in_hand is None:
            return ""
        step = f", step {ledger.step:,} of {ledger.steps:,}" if ledger.steps else ""
        return f"{self._words(ledger.in_hand)}{step}"

    def _budget(self) -> str:
        project, budget = self._compare.project, self._compare.plan.budget
        if project is None or budget.words:
            return budget.words
        train = project.settings.train
        steps = f", at least {counted(train.min_steps, 'step')}" if train.min_steps else ""
        return (
            f"Methods that read images train for {counted(train.epochs, 'epoch')}{steps}, "
            f"{counted(train.batch_size, 'image')} a task and step, as the settings say."
        )

    def _words(self, cell: Cell) -> str:
        """A trial in words."""
        method, amount, seed = cell
        facts = self._compare.ledger.methods.get(method)
        return f"{facts.title if facts else method}: {Amount.parse(amount).words}, seed {seed}"

    # ---- the answer

    def _weigh(self) -> None:
        """Weigh the trials that are there, in another thread, where they are others than at the last time."""
        compare = self._compare
        if self._weighing or compare.project is None:
            return
        plan = compare.plan.asked
        made = frozenset(cell for cell in compare.ledger.cells(plan) if cell in compare.ledger.trials)
        key = compare.ledger, plan, made
        if key == self._weighed:
            return
        if not made:
            self._weighed, had, self.evidence = key, self.evidence, None
            if had is not None:
                self.draw()
            return
        if time.monotonic() < self._rest_until:
            self._later()
            return
        comparison, affinity = compare.ledger.comparison(plan, compare.project.name), self._affinity()
        self._weighing, began = True, time.monotonic()

        def done(found: "Findings") -> None:
            self._weighing, took = False, time.monotonic() - began
            self._rest_until = time.monotonic() + REST * took
            self._weighed = key
            if compare.ledger is key[0]:
                self.evidence = found
            self.draw()

        def failed(error: BaseException) -> None:
            self._weighing, self._weighed = False, key
            self._log(f"The trials could not be weighed: {type(error).__name__}: {error}", "error")

        self._background.run(lambda: evidence(comparison, affinity), done, failed, interruptible=True)

    def _affinity(self) -> "Affinity":
        """As it was measured in the project that is open."""
        estimate = self._studio.known.estimate
        if estimate is None or self._compare.elsewhere:
            return {}
        names = estimate.tasks
        return {(a, b): float(estimate.mean[i, j]) for i, a in enumerate(names) for j, b in enumerate(names) if i != j}
