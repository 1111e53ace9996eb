"""Event handlers: how each event of the job updates the window's state."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import Any, Literal

from mmap_studio.config import Settings
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from mmap_studio.session.board.worth import usable_affinity
from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.estimates.throughput import save_rates, shape_key
from mmap_studio.session.estimates.trained_share import BackboneFacts, trained_share
from mmap_studio.session.events import (
    AffinityMeasured,
    Event,
    GroupingChosen,
    GroupReady,
    GroupScored,
    PhaseStarted,
    Progress,
    RunEnded,
    Scores,
    TasksReady,
)
from mmap_studio.session.listeners import Listeners
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.results import Result, results_of_document
from mmap_studio.session.runtime.job import Finished, State, StateChanged
from mmap_studio.session.studio.events import Loaded, Recorded, TextsCounted
from mmap_studio.session.studio.knowledge import Knowledge

Doing = Literal["", "opening", "recalling", "trying", "running"]
QUIET = ("recalling", "trying")
"""Quick, and no news of the project."""


class Hearing:
    """The half of a `Studio` that listens to its job."""

    board: Board
    pace: PaceKeeper
    known: Knowledge
    project: Project | None
    backbone: BackboneFacts | None

    def __init__(self) -> None:
        self.phase = ""
        self.doing: Doing = ""
        """What the job under way does."""
        self.done_with: Settings | None = None
        """The settings the job under way was started with."""
        self.progress: RunProgress | None = None
        """Of the run under way."""
        self.chosen: Grouping | None = None
        """The groups that the last run trained."""
        self._followed = Grouping(())
        self._listeners = Listeners[[Event]]()

    @property
    def opening(self) -> bool:
        """The job under way opens a project, looks into the cache or at a few images; it is not a run."""
        return self.doing in ("opening", *QUIET)

    @property
    def quiet(self) -> bool:
        """The job under way is nothing that the window speaks of."""
        return self.doing in QUIET

    def on_board(self, members: Collection[str]) -> bool:
        """Whether what the job under way says of a group holds for one on the board, with the settings of now."""
        now, known = self._settings(), self.known
        same = known.trained_as(members, self.done_with or now) == known.trained_as(members, now)
        return same and set(members) in map(set, self.board.grouping)

    def listen(self, listener: Callable[[Event], object]) -> None:
        """Call `listener` with every event from now on."""
        self._listeners.listen(listener)

    def _hear(self, event: Event, when: float | None = None) -> None:
        if self.progress is not None:
            self.progress.hear(event, when)
        self.handle(event)
        self._tell(event)

    def _tell(self, event: Event) -> None:
        self._listeners(event)

    def _settings(self) -> Settings:
        """Of the next run."""
        assert self.project is not None
        return self.project.settings

    def _compose(self) -> None:
        """Put the board's results together from the groups that are known, and mark those that are trained."""
        if self.project is None:
            return
        settings, grouping = self._settings(), self.board.grouping
        trained = set(self.known.trained(settings))
        current = self.known.evaluations(grouping, settings)
        marked = all(self.board.trained(i) == (frozenset(group) in trained) for i, group in enumerate(grouping))
        if _same(current, self.known.current):
            if not marked:
                self.board.set_trained(trained)
            return
        self.known.current = current
        if self.backbone is not None and set(current) == set(grouping.tasks):
            share = trained_share(settings.prompt, self.backbone, len(grouping), len(grouping.tasks))
            self._note("run", current, share.trained if share else 0, settings, grouping)
        self.board.set_trained(trained)

    def _note(
        self, method: str, scores: Mapping[str, Any], trained: int, settings: Settings, grouping: Grouping | None
    ) -> None:
        """A row of the results, of the backbone that is loaded."""
        if self.backbone is not None:
            exact, now = self.known.exact(settings), datetime.now(UTC)
            name, digest = self.backbone.name, self.backbone.digest
            self.known.book.add(Result(method, scores, trained, exact, name, digest, grouping, when=now))

    def _weigh(self) -> None:
        """Let the board score groups as a run would: by the affinity measured and the settings of now."""
        if self.known.estimate is not None:
            own = self._settings().grouping
            matrix, _ = usable_affinity(self.known.estimate, own.normalised)
            self.board.set_affinity(matrix, self.known.estimate.tasks, own.singleton_score)

    @singledispatchmethod
    def handle(self, event: Event) -> None:
        """Take an event into the state; the handlers below are chosen by its type."""

    @handle.register
    def _(self, event: Loaded) -> None:
        self.backbone = event.backbone
        self.known.learn_precision(self.done_with or self._settings(), event.backbone.precision)

    @handle.register
    def _(self, event: Recorded) -> None:
        for result in event.results:
            self.known.book.add(result)

    @handle.register
    def _(self, event: PhaseStarted) -> None:
        self.phase = event.phase
        self.pace.restart()

    @handle.register
    def _(self, event: Progress) -> None:
        self.pace.hear(event.done, event.total, event.unit, event.share)

    @handle.register
    def _(self, event: TextsCounted) -> None:
        self.known.texts = event.texts

    @handle.register
    def _(self, event: StateChanged) -> None:
        if event.state is State.RUNNING:
            self.pace.restart()

    @handle.register
    def _(self, event: TasksReady) -> None:
        self.known.tasks, self.known.texts = event.tasks, ()

    @handle.register
    def _(self, event: Scores) -> None:
        settings = self.done_with or self._settings()
        if event.method != "run":
            self.known.methods = {**self.known.methods, event.method: event}
        self._note(event.method, event.per_task, event.parameters, settings, event.grouping)

    @handle.register
    def _(self, event: AffinityMeasured) -> None:
        self.known.estimate = event.estimate
        self._weigh()

    @handle.register
    def _(self, event: GroupingChosen) -> None:
        self.chosen = self.chosen if self.opening else event.grouping
        if event.suggested is not None and set(event.suggested.grouping.tasks) == set(self.board.tasks):
            self.board.set_suggested(event.suggested.grouping)
        untouched = self.board.grouping == self._followed and not self.opening
        if untouched and set(event.grouping.tasks) == set(self.board.tasks):
            self.board.replace(event.grouping, "Take the suggested groups")

    @handle.register
    def _(self, event: GroupReady) -> None:
        settings = self.done_with or self._settings()
        if not (self.quiet and self.known.group(event.group.members, settings)):
            self.known.add_group(event.group, settings)
            self.board.changed()  # what it shows is composed first, once for all events that are read together

    @handle.register
    def _(self, event: GroupScored) -> None:
        settings = self.done_with or self._settings()
        if not (self.quiet and self.known.scores(event.members, settings)):
            self.known.add_scores(event.members, settings, event.per_task)
            self.board.changed()

    @handle.register
    def _(self, event: RunEnded) -> None:
        self.known.ended = event
        if event.run_folder is not None:
            for result in results_of_document(event.document, event.run_folder.name, datetime.now(UTC)):
                self.known.book.add(result)

    @handle.register
    def _(self, event: Finished) -> None:
        self.phase = ""
        if self.progress is not None and self.backbone is not None and self.done_with is not None:
            save_rates(shape_key(self.done_with, self.backbone, len(self.known.tasks)), self.progress.rates)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(one[task] is other[task] for task in one)
