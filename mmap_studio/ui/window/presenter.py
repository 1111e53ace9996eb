"""The presenter: how each event of the studio updates the views; called in the window's thread by the timer."""

from functools import singledispatchmethod

from PySide6.QtGui import QImage

from mmap_studio.formatting import percent
from mmap_studio.session.estimates.trained_share import problem
from mmap_studio.session.events import (
    PHASES,
    AffinityLosses,
    AffinityMeasured,
    Event,
    GroupReady,
    MapReady,
    PastAffinity,
    PastCurves,
    PhaseStarted,
    Progress,
    RunEnded,
    Scores,
    Stepped,
    TasksReady,
    TrainingResumed,
)
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import BUSY, Finished, State, StateChanged
from mmap_studio.session.studio.events import (
    Loaded,
    Loading,
    NotSaved,
    PartlyDone,
    ProjectEdited,
    ProjectOpened,
    Recorded,
    RunsChanged,
    TextsCounted,
)
from mmap_studio.session.studio.studio import Studio
from mmap_studio.session.studio.what_now import WhatNow
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.panels import previews
from mmap_studio.ui.window.header import Header
from mmap_studio.ui.window.results_presenter import ResultsPresenter
from mmap_studio.ui.window.status import STATE_TITLES, StatusLine

ENDINGS = {State.DONE: "Ready", State.CANCELLED: "Stopped; what is finished was kept", State.FAILED: "Failed"}


