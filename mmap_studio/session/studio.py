"""The state the window shows, without Qt: one project, its board, its job, and what the job has told so far.

Listeners are called in the thread that calls `poll` (the window's), after the state has taken the event in. While no
run is under way, the job looks up in the cache what the board shows: a card moved back finds its results there.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from mmap_studio.config import Settings
from mmap_studio.errors import InputError
from mmap_studio.session import autosave, lock
from mmap_studio.session.autosave import Recovered
from mmap_studio.session.board import Board
from mmap_studio.session.board_tasks import follow_tasks, restore_board
from mmap_studio.session.commandline import run_command
from mmap_studio.session.estimating import Estimate, estimate
from mmap_studio.session.hearing import Doing, Hearing
from mmap_studio.session.job import Finished, Job, State, StateChanged, Work
from mmap_studio.session.known import Knowledge, ProjectEdited, ProjectOpened, trained_as
from mmap_studio.session.pace import PaceKeeper
from mmap_studio.session.progress import RunProgress
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import TaskEntry
from mmap_studio.session.selection import Selection
from mmap_studio.session.sizes import BackboneFacts, TrainedShare, trained_share
from mmap_studio.session.work import Engine


class Studio(Hearing):
    """One window's state; the window reads it, calls its commands and listens."""

    def __init__(self, engine: Engine | None = None, job: Job | None = None) -> None:
        super().__init__()
        self.engine = engine or Engine()
        self.job = job or Job()
        self.board = Board()
        self.selection = Selection()
        self.pace = PaceKeeper()
        self.project: Project | None = None
        self.backbone: BackboneFacts | None = None
        self.known = Knowledge()
        self._next: tuple[Doing, Work, Settings] | None = None
        """Starts as soon as the job under way has stopped."""
        self._run: tuple[bool, tuple[str, ...], bool] | None = None
        """A run that was asked for meanwhile, and starts after that: suggested groups?, controls, only affinity?"""
        self._asked: Any = None
        """Grouping and settings that the cache was last asked about."""
        self._planned: RunProgress | None = None
        self._rested = State.IDLE
        self._closed = False
        self._lock: lock.ProjectLock | None = None
        self._autosave: autosave.Autosave | None = None
        self._kept: dict[str, Any] = {}
        """The board as it was saved last."""
        self.recovered: Recovered | None = None
        """What the last session left when it died, until it is taken back or another project is opened."""
        self.board.changed.listen(self._board_changed)

    @property
    def state(self) -> State:
        """Of the opening or run under way, or how the last one ended; looking into the cache does not count."""
        return self.job.state if self.doing in ("opening", "running") else self._rested

    # ---- the project

    def open(self, path: Path | str) -> None:
        """Show a project and fetch in the background what is known of it. InputError if it cannot be opened."""
        if self.doing == "running":
            raise InputError("A run is under way; stop it before another project is opened.")
        project = Project.open(path)
        held = lock.ProjectLock(project.folder)
        held.acquire()
        self._release()
        keeper, self._autosave = autosave.Autosave(project), None  # nothing is written until the board is whole
        self._lock, self.project = held, keeper.project
        self.known, self.backbone, self._asked, self._run = Knowledge(), None, None, None
        restore_board(self.board, keeper.board, [entry.name for entry in self.project.file.tasks])
        died = held.died is not None
        self.recovered = Recovered(held.died or 0, keeper.began) if died else None
        self._kept = self.board.to_json()
        keeper.begin(self._kept, died)
        self._autosave = keeper
        self._tell(ProjectOpened(self.project))
        self.refresh()

    def take_back(self) -> None:
        """To where the session began that died; one undoable step. Without one, or with nothing edited, nothing."""
        began = self.recovered.began if self.recovered else None
        if began is None:
            return
        if self.doing == "running":
            raise InputError("A run is under way; stop it before edits are taken back.")
        before, label = self._project(), "Take back the last session's edits"
        with self.board.history.together(label):
            self.board.go_back(began.board, label)
            self._edit(label, replace(before, file=began.file))
        self.recovered = None

    def refresh(self) -> None:
        """Fetch in the background what is known of the project as it is now."""
        if self.project is not None and self.project.file.tasks and self.doing != "running":
            self.known.forget_groups()
            if self.known.estimate is not None and set(self.known.estimate.tasks) != set(self.board.tasks):
                self.known.estimate = None  # of other tasks; the walk brings that of these, where there is one
                self.board.set_affinity(None)
            self._compose()
            self._begin("opening", self.engine.opening(self.project), self.project.settings)

    def set_settings(self, settings: Settings) -> None:
        """Other settings; one undoable step."""
        project = self._project()
        if settings != project.settings:
            self._edit("Change settings", project.with_settings(settings))

    def set_backbone(self, name: str) -> None:
        """Another backbone, `naming.absolute`; one undoable step. Everything known of the tasks is read anew."""
        project = self._project()
        if self.doing == "running":
            raise InputError("A run is under way; stop it before the backbone is changed.")
        if name != project.file.backbone:
            self._edit("Change backbone", project.with_backbone(name))

    def edit_tasks(self, label: str, entries: list[TaskEntry]) -> None:
        """Other tasks; one undoable step, together with the board's part of it. The pictures are read again."""
        if self.doing == "running":
            raise InputError("A run is under way; stop it before tasks are added, removed or renamed.")
        before, after = self._project(), self._project().with_tasks(entries)
        with self.board.history.together(label):
            follow_tasks(self.board, [e.name for e in before.file.tasks], [e.name for e in after.file.tasks])
            self._edit(label, after)

    # ---- running

    def run(self, controls: tuple[str, ...] = (), only_affinity: bool = False) -> bool:
        """Start; the board's groups are trained once affinity is known, before that the suggestion is."""
        project = self._project()
        if not project.file.tasks:
            raise InputError("A run needs tasks; add folders of images first.")
        if self.doing == "running":
            return False
        self._followed = self.board.grouping
        self._run = self.groups_to_run == "auto", controls, only_affinity
        return self.job.stop() or True if self.doing else self._start_run(project, *self._run)

    def recall(self, key: str) -> bool:
        """Look in the cache for the predictions of a row of results; False where there is nothing to look for."""
        row = self.known.book.row(key)
        if row is None or row.newest.grouping is None or not self.known.tasks or self.doing == "running":
            return False
        if set(row.newest.grouping.tasks) != {task.name for task in self.known.tasks}:
            return False
        project, settings = self._project().with_settings(row.newest.settings), row.newest.settings
        work = self.engine.recalling(project, self.known.tasks, row.newest.grouping, draw=False)
        return self._begin("recalling", work, settings)

    @property
    def recall_waits(self) -> bool:
        """Whether another look into the cache begins when the one under way has stopped."""
        return self._next is not None and self._next[0] == "recalling"

    def wind_up(self) -> None:
        """Stop, and begin nothing more: the window is closing."""
        self._closed, self._next, self._run = True, None, None
        self.job.stop()

    @property
    def groups_to_run(self) -> str:
        """What a run would do about groups, as the command line says it."""
        return "auto" if self.known.estimate is None else self.board.grouping.text()

    def command(self) -> str:
        """The same run as a command to copy; a project of one's own says its settings itself."""
        return run_command(self._project(), self.groups_to_run)

    def share(self) -> TrainedShare | None:
        """What a run would train, as soon as the backbone is known."""
        if self.backbone is None or self.project is None:
            return None
        return trained_share(
            self.project.settings.prompt, self.backbone, len(self.board.grouping), len(self.project.file.tasks)
        )

    def estimate(self) -> Estimate:
        """Time and memory of a run with the groups and settings of now."""
        board = self.board
        untrained = [group for i, group in enumerate(board.grouping) if not board.trained(i)]
        measured = self.known.estimate is not None
        return estimate(self._project().settings, self.known, self.backbone, untrained, measured)

    def poll(self) -> None:
        """Read the mailbox; the window calls this twenty times a second."""
        for letter in self.job.mailbox.drain():
            stale = letter.run != self.job.run or (self._next and not isinstance(letter.event, Finished | StateChanged))
            if not stale:
                self._hear(letter.event, letter.when)
                if isinstance(letter.event, Finished):
                    self._go_on(letter.event)

    def close(self, seconds: float = 10.0) -> bool:
        """Stop, wait, give the project back; True when no thread is left."""
        self.wind_up()
        ended = self.job.join(seconds)
        self._release()
        return ended

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
        self._planned = RunProgress(project.settings, controls, only_affinity or groups == "auto", not only_affinity)
        work = self.engine.running(project, groups, controls, only_affinity)
        return self._begin("running", work, project.settings)

    def _go_on(self, end: Finished) -> None:
        """A job has ended and everybody has heard of it: begin what waits, or look up what the board shows now."""
        ended, self.doing, self.done_with, self.progress = self.doing, "", None, None
        self._rested = self._rested if ended == "recalling" else end.state
        if ended != "recalling" or end.state is State.CANCELLED:
            self._asked = None
        if self._next is not None:
            waiting, self._next = self._next, None
            self._begin(*waiting)
        elif self._run is not None and self._project().file.tasks:
            self._start_run(self._project(), *self._run)
        else:
            self._look_up()

    def _look_up(self) -> None:
        """Ask the cache about the board's groups under the settings of now, once."""
        tasks, settings = self.known.tasks, self._settings() if self.project else None
        names = {task.name for task in tasks}
        if self._closed or not tasks or settings is None or names != set(self.board.tasks):
            return
        asked = self.board.grouping, trained_as((), settings), tuple(map(id, tasks))
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

    def _release(self) -> None:
        if self._lock is not None:
            if self._autosave is not None and self.project is not None:
                self._autosave.end(self.project, self.board.to_json())
            self._lock.release()
            self._lock = None

    def _edit(self, label: str, after: Project) -> None:
        before = self._project()

        def put(project: Project) -> None:
            was, self.project = self._project().file, project
            self._save()
            if project.file.backbone != was.backbone:  # nothing measured on the other one holds here
                self.known, self.backbone, self._asked = Knowledge(), None, None
                self.board.set_affinity(None)
                self._tell(ProjectOpened(project))
            else:
                self._tell(ProjectEdited(project))
            self._compose()
            self._look_up()
            if (project.file.tasks, project.file.backbone) != (was.tasks, was.backbone):
                self.refresh()

        put(after)
        self.board.history.push(label, lambda: put(before), lambda: put(after))

    def _board_changed(self) -> None:
        if self.project is not None and set(self.board.tasks) == {e.name for e in self.project.file.tasks}:
            if self.board.to_json() != self._kept:  # affinity and marks are no edits
                self._save()
            self._compose()
            self._look_up()

    def _save(self) -> None:
        self._kept = self.board.to_json()
        if self._autosave is not None:
            self._autosave.save(self._project(), self._kept)
