"""What each event means for each view: one method an event, called in the window's thread by the timer."""

from typing import Any

from PySide6.QtGui import QImage

from mmap_studio.formatting import percent
from mmap_studio.session.estimates.trained_share import problem
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import BUSY, State
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.panels import previews
from mmap_studio.ui.window.header import Header
from mmap_studio.ui.window.results_presenter import ResultsShower
from mmap_studio.ui.window.status import PHASE_TITLES, STATE_TITLES, StatusLine

ENDINGS = {State.DONE: "Ready", State.CANCELLED: "Stopped; what is finished was kept", State.FAILED: "Failed"}


class Conductor:
    """Listens to the studio, speaks to the views."""

    def __init__(
        self, studio: Studio, views: Views, header: Header, status: StatusLine, background: BackgroundRunner
    ) -> None:
        self.background = background
        self.studio, self.views, self.header, self.status = studio, views, header, status
        self.results = ResultsShower(studio, views, status)
        self._words = "Ready"
        self._drawn: set[str] = set()
        """Tasks with a curve of this session."""
        studio.listen(self.hear)
        studio.board.changed.listen(self.board_changed)

    def hear(self, event: Any) -> None:
        """Any event of the studio or of the pipeline."""
        self._show_whole()
        taker = getattr(self, f"_on_{type(event).__name__}", None)
        if taker is not None:
            taker(event)
        if type(event).__module__.endswith("session.events") and not self.studio.quiet:
            self.views.log.add_event(event)

    def _show_estimate(self) -> None:
        if self.studio.project is not None:
            self.views.facts.show_estimate(self.studio.estimate())

    def _on_TextsCounted(self, event: Any) -> None:  # noqa: N802
        self._show_estimate()

    def _show_whole(self) -> None:
        progress = self.studio.progress
        words = self.studio.series_words, progress.text() if progress is not None else ""
        self.status.show_whole(" · ".join(filter(None, words)) if progress is not None else "")
        if progress is not None and self.studio.state is State.RUNNING and progress.done > 0:
            self.header.show_state(f"{STATE_TITLES[State.RUNNING]} {percent(progress.done, 0)}")

    def board_changed(self) -> None:
        """The grouping, its score or a mark is another one."""
        self.views.heatmap.set_grouping(self.studio.board.grouping)
        self.results.show_board()
        self.views.facts.show_share(self.studio.share())
        self._show_estimate()

    def _on_ProjectOpened(self, event: Any) -> None:  # noqa: N802
        views, names = self.views, [entry.name for entry in event.project.file.tasks]
        views.tasks.model.show([])
        views.results.show_tasks(names)
        views.curves.begin_run(tasks=names)
        self._drawn.clear()
        views.log.clear()
        self.studio.selection.clear()
        views.map.show_features(None)
        views.heatmap.clear()
        self.results.forget()
        self._on_ProjectEdited(event)

    def _on_ProjectEdited(self, event: Any) -> None:  # noqa: N802
        project, views = event.project, self.views
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

    def _on_NotSaved(self, event: Any) -> None:  # noqa: N802
        self.views.log.add(event.sentence, "error")

    def _on_Loading(self, event: Any) -> None:  # noqa: N802
        self.status.show_phase(event.text, True)

    def _on_Loaded(self, event: Any) -> None:  # noqa: N802
        facts = event.backbone
        self.header.show_project(self.studio.project.name if self.studio.project else "", facts.name)
        self.views.facts.show_device(facts.place)
        self.views.facts.show_share(self.studio.share())
        wrong = problem(self.studio.project.settings.prompt, facts) if self.studio.project else ""
        self.views.settings.show_problem(wrong)
        self.results.show_table()  # rows of earlier runs are told apart by the backbone

    def _on_StateChanged(self, event: Any) -> None:  # noqa: N802
        if self.studio.quiet:
            return  # quick, unasked for, and no news
        self.header.show_state("" if self.studio.opening else STATE_TITLES[event.state])
        if event.state in (State.PREPARING, State.STOPPING):
            self.status.show_phase("Stopping…" if event.state is State.STOPPING else "Preparing…", True)
        if event.state is State.PREPARING and not self.studio.opening:
            names = [entry.name for entry in self.studio.project.file.tasks] if self.studio.project else []
            self.views.curves.begin_run(tasks=names)
            self._drawn.clear()

    def _on_PhaseStarted(self, event: Any) -> None:  # noqa: N802
        self.status.show_phase(" · ".join(filter(None, (PHASE_TITLES[event.phase], event.note))), True)

        if event.phase == "affinity" and self.studio.project is not None:
            self.views.heatmap.clear()
            self.views.heatmap.set_measured(self.studio.project.settings.affinity.order)

    def _on_Progress(self, event: Any) -> None:  # noqa: N802
        if event.phase == "map":
            self.status.show_phase(PHASE_TITLES["map"], True)
        self.status.show_pace(self.studio.pace.pace)

    def _on_Stepped(self, event: Any) -> None:  # noqa: N802
        self.status.show_pace(self.studio.pace.pace)
        self.views.curves.add_step(event)
        self._drawn.update(event.report.members)

    def _on_TasksReady(self, event: Any) -> None:  # noqa: N802
        views = self.views
        for view in (views.tasks, views.gallery, views.confusion):
            view.show_tasks(event.tasks)
        views.results.show_tasks([task.name for task in event.tasks])
        self._show_estimate()
        self._images()

    def _on_PastAffinity(self, event: Any) -> None:  # noqa: N802
        self.views.heatmap.clear()
        self.views.heatmap.set_measured(event.order, event.sentence)
        self.views.log.add(event.sentence, "info")

    def _on_AffinityMeasured(self, event: Any) -> None:  # noqa: N802
        self.views.heatmap.append(event.estimate, event.step, event.steps)

    def _on_AffinityLosses(self, event: Any) -> None:  # noqa: N802
        self.views.curves.add_affinity(event.losses)

    def _on_GroupReady(self, event: Any) -> None:  # noqa: N802
        members = event.group.members
        if event.cached and (self.studio.on_board(members) or not self._drawn & set(members)):
            self._drawn.update(members)
            self.views.curves.add_group(event.group)

    def _on_Scores(self, event: Any) -> None:  # noqa: N802
        self.results.show()

    def _on_ResultsChanged(self, event: Any) -> None:  # noqa: N802
        self.results.show()

    def _on_Recorded(self, event: Any) -> None:  # noqa: N802
        self.results.show()
        for sentence in event.problems:
            self.views.log.add(sentence, "warning")

    def _on_PastCurves(self, event: Any) -> None:  # noqa: N802
        if not self._drawn:  # those of this session are newer
            self.views.curves.show_remembered(event)
            self.views.log.add(event.sentence, "info")

    def _on_MapReady(self, event: Any) -> None:  # noqa: N802
        self.views.map.show_features(event.features)

    def _on_Finished(self, event: Any) -> None:  # noqa: N802
        if not self.studio.quiet:
            self._words = ENDINGS[event.state]
        self.status.show_phase(self._words, self.studio.state in BUSY)
        self.status.show_whole("")
        self._show_estimate()
        if event.state is State.FAILED:
            self.views.log.add(event.message, "error")
        if self.studio.doing == "recalling" and not self.studio.recall_waits:
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
