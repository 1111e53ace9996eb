"""Event handlers: how each event of the job updates the state of the studio."""

from datetime import UTC, datetime
from functools import singledispatchmethod
from threading import Thread

from mmap_studio.method.automatic import automatic
from mmap_studio.session.estimates.throughput import classes_of, save_rates, shape_key
from mmap_studio.session.events import (
    AffinityMeasured,
    Event,
    GroupingChosen,
    GroupReady,
    GroupScored,
    ImagesUnread,
    PhaseStarted,
    Progress,
    RunEnded,
    Scores,
    SplitChosen,
    TasksReady,
    TrainingResumed,
)
from mmap_studio.session.results.interrupted import interrupted_run
from mmap_studio.session.results.intervals import PairedTests
from mmap_studio.session.results.results import results_of_document
from mmap_studio.session.runtime.job import Finished, State, StateChanged
from mmap_studio.session.studio.events import Loaded, PartlyDone, Recorded, TextsCounted
from mmap_studio.session.studio.scheduler import Scheduler
from mmap_studio.session.studio.state import StudioState


class EventHandlers:
    """Takes what jobs say into the state; which settings it is of, the scheduler knows."""

    def __init__(self, state: StudioState, jobs: Scheduler) -> None:
        self._state, self._jobs = state, jobs

    @singledispatchmethod
    def handle(self, event: Event) -> None:
        """Take an event into the state; the handlers below are chosen by its type."""

    @handle.register
    def _(self, event: Loaded) -> None:
        self._state.backbone = event.backbone
        self._state.known.learn_precision(self._jobs.settings, event.backbone.precision)

    @handle.register
    def _(self, event: Recorded) -> None:
        for result in event.results:
            self._state.known.book.add(result)
        self._state.known.interrupted = event.interrupted

    @handle.register
    def _(self, event: PartlyDone) -> None:
        self._state.known.partly = event

    @handle.register
    def _(self, event: PhaseStarted) -> None:
        self._state.pace.restart()
        if event.phase == "tasks":
            self._state.known.unread = {}

    @handle.register
    def _(self, event: ImagesUnread) -> None:
        self._state.known.unread[event.task] = event.count, event.total

    @handle.register
    def _(self, event: Progress) -> None:
        self._state.pace.hear(event.done, event.total, event.unit, event.share)

    @handle.register
    def _(self, event: TrainingResumed) -> None:
        self._state.pace.restart()  # steps that an earlier run has done say nothing of this one's speed

    @handle.register
    def _(self, event: TextsCounted) -> None:
        self._state.known.texts = event.texts

    @handle.register
    def _(self, event: StateChanged) -> None:
        if event.state is State.RUNNING:
            self._state.pace.restart()

    @handle.register
    def _(self, event: TasksReady) -> None:
        self._state.known.tasks, self._state.known.texts = event.tasks, ()
        self._state.known.tests = PairedTests.of(event.tasks, event.tested, self._state.known.split)

    @handle.register
    def _(self, event: SplitChosen) -> None:
        self._state.known.splits[event.task] = event.digest

    @handle.register
    def _(self, event: Scores) -> None:
        settings = self._jobs.settings
        if event.method != "run":
            self._state.known.methods = {**self._state.known.methods, event.method: event}
        self._state.add_result(event.method, event.per_task, event.parameters, settings, event.grouping)

    @handle.register
    def _(self, event: AffinityMeasured) -> None:
        self._state.known.estimate = event.estimate
        self._state.score_board()

    @handle.register
    def _(self, event: GroupingChosen) -> None:
        self._jobs.chosen = self._jobs.chosen if self._jobs.opening else event.grouping
        if event.suggested is not None and set(event.suggested.grouping.tasks) == set(self._state.board.tasks):
            self._state.board.set_suggested(event.suggested.grouping, event.suggested.evidence)
        untouched = self._state.board.grouping == self._jobs.followed and not self._jobs.opening
        if untouched and set(event.grouping.tasks) == set(self._state.board.tasks):
            self._state.board.replace(event.grouping, "Take the suggested groups")

    @handle.register
    def _(self, event: GroupReady) -> None:
        settings = self._jobs.settings
        if not (self._jobs.quiet and self._state.known.group(event.group.members, settings)):
            self._state.known.add_group(event.group, settings)
            self._state.board.changed()  # what it shows is composed first, once for all events that are read together

    @handle.register
    def _(self, event: GroupScored) -> None:
        settings = self._jobs.settings
        if not (self._jobs.quiet and self._state.known.scores(event.members, settings)):
            self._state.known.add_scores(event.members, settings, event.per_task)
            self._state.board.changed()

    @handle.register
    def _(self, event: RunEnded) -> None:
        self._state.known.ended = event
        if event.run_folder is not None:
            for result in results_of_document(event.document, event.run_folder.name, datetime.now(UTC)):
                self._state.known.book.add(result)

    @handle.register
    def _(self, event: Finished) -> None:
        job, backbone = self._jobs.current, self._state.backbone
        if self._jobs.doing == "running" and event.state is State.CANCELLED:
            self._state.known.interrupted = interrupted_run(self._state.require_project())
        if job is not None and job.progress is not None and backbone is not None:
            tasks = self._state.known.tasks
            sizes = backbone.text_width, backbone.image_width, backbone.layers
            key = shape_key(automatic(job.settings, *sizes, tasks), backbone, len(tasks), classes_of(tasks))
            Thread(target=save_rates, args=(key, job.progress.rates)).start()  # a slow disk does not hold up the window