class Presenter:
    """Listens to the studio and updates the views."""

    def __init__(
        self, studio: Studio, views: Views, header: Header, status: StatusLine, background: BackgroundRunner
    ) -> None:
        self.background = background
        self.studio, self.views, self.header, self.status = studio, views, header, status
        self.results = ResultsPresenter(studio, views, status)
        self._words = "Ready"
        self._drawn: set[str] = set()
        """Tasks with a curve of this session."""
        studio.listen(self.hear)
        studio.board.changed.listen(self.board_changed)

    def hear(self, event: Event) -> None:
        """Show an event of the studio or of the pipeline in the views and in the log."""
        self._show_whole()
        self.show(event)
        self._show_in_header()
        if not self.studio.jobs.quiet:
            self.views.log.add_event(event)

    @singledispatchmethod
    def show(self, event: Event) -> None:
        """Update the views; the handlers below are chosen by the event's type."""

    def _show_outlook(self) -> None:
        """What the next run would train, with which sizes, and what it takes."""
        self.header.show_next(self.studio.next_run())
        self.views.facts.show_share(self.studio.share())
        self.views.settings.show_sizes(self.studio.sizes())
        self._show_estimate()

    def _show_estimate(self) -> None:
        """Time and memory of the next run; during a run what is left of it."""
        if self.studio.project is not None and not self._show_left():
            self.views.facts.show_estimate(self.studio.estimate())

    def _show_left(self) -> bool:
        """Show the time that is left of the run, beside its own memory. False where none is under way, or not long."""
        jobs = self.studio.jobs
        if jobs.state not in BUSY or jobs.progress is None or not jobs.progress.left:
            return False
        self.views.facts.show_left(jobs.progress.left)
        return True

    @show.register
    def _(self, event: TextsCounted | PartlyDone) -> None:
        self._show_estimate()

    def _show_whole(self) -> None:
        progress = self.studio.jobs.progress
        words = self.studio.jobs.series_words, progress.text() if progress is not None else ""
        self.status.show_whole(" · ".join(filter(None, words)) if progress is not None else "")
        self._show_left()
        if progress is not None and self.studio.jobs.state is State.RUNNING and progress.done > 0:
            self.header.show_state(f"{STATE_TITLES[State.RUNNING]} {percent(progress.done, 0)}")

    def _show_in_header(self) -> None:
        """The phase and the time that is left, where the eye is; the status bar has the steps as well."""
        jobs = self.studio.jobs
        if jobs.quiet:
            return
        if jobs.state not in BUSY:
            self._show_outcome()
            return
        left = jobs.progress.left if jobs.progress is not None else ""
        self.header.show_progress(" · ".join(filter(None, (jobs.series_words, self.status.phase.text(), left))))

    def _show_outcome(self) -> None:
        """What the board's groups have come to, and the step that follows, unless a run failed."""
        if self.studio.jobs.state in BUSY or self.studio.project is None:
            return
        failed = self.studio.jobs.state is State.FAILED
        self.header.show_outcome(WhatNow("", "") if failed else self.studio.what_now(self.results.on_board()))

    def board_changed(self) -> None:
        board = self.studio.board
        self.views.heatmap.set_grouping(board.grouping, board.supported or len(board.grouping) < 2)
        self.results.show_board()
        self._show_outlook()
        self._show_outcome()

    @show.register
    def _(self, event: ProjectOpened) -> None:
        views, names = self.views, [entry.name for entry in event.project.file.tasks]
        views.tasks.model.show([])
        views.results.begin_project(names)
        views.curves.begin_run(tasks=names)
        self._drawn.clear()
        views.log.clear()
        self.studio.selection.clear()
        views.map.show_features(None)
        views.heatmap.clear()
        self.results.forget()
        self._show_project(event.project)

    @show.register
    def _(self, event: ProjectEdited) -> None:
        self._show_project(event.project)

    def _show_project(self, project: Project) -> None:
        views = self.views
        views.settings.show_settings(project.settings)
        views.board.header.show_count(project.settings.grouping.groups)
        views.tasks.show_project(project)
        names = [entry.name for entry in project.file.tasks]
        views.results.show_tasks(names)
        views.curves.show_tasks(names)
        self._drawn &= set(names)
        self._look_for_images(project)
        self.header.show_project(project.name, project.file.backbone)
        self.board_changed()

    @show.register
    def _(self, event: NotSaved) -> None:
        self.views.log.add(event.sentence, "error")

    @show.register
    def _(self, event: Loading) -> None:
        self.status.show_phase(event.text, True)

    @show.register
    def _(self, event: Loaded) -> None:
        facts = event.backbone
        self.header.show_project(self.studio.project.name if self.studio.project else "", facts.name)
        self.views.facts.show_device(facts.place)
        self.views.facts.show_share(self.studio.share())
        wrong = problem(self.studio.project.settings.prompt, facts) if self.studio.project else ""
        self.views.settings.show_problem(wrong)
        self.results.show_table()  # rows of earlier runs are told apart by the backbone

    @show.register
    def _(self, event: StateChanged) -> None:
        if self.studio.jobs.quiet:
            return  # quick, unasked for, and no news
        self.header.show_state("" if self.studio.jobs.opening else STATE_TITLES[event.state])
        if event.state is State.PREPARING:
            self.views.tasks.show_reading(True)
        if event.state in (State.PREPARING, State.STOPPING):
            self.status.show_phase("Stopping…" if event.state is State.STOPPING else "Preparing…", True)
        if event.state is State.PREPARING and not self.studio.jobs.opening:
            self.status.show_note("")  # it is about what was before
            names = [entry.name for entry in self.studio.project.file.tasks] if self.studio.project else []
            self.views.curves.begin_run(tasks=names)
            self._drawn.clear()

    @show.register
    def _(self, event: PhaseStarted) -> None:
        self.status.show_phase(" · ".join(filter(None, (PHASES[event.phase], event.note))), True)
        if event.phase == "affinity" and self.studio.project is not None:
            self._begin_affinity(self.studio.jobs.settings.affinity.how)

    def _begin_affinity(self, how: str, other: str = "") -> None:
        self.views.heatmap.clear()
        self.views.heatmap.set_measured(how, other)
        self.views.why.set_measured(how)

    @show.register
    def _(self, event: Progress) -> None:
        if event.phase == "map":
            self.status.show_phase(PHASES["map"], True)
        self.status.show_pace(self.studio.pace.pace)

    @show.register
    def _(self, event: Stepped) -> None:
        self.status.show_pace(self.studio.pace.pace)
        self.views.curves.add_step(event)
        if event.phase == "training" and event.report.validated:
            self.views.gallery.show_validated(event.report.validated, event.report.epoch)
        self._drawn.update(event.report.members)

    @show.register
    def _(self, event: TrainingResumed) -> None:
        self.views.curves.add_resumed(event)
        self._drawn.update(event.members)

    @show.register
    def _(self, event: TasksReady) -> None:
        views = self.views
        for view in (views.tasks, views.gallery, views.confusion):
            view.show_tasks(event.tasks)
        views.results.show_tasks([task.name for task in event.tasks])
        self._show_outlook()
        self._images()

    @show.register
    def _(self, event: PastAffinity) -> None:
        self._begin_affinity(event.how, event.sentence)
        self.views.log.add(event.sentence, "info")

    @show.register
    def _(self, event: AffinityMeasured) -> None:
        self.views.heatmap.append(event.estimate, event.step, event.steps)

    @show.register
    def _(self, event: AffinityLosses) -> None:
        self.views.curves.add_affinity(event.losses)

    @show.register
    def _(self, event: GroupReady) -> None:
        members = event.group.members
        if event.cached and (self.studio.jobs.on_board(members) or not self._drawn & set(members)):
            self._drawn.update(members)
            self.views.curves.add_group(event.group)

    @show.register
    def _(self, event: Scores | RunEnded) -> None:
        self.results.show()

    @show.register
    def _(self, event: RunsChanged) -> None:
        self.results.show()

    @show.register
    def _(self, event: Recorded) -> None:
        self.results.show()
        for sentence in event.problems:
            self.views.log.add(sentence, "warning")

    @show.register
    def _(self, event: PastCurves) -> None:
        if not self._drawn:  # those of this session are newer
            self.views.curves.show_remembered(event)
            self.views.log.add(event.sentence, "info")

    @show.register
    def _(self, event: MapReady) -> None:
        self.views.map.show_features(event.features)

    @show.register
    def _(self, event: Finished) -> None:
        if not self.studio.jobs.quiet:
            self._words = ENDINGS[event.state]
        self.status.show_phase(self._words, self.studio.jobs.state in BUSY)
        self.status.show_whole("")
        self._show_estimate()
        if event.state is State.FAILED:
            self.views.log.add(event.message, "error")
        if event.state is not State.DONE and not self.studio.jobs.quiet:
            self.views.tasks.show_reading(False, stopped=event.state is State.CANCELLED)
        if self.studio.jobs.doing == "recalling" and not self.studio.jobs.recall_waits:
            self.results.recalled()

    def _images(self) -> None:
        self.views.board.set_images({n: p.toImage() for n, p in self.views.tasks.previews().items() if not p.isNull()})

    def _look_for_images(self, project: Project) -> None:
        """From the disk, in another thread; a task without one shows none."""

        def look() -> dict[str, QImage]:
            return {entry.name: previews.from_entry(project, entry) for entry in project.file.tasks}

        def done(found: dict[str, QImage]) -> None:
            self.views.tasks.show_previews({name: image for name, image in found.items() if not image.isNull()})
            self._images()

        if any(row.preview.isNull() for row in self.views.tasks.model.rows):
            self.background.run(look, done, lambda error: None)
        self._images()
