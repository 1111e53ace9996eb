"""The comparison of a window: its plan, its job, and the ledger of its trials.

It has a job of its own, so that it goes on while another project is opened. One training at a time: a comparison waits
for the run under way, and a run for the comparison.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from mmap_studio.errors import InputError, StudioError
from mmap_studio.session.compare.live.ledger import Ledger, more_seeds
from mmap_studio.session.compare.live.plan import FOLDER, ComparisonPlan, read_plan, write_plan
from mmap_studio.session.compare.report import write_report
from mmap_studio.session.compare.trial import Cell, Comparison
from mmap_studio.session.events import Event, Notice
from mmap_studio.session.listeners import Listeners
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.saver import PATIENCE_S, Saver
from mmap_studio.session.runtime.job import BackgroundJob, Finished, State, StateChanged
from mmap_studio.session.studio.command_line import compare_command
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.session.studio.events import Loading

Doing = Literal["", "surveying", "comparing", "exporting"]


class Comparisons:
    """What a window knows of comparing; every command may be given at any moment.

    training : whether a run is under way or about to begin, for whose end a comparison waits
    """

    def __init__(self, engine: StudioEngine, training: Callable[[], bool]) -> None:
        self._engine, self._training, self.job = engine, training, BackgroundJob()
        self.ledger, self.plan = Ledger(), ComparisonPlan()
        self.project: Project | None = None
        """Whose comparison this is: another one than the project that is open, where it goes on without it."""
        self._open: Project | None = None
        self._board = ""
        """The groups on the board of the project that is open."""
        self.doing: Doing = ""
        self.waits = False
        """Whether it begins at the end of the run under way."""
        self.ended = State.IDLE
        """How the last survey or comparison ended."""
        self.problem = ""
        """Why it failed, in one sentence."""
        self.details = ""
        self.phase = ""
        """What is done that no trial is in hand for."""
        self.outdated = False
        """Whether the project is another than the one that the ledger is of."""
        self._again: Doing = ""
        """What begins when the work under way has ended."""
        self._to_export: tuple[Cell, Path] | None = None
        self._closed = False
        self._listeners = Listeners[[Event]]()
        self._saver = Saver()

    # ---- what there is

    @property
    def state(self) -> State:
        """Of the comparison; a survey does not count."""
        return self.job.state if self.doing == "comparing" else State.IDLE

    @property
    def busy(self) -> bool:
        """Whether trials are being made or exported, or about to be."""
        return not {"comparing", "exporting"}.isdisjoint((self.doing, self._again))

    @property
    def unfinished(self) -> bool:
        """Whether the comparison of the project that is open was begun, and neither ended nor goes on."""
        return self.plan.state == "begun" and not (self.elsewhere or self.busy or self.waits)

    @property
    def can_start(self) -> bool:
        """Whether a comparison of the project that is open can begin."""
        return self._open is not None and not (self.elsewhere or self.busy or self.waits)

    @property
    def elsewhere(self) -> bool:
        """Whether it is of another project than the one that is open."""
        here, there = self._open, self.project
        return here is not None and there is not None and here.folder != there.folder

    def listen(self, listener: Callable[[Event], object]) -> None:
        self._listeners.listen(listener)

    # ---- the project

    def show(self, project: Project) -> None:
        """Another project is open: its plan, unless a comparison is under way, which goes on."""
        self._open = project
        if not self.busy and not self.waits:
            self._take(project)

    def edited(self, project: Project) -> None:
        """The project that is open was edited: what is known is of it as it was."""
        self._open = project
        if self.project is not None and self.project.folder == project.folder and self.project.file != project.file:
            self.outdated = True
            if not self.busy and not self.waits:
                self._refresh(project)

    def show_open_project(self) -> None:
        """Leave the comparison of another project, once it has ended."""
        if self._open is not None and not self.busy and not self.waits:
            self._take(self._open)
            self.survey()

    def _take(self, project: Project) -> None:
        self.project, self.outdated, self.problem = project, False, ""
        methods, refused = self.ledger.methods, self.ledger.refused
        self.ledger = Ledger()
        self.ledger.methods = {name: replace(one, parameters=None) for name, one in methods.items()}
        self.ledger.refused = refused
        if self.doing == "surveying":
            self.job.stop()
        try:
            self.plan = self._on_board(read_plan(project.folder) or ComparisonPlan())
        except StudioError as error:
            self.plan = ComparisonPlan()
            self._listeners(Notice(str(error), "warning"))

    def _refresh(self, project: Project) -> None:
        """What was known of the project as it was is forgotten; the plan stays."""
        looked = self.ledger.surveyed is not None or self.doing == "surveying"
        plan = self.plan
        self._take(project)
        self.plan = plan
        if looked:
            self.survey()

    # ---- commands

    def survey(self) -> bool:
        """Look up in the background what the methods train, what is kept, and how long the rest takes."""
        if self.project is None or self.busy:
            return False
        if self._again == "surveying":
            return True  # it follows the end of the one under way; a listener that hears of that end asks once more
        if self.doing == "surveying":
            self._again = "surveying"
            return self.job.stop() or True
        self.doing, self.problem = "surveying", ""
        return self.job.start(self._engine.surveying(self.project, self.plan))

    def set_plan(self, plan: ComparisonPlan) -> None:
        """Another plan; a comparison under way follows it after the trainings in hand."""
        before, self.plan = self.plan, self._on_board(plan)
        plan = self.plan
        if plan == before:
            return
        self._keep()
        if not self.busy and not self.ledger.is_surveyed(plan):
            self.survey()

    def regrouped(self, groups: str) -> None:
        """Other groups are on the board: where MmAP is compared in them, what was known of that is of other groups."""
        self._board = groups
        if not self.elsewhere:
            self.plan = self._on_board(self.plan)

    def _on_board(self, plan: ComparisonPlan) -> ComparisonPlan:
        """The plan with the groups of the board, if it asks for MmAP in them."""
        return replace(plan, board=self._board if {"mmap_board", "all"} & {*plan.methods, plan.baseline} else "")

    def start(self) -> bool:
        """Make what is missing, or wait for the end of the run under way; False while it is made already."""
        if self.project is None or not self.project.file.tasks:
            raise InputError("A comparison needs tasks; add folders of images first.")
        if self.elsewhere:
            raise InputError(f"This is the comparison of {self.project.name!r}; open that project to go on with it.")
        if self.busy or self.waits:
            return False
        if self.outdated and self._open is not None:
            self._refresh(self._open)
        if self._training():
            self.waits = True
            return True
        return self._begin()

    def _begin(self) -> bool:
        self.waits = False
        assert self.project is not None
        if not self.ledger.is_surveyed(self.plan):
            begun = self.doing == "surveying" or self.survey()
            self._again = "comparing"
            return begun
        if self.doing == "surveying":
            self._again = "comparing"
            return self.job.stop() or True
        self.doing, self.problem, self.phase = "comparing", "", "Loading the backbone"
        self.ledger.begin()
        self.plan = replace(self.plan, state="begun")
        self._keep()
        return self.job.start(self._engine.comparing(self.project, lambda: self.plan))

    def stop(self) -> None:
        """End after what is being computed, keeping what is made; or no longer wait."""
        self.waits = False
        if self._again in ("comparing", "exporting"):
            self._again = ""
        if self.doing in ("comparing", "exporting"):
            self.job.stop()

    def pause(self) -> bool:
        """Rest after the step that is being computed; a run that waits goes on waiting."""
        return self.doing == "comparing" and self.job.pause()

    def resume(self) -> bool:
        return self.job.resume()

    def move_up(self, cells: Sequence[Cell]) -> None:
        """Make these trials next."""
        waiting = set(self.ledger.waiting(self.plan))
        wanted = [cell for cell in cells if cell in waiting]
        if wanted:
            self.set_plan(self.plan.moved_up(wanted))

    def skip(self, cells: Sequence[Cell], on: bool = True) -> None:
        """Leave these trials out; or, unless `on`, make them after all."""
        self.set_plan(self.plan.skipping(cells) if on else self.plan.with_again(cells))

    def repeat(self, count: int) -> None:
        """So many seeds more."""
        self.set_plan(more_seeds(self.plan, count))

    def export(self, cell: Cell, out: Path) -> None:
        """Write what a trial learned to a folder, in the background; it is trained first where it is not kept."""
        if self.busy or self.waits or self._training():
            raise InputError("Something is being trained or exported; stop it or wait for its end, then export.")
        if self.project is None:
            raise InputError("No project is open; open one to export what a method learned.")
        self._to_export = cell, out
        if self.doing == "surveying":
            self._again = "exporting"
            self.job.stop()
        else:
            self._begin_export()

    def _begin_export(self) -> None:
        assert self.project is not None
        assert self._to_export is not None
        self.doing, self.problem = "exporting", ""
        self.job.start(self._engine.exporting(self.project, self.plan, *self._to_export))

    def report(self, found: Comparison) -> Callable[[], Path]:
        """What writes the report of these trials into the project, for another thread; it returns the page."""
        if self.project is None:
            raise InputError("No project is open; open one to write the report of its comparison.")
        project, plan = self.project, self.plan
        folder = project.folder / FOLDER / plan.options().digest(project.file.model_dump_json())
        whole = replace(found, about={**found.about, "command": compare_command(project, plan)})
        return lambda: write_report(whole, folder, replace=True, within=project.folder)

    def run_ended(self) -> None:
        """No run is under way any more: begin what waits for that."""
        if self.waits and not self._closed and not self._training():
            self._begin()

    def wind_up(self) -> None:
        """Stop, and begin nothing more."""
        self._closed, self.waits, self._again = True, False, ""
        self.job.stop()

    def close(self, seconds: float) -> bool:
        """True when no thread is left."""
        self.wind_up()
        ended = self.job.join(seconds)
        self._saver.settle(PATIENCE_S)
        return ended

    # ---- the mailbox

    def poll(self) -> None:
        """Hear what the job said since the last time."""
        while (letter := self.job.mailbox.take()) is not None:
            if letter.run == self.job.run:
                self._hear(letter.event)
        for error in self._saver.told():
            if error is not None:
                self._listeners(Notice(f"The plan of the comparison could not be kept: {error}", "warning"))

    def _hear(self, event: Event) -> None:
        if isinstance(event, Finished):
            self._end(event)
        elif isinstance(event, Notice | Loading):
            self.phase = event.text
        elif not isinstance(event, StateChanged):
            self.ledger.hear(event)
        self._listeners(event)
        if isinstance(event, Finished):
            self._go_on()

    def _end(self, event: Finished) -> None:
        ended, self.doing = self.doing, ""
        self.ledger.end()
        self.ended, self.phase = event.state, ""
        self.problem, self.details = event.message, event.details
        if ended == "comparing" and event.state is State.DONE:
            self.plan = replace(self.plan, state="done", first=())
            self._keep()

    def _go_on(self) -> None:
        again, self._again = self._again, ""
        if self._closed or again == "" or (again == "comparing" and self.ended is State.FAILED):
            return
        if again == "surveying":
            self.survey()
        elif again == "exporting":
            self._begin_export()
        elif self._training():
            self.waits = True
        else:
            self._begin()

    def _keep(self) -> None:
        """Write the plan, in a thread of its own."""
        if self.project is not None:
            folder, plan = self.project.folder, self.plan
            self._saver.put(lambda: write_plan(folder, plan))
