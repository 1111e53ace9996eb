"""The scheduler of jobs: one is under way, one may wait for its end, and a run behind both.

While no run is under way, the job looks up in the cache what the board shows: a card moved back finds its results
there.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmap_studio.config import Settings
from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.results.interrupted import InterruptedRun
from mmap_studio.session.run.seeds import Series
from mmap_studio.session.runtime.job import BackgroundJob, Finished, State, StateChanged, Work
from mmap_studio.session.runtime.mailbox import Letter
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.session.studio.state import StudioState

Doing = Literal["", "opening", "recalling", "trying", "running"]
QUIET = ("recalling", "trying")
"""Quick, and no news of the project."""


@dataclass(frozen=True)
class Assignment:
    """Something for the job to do."""

    doing: Doing
    work: Work
    settings: Settings
    progress: RunProgress | None = None
    """Of a run."""


@dataclass(frozen=True)
class RunRequest:
    """A run that was asked for; it is of the project as it is when it begins."""

    suggested: bool
    """With the groups that are suggested, not with the board's."""
    controls: tuple[str, ...]
    only_affinity: bool
    seeds: tuple[int, ...]
    resumed: InterruptedRun | None = None
    """The run that goes on, as it was asked for; the rest says the same."""


class Scheduler:
    """Decides what the job does next; the studio tells it when one has ended and when the board has changed."""

    def __init__(self, state: StudioState, engine: StudioEngine, job: BackgroundJob) -> None:
        self._state, self._engine, self._job = state, engine, job
        self.current: Assignment | None = None
        """What the job does."""
        self._waiting: Assignment | None = None
        """Starts as soon as the job under way has stopped."""
        self._requested: RunRequest | None = None
        """Starts after that."""
        self._series: Series | None = None
        """Runs with several seeds, of which one is under way."""
        self.chosen: Grouping | None = None
        """The groups that the last run trained."""
        self.followed = Grouping(())
        """The board as the last run was asked for: while it is like that, the board takes the groups of the run."""
        self._looked_up: tuple[object, ...] = ()
        """What the cache was last asked about."""
        self.blocked: Callable[[], bool] = lambda: False
        """Whether something else is trained, for whose end a run waits."""
        self._ended = State.IDLE
        self._closed = self._outdated = False

    @property
    def doing(self) -> Doing:
        return self.current.doing if self.current else ""

    @property
    def opening(self) -> bool:
        """Whether the job opens a project, looks into the cache or at a few images; it is not a run."""
        return self.doing in ("opening", *QUIET)

    @property
    def quiet(self) -> bool:
        """Whether the job under way is nothing that the window speaks of."""
        return self.doing in QUIET

    @property
    def settings(self) -> Settings:
        """Settings the job under way was started with; without one, the project's."""
        return self.current.settings if self.current else self._state.settings

    @property
    def progress(self) -> RunProgress | None:
        return self.current.progress if self.current else None

    @property
    def state(self) -> State:
        """Of the opening or run under way, or how the last one ended; looking into the cache does not count."""
        return self._job.state if self.doing in ("opening", "running") else self._ended

    @property
    def recall_waits(self) -> bool:
        """Whether another look into the cache begins when the one under way has stopped."""
        return self._waiting is not None and self._waiting.doing == "recalling"

    @property
    def run_waits(self) -> bool:
        """Whether a run begins when the job under way has stopped."""
        return self._requested is not None

    @property
    def series_words(self) -> str:
        """Which of several seeds the run under way has; empty where there is one."""
        return self._series.words if self._series is not None else ""

    @property
    def groups_to_run(self) -> str:
        """What a run would do about groups, as the command line says it."""
        suggested = self._state.known.estimate is None or not self._state.board.arranged
        return "auto" if suggested else self._state.board.grouping.text()

    def on_board(self, members: Collection[str]) -> bool:
        """Whether what the job under way says of a group holds for one on the board, with the settings of now."""
        known = self._state.known
        same = known.trained_as(members, self.settings) == known.trained_as(members, self._state.settings)
        return same and set(members) in map(set, self._state.board.grouping)

    # ---- commands

    def refresh(self) -> None:
        """Fetch in the background what is known of the project as it is now; during a run, after it."""
        state, project = self._state, self._state.project
        self._outdated = self.doing == "running"
        if project is not None and project.file.tasks and not self._outdated:
            state.known.forget_groups()
            if state.known.estimate is not None and set(state.known.estimate.tasks) != set(state.board.tasks):
                state.known.estimate = None  # of other tasks; that of these comes, where there is one
                state.board.set_affinity(None)
            state.compose()
            self._begin(Assignment("opening", self._engine.opening(project), project.settings))

    def run(self, controls: tuple[str, ...] = (), only_affinity: bool = False, seeds: tuple[int, ...] = ()) -> bool:
        """Start a run, or let it wait for the end of the job under way; False while another run is.

        It trains the board's groups once the affinity is known and they were arranged, before that those that are
        suggested. With `seeds`, a run for each, all with the groups of the first; without, the one of the settings.
        """
        if not self._state.require_project().file.tasks:
            raise InputError("A run needs tasks; add folders of images first.")
        if self.doing == "running":
            return False
        self.followed = self._state.board.grouping
        return self._request(RunRequest(self.groups_to_run == "auto", controls, only_affinity, seeds))

    def resume(self) -> bool:
        """Go on with the run that was killed or stopped, with its groups, settings and controls, in its folder.

        False where there is none, or another run is under way.
        """
        run = self._state.known.interrupted
        if run is None or self.doing == "running":
            return False
        arranged = self._state.board.arranged or run.asked.groups != "auto"
        self.followed = Grouping(()) if arranged else self._state.board.grouping  # the board is the user's
        controls, seeds = run.asked.controls, (run.settings.seed,)
        return self._request(RunRequest(False, controls, run.asked.only_affinity, seeds, run))

    def recall(self, key: str) -> bool:
        """Look in the cache for the predictions of a row of results; False where there is nothing to look for."""
        known, backbone, row = self._state.known, self._state.backbone, self._state.known.book.row(key)
        grouping = row.newest.grouping if row is not None else None
        if row is None or grouping is None or not known.tasks or self.doing == "running":
            return False
        same = set(grouping.tasks) == {task.name for task in known.tasks}
        if not same or backbone is None or row.newest.digest != backbone.digest:
            return False
        project = self._state.require_project().with_settings(row.newest.settings)
        work = self._engine.recalling(project, known.tasks, grouping, draw=False)
        return self._begin(Assignment("recalling", work, row.newest.settings))

    def try_images(self, task: str, files: Sequence[Path]) -> bool:
        """Ask CLIP, and the prompts of the task's group on the board if they are trained, what is on these files.

        `TriedImages` follow. False while a project is opened or run: its end is told, and then it can be asked again.
        """
        specs = [one for one in self._state.known.tasks if one.name == task]
        if self.doing in ("opening", "running") or self.run_waits or not specs or self._state.backbone is None:
            return False
        project = self._state.require_project()
        work = self._engine.trying(project, specs[0], self._state.group_of(task), files)
        return self._begin(Assignment("trying", work, project.settings))

    def stop(self) -> None:
        """End the run under way, or withdraw the one that waits: the project is opened after all."""
        if self._requested is None:
            self._job.stop()
            return
        self._requested = None
        if self.doing == "opening" and self._waiting is None:
            self.refresh()

    def wind_up(self) -> None:
        """Stop, and begin nothing more: the window is closing."""
        self._closed, self._waiting, self._requested = True, None, None
        self._job.stop()

    def drop_runs(self) -> None:
        """Begin no run that was asked for: another project is shown."""
        self._requested = self._series = None

    # ---- called by the studio

    def awaits(self, letter: Letter) -> bool:
        """Whether a letter of the job is news: of its present run, which is not to give way to what waits."""
        ends = isinstance(letter.event, Finished | StateChanged)
        return letter.run == self._job.run and (self._waiting is None or ends)

    def go_on(self, end: Finished) -> None:
        """A job has ended and everybody was told: begin what waits, or look up what the board shows now."""
        ended, self.current = self.doing, None
        self._ended = self._ended if ended in QUIET else end.state
        if ended not in QUIET or end.state is State.CANCELLED:
            self._looked_up = ()
        if ended == "running" and self._start_next_seed(end.state):
            return
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._begin(waiting)
        elif self._requested is not None and not self.blocked() and self._state.require_project().file.tasks:
            self._start_run(self._requested)
        elif self._outdated and not self._closed:
            self.refresh()
        else:
            self.look_up()

    def begin_requested(self) -> None:
        """What else was trained has ended: begin the run that waits for that, if there is one."""
        if self._requested is None or self.blocked() or self._closed or not self._state.require_project().file.tasks:
            return
        if self.doing:
            self._job.stop()  # `go_on` begins it
        else:
            self._start_run(self._requested)

    def look_up(self) -> None:
        """Ask the cache about the board's groups under the settings of now, once."""
        project, known, board = self._state.project, self._state.known, self._state.board
        if self._closed or project is None or not known.tasks:
            return
        if {task.name for task in known.tasks} != set(board.tasks):
            return
        question = known, board.grouping, known.trained_as((), project.settings), tuple(map(id, known.tasks))
        if question == self._looked_up:
            return
        if not self.doing:
            self._looked_up = question
            work = self._engine.recalling(project, known.tasks, board.grouping)
            self._begin(Assignment("recalling", work, project.settings))
        elif self.doing == "recalling" and self._waiting is None:
            self._job.stop()  # `go_on` asks again

    def _begin(self, assignment: Assignment) -> bool:
        """Start a job; where another is under way, or has ended unheard, as soon as its end is heard."""
        if self.current is not None:
            self._waiting = assignment
            self._job.stop()
            return True
        self.current = assignment
        return self._job.start(assignment.work)

    def _request(self, request: RunRequest) -> bool:
        """Start what was asked for, or let it wait."""
        self._requested = request
        if self.blocked():
            return True
        return self._job.stop() or True if self.doing else self._start_run(request)

    def _start_run(self, request: RunRequest) -> bool:
        project, self._requested = self._state.require_project(), None
        self._state.known.interrupted, resumed = None, request.resumed
        if resumed is not None:
            self._outdated = resumed.settings != project.settings  # afterwards, what is shown is of others
            project = project.with_settings(resumed.settings)
        self._series = Series(request.seeds or (project.settings.seed,), request.controls, project)
        groups = "auto" if request.suggested else self.groups_to_run
        if resumed is not None:
            groups = resumed.asked.groups
        return self._start_seed(self._series, groups, request.only_affinity, resumed is not None)

    def _start_seed(self, series: Series, groups: str, only_affinity: bool = False, resume: bool = False) -> bool:
        settings, controls = series.now.settings, series.controls
        progress = RunProgress(settings, controls, only_affinity or groups == "auto", not only_affinity)
        edited = self._edited if groups == "auto" and not (only_affinity or resume) else None
        work = self._engine.running(series.now, groups, controls, only_affinity, edited=edited, resume=resume)
        return self._begin(Assignment("running", work, settings, progress))

    def _edited(self) -> Grouping | None:
        """The board, where it is another than when the run was asked for; called in the thread of the job."""
        now = self._state.board.grouping
        return now if now != self.followed and set(now.tasks) == set(self.followed.tasks) else None

    def _start_next_seed(self, state: State) -> bool:
        """A run has ended: begin that of the next seed, if there is one and the series was not stopped."""
        series, self._series = self._series, None
        following = series.following() if series is not None and state is State.DONE and not self._closed else None
        if following is not None and self.chosen is not None:
            self._series = following
            return self._start_seed(following, self.chosen.text())
        if series is not None and series.now.settings.seed != self._state.settings.seed:
            self._outdated = True  # what is shown is of another seed than the project's
        return False
