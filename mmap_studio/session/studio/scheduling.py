"""The half of a `Studio` that begins jobs: one is under way, one may wait for its end, and a run behind both.

While no run is under way, the job looks up in the cache what the board shows: a card moved back finds its results
there.
"""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmap_studio.config import Settings
from mmap_studio.errors import InputError
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.seeds import Series
from mmap_studio.session.runtime.job import Finished, Job, State, StateChanged, Work
from mmap_studio.session.studio.engine import Engine
from mmap_studio.session.studio.event_handlers import QUIET, Doing, Hearing


class Asking(Hearing):
    """What is asked of the engine, and when its turn comes."""

    def __init__(self, engine: Engine | None = None, job: Job | None = None) -> None:
        super().__init__()
        self.engine = engine or Engine()
        self.job = job or Job()
        self._next: tuple[Doing, Work, Settings] | None = None
        """Starts as soon as the job under way has stopped."""
        self._run: tuple[bool, tuple[str, ...], bool] | None = None
        """A run that was asked for meanwhile, and starts after that: suggested groups?, controls, only affinity?"""
        self._series: Series | None = None
        """Runs with several seeds, of which one is under way."""
        self._seeds: tuple[int, ...] = ()
        """Those that were asked for with the run that waits."""
        self._asked: Any = None
        """Grouping and settings that the cache was last asked about."""
        self._planned: RunProgress | None = None
        self._rested = State.IDLE
        self._closed = self._stale = False

    @property
    def state(self) -> State:
        """Of the opening or run under way, or how the last one ended; looking into the cache does not count."""
        return self.job.state if self.doing in ("opening", "running") else self._rested

    def refresh(self) -> None:
        """Fetch in the background what is known of the project as it is now; during a run, after it."""
        self._stale = self.doing == "running"
        if self.project is not None and self.project.file.tasks and not self._stale:
            self.known.forget_groups()
            if self.known.estimate is not None and set(self.known.estimate.tasks) != set(self.board.tasks):
                self.known.estimate = None  # of other tasks; the walk brings that of these, where there is one
                self.board.set_affinity(None)
            self._compose()
            self._begin("opening", self.engine.opening(self.project), self.project.settings)

    def run(self, controls: tuple[str, ...] = (), only_affinity: bool = False, seeds: tuple[int, ...] = ()) -> bool:
        """Start; the board's groups are trained once the affinity is known and somebody has arranged them, before that
        those that are suggested. With `seeds`, a run for each, all with the groups of the first; without, the one of
        the settings."""
        project = self._project()
        if not project.file.tasks:
            raise InputError("A run needs tasks; add folders of images first.")
        if self.doing == "running":
            return False
        self._followed = self.board.grouping
        self._run, self._seeds = (self.groups_to_run == "auto", controls, only_affinity), seeds
        return self.job.stop() or True if self.doing else self._start_run(project, *self._run)

    def recall(self, key: str) -> bool:
        """Look in the cache for the predictions of a row of results; False where there is nothing to look for."""
        row = self.known.book.row(key)
        if row is None or row.newest.grouping is None or not self.known.tasks or self.doing == "running":
            return False
        if self.backbone is None or row.newest.digest != self.backbone.digest:
            return False
        if set(row.newest.grouping.tasks) != {task.name for task in self.known.tasks}:
            return False
        project, settings = self._project().with_settings(row.newest.settings), row.newest.settings
        work = self.engine.recalling(project, self.known.tasks, row.newest.grouping, draw=False)
        return self._begin("recalling", work, settings)

    def try_images(self, task: str, files: Sequence[Path]) -> bool:
        """Ask CLIP, and the prompts of the task's group on the board if they are trained, what is on these files.

        `TriedImages` follow. False while a project is opened or run: its end is told, and then it can be asked again.
        """
        specs = [one for one in self.known.tasks if one.name == task]
        if self.doing in ("opening", "running") or self._run is not None or not specs or self.backbone is None:
            return False
        project = self._project()
        work = self.engine.trying(project, specs[0], self.group_of(task), files)
        return self._begin("trying", work, project.settings)

    def group_of(self, task: str) -> Any:
        """The `TrainedGroup` of the task's group on the board, with the settings of now; None if it is not trained."""
        members = next((group for group in self.board.grouping if task in group), ())
        return self.known.group(members, self._settings())

    @property
    def recall_waits(self) -> bool:
        """Whether another look into the cache begins when the one under way has stopped."""
        return self._next is not None and self._next[0] == "recalling"

    @property
    def run_waits(self) -> bool:
        """Whether a run begins when the job under way has stopped."""
        return self._run is not None

    def stop(self) -> None:
        """End the run under way, or withdraw the one that waits: the project is opened after all."""
        if self._run is None:
            self.job.stop()
            return
        self._run = None
        if self.doing == "opening" and self._next is None:
            self.refresh()

    def wind_up(self) -> None:
        """Stop, and begin nothing more: the window is closing."""
        self._closed, self._next, self._run = True, None, None
        self.job.stop()

    @property
    def series_words(self) -> str:
        """Which of several seeds the run under way has; empty where there is one."""
        return self._series.words if self._series is not None else ""

    @property
    def groups_to_run(self) -> str:
        """What a run would do about groups, as the command line says it."""
        suggested = self.known.estimate is None or not self.board.arranged
        return "auto" if suggested else self.board.grouping.text()

    def poll(self, seconds: float = math.inf) -> bool:
        """Read the mailbox, for about so many seconds at most; whether all is read.

        The window calls this twenty times a second, and again at once, after what a user does, where letters are
        left: several that change every view would hold it up together.
        """
        end = time.monotonic() + seconds
        with self.board.changed.held():
            while (letter := self.job.mailbox.take()) is not None:
                news = not self._next or isinstance(letter.event, Finished | StateChanged)
                if letter.run == self.job.run and news:
                    self._hear(letter.event, letter.when)
                    if isinstance(letter.event, Finished):
                        self._go_on(letter.event)
                if time.monotonic() > end:
                    break
        return not len(self.job.mailbox)

    # ---- inside

    def _begin(self, doing: Doing, work: Work, settings: Settings) -> bool:
        """Start a job; where another is under way, or has ended unheard, as soon as its end is heard."""
        if self.doing:
            self._next = doing, work, settings
            self.job.stop()
            return True
        self.doing, self.done_with = doing, settings
        self.progress, self._planned = (self._planned if doing == "running" else None), None
        return self.job.start(work)

    def _start_run(self, project: Project, suggested: bool, controls: tuple[str, ...], only_affinity: bool) -> bool:
        """The run that was asked for, of the project as it is now."""
        groups, self._run = "auto" if suggested else self.groups_to_run, None
        self._series = Series(self._seeds or (project.settings.seed,), controls, project)
        return self._walk(self._series, groups, only_affinity)

    def _walk(self, series: Series, groups: str, only_affinity: bool = False) -> bool:
        settings, controls = series.now.settings, series.controls
        self._planned = RunProgress(settings, controls, only_affinity or groups == "auto", not only_affinity)
        work = self.engine.running(series.now, groups, controls, only_affinity)
        return self._begin("running", work, settings)

    def _next_seed(self, state: State) -> bool:
        """A run has ended: begin that of the next seed, if there is one and nobody has stopped it."""
        series, self._series = self._series, None
        following = series.following() if series is not None and state is State.DONE and not self._closed else None
        if following is not None and self.chosen is not None:
            self._series = following
            return self._walk(following, self.chosen.text())
        if series is not None and series.now.settings.seed != self._settings().seed:
            self._stale = True  # what is shown is of another seed than the project's
        return False

    def _go_on(self, end: Finished) -> None:
        """A job has ended and everybody has heard of it: begin what waits, or look up what the board shows now."""
        ended, self.doing, self.done_with, self.progress = self.doing, "", None, None
        self._rested = self._rested if ended in QUIET else end.state
        if ended not in QUIET or end.state is State.CANCELLED:
            self._asked = None
        if ended == "running" and self._next_seed(end.state):
            return
        if self._next is not None:
            waiting, self._next = self._next, None
            self._begin(*waiting)
        elif self._run is not None and self._project().file.tasks:
            self._start_run(self._project(), *self._run)
        elif self._stale and not self._closed:
            self.refresh()
        else:
            self._look_up()

    def _look_up(self) -> None:
        """Ask the cache about the board's groups under the settings of now, once."""
        tasks, settings = self.known.tasks, self._settings() if self.project else None
        names = {task.name for task in tasks}
        if self._closed or not tasks or settings is None or names != set(self.board.tasks):
            return
        asked = self.board.grouping, self.known.trained_as((), settings), tuple(map(id, tasks))
        if asked == self._asked:
            return
        if not self.doing:
            self._asked = asked
            work = self.engine.recalling(self._project(), tasks, self.board.grouping)
            self._begin("recalling", work, self._project().settings)
        elif self.doing == "recalling" and self._next is None:
            self.job.stop()  # `_go_on` asks again

    def _project(self) -> Project:
        if self.project is None:
            raise InputError("No project is open; open one, or make a new one from a folder.")
        return self.project
