"""The state the window shows, without Qt: one project, its board, its job, and what the job has told so far.

Listeners are called in the thread that calls `poll` (the window's), after the state has taken the event in. Events
are known by the name of their class, so that this can be imported before torch is.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmap_studio.config import Settings
from mmap_studio.errors import InputError
from mmap_studio.method.grouping import Grouping
from mmap_studio.session import autosave, lock
from mmap_studio.session.autosave import Recovered
from mmap_studio.session.board import Board
from mmap_studio.session.commandline import run_command
from mmap_studio.session.job import Job, State
from mmap_studio.session.known import Known, ProjectEdited, ProjectOpened
from mmap_studio.session.pace import PaceKeeper, duration
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import TaskEntry
from mmap_studio.session.selection import Selection
from mmap_studio.session.sizes import BackboneFacts, TrainedShare, run_steps, trained_share
from mmap_studio.session.work import Engine

if TYPE_CHECKING:
    pass

Listener = Callable[[Any], None]


class Studio:
    """One window's state; the window reads it, calls its commands and listens."""

    def __init__(self, engine: Engine | None = None, job: Job | None = None) -> None:
        self.engine = engine or Engine()
        self.job = job or Job()
        self.board = Board()
        self.selection = Selection()
        self.pace = PaceKeeper()
        self.project: Project | None = None
        self.backbone: BackboneFacts | None = None
        self.known = Known()
        self.phase = ""
        self.opening = False
        """The job under way opens a project; it is not a run."""
        self._followed = Grouping(())
        self._rate: float | None = None
        self._listeners: list[Listener] = []
        self._lock: lock.ProjectLock | None = None
        self._autosave: autosave.Autosave | None = None
        self.recovered: Recovered | None = None
        """What the last session left when it died, until it is taken back or another project is opened."""
        self.board.changed.listen(self._board_changed)

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event from now on."""
        self._listeners.append(listener)

    @property
    def state(self) -> State:
        """Of the job."""
        return self.job.state

    # ---- the project

    def open(self, path: Path | str) -> None:
        """Show a project and fetch in the background what is known of it. InputError if it cannot be opened."""
        if self.job.busy:
            raise InputError("A run is under way; stop it before another project is opened.")
        project = Project.open(path)
        held = lock.ProjectLock(project.folder)
        held.acquire()
        self._release()
        keeper, self._autosave = autosave.Autosave(project), None  # nothing is written until the board is whole
        self._lock, self.project = held, keeper.project
        self.known, self.backbone = Known(), None
        self._restore(keeper.board, [entry.name for entry in self.project.file.tasks])
        died = held.died is not None
        self.recovered = Recovered(held.died or 0, keeper.began) if died else None
        keeper.begin(self.board.to_json(), died)
        self._autosave = keeper
        self._tell(ProjectOpened(self.project))
        self.refresh()

    def take_back(self) -> None:
        """To where the session began that died; one undoable step. Without one, or with nothing edited, nothing."""
        began = self.recovered.began if self.recovered else None
        if began is None:
            return
        if self.job.busy and not self.opening:
            raise InputError("A run is under way; stop it before edits are taken back.")
        before, label = self._project(), "Take back the last session's edits"
        with self.board.history.together(label):
            self.board.go_back(began.board, label)
            self._edit(label, replace(before, file=began.file))
        self.recovered = None
        self.refresh()

    def refresh(self) -> None:
        """Fetch in the background what is known of the project as it is now."""
        if self.project is not None and self.project.file.tasks and not self.job.busy:
            self.opening = True
            groups = self.board.grouping.text() if len(self.board.grouping) else None
            self.job.start(self.engine.opening(self.project, groups))

    def set_settings(self, settings: Settings) -> None:
        """Other settings; one undoable step."""
        project = self._project()
        if settings != project.settings:
            self._edit("Change settings", project.with_settings(settings))

    def edit_tasks(self, label: str, entries: list[TaskEntry]) -> None:
        """Other tasks; one undoable step, together with the board's part of it. The pictures are read again."""
        if self.job.busy and not self.opening:
            raise InputError("A run is under way; stop it before tasks are added, removed or renamed.")
        before, after = self._project(), self._project().with_tasks(entries)
        old = [entry.name for entry in before.file.tasks]
        new = [entry.name for entry in after.file.tasks]
        renamed = len(old) == len(new) and [a for a, b in zip(old, new, strict=True) if a != b]
        with self.board.history.together(label):
            if renamed and len(renamed) == 1 and renamed[0] not in new:
                self.board.rename_task(renamed[0], new[old.index(renamed[0])])
            else:
                for name in set(old) - set(new):
                    self.board.remove_task(name)
                for name in (n for n in new if n not in old):
                    self.board.add_task(name)
            self._edit(label, after)
        self.refresh()

    # ---- running

    def run(self, controls: tuple[str, ...] = (), only_affinity: bool = False) -> bool:
        """Start; the board's groups are trained once affinity is known, before that the suggestion is."""
        project = self._project()
        if not project.file.tasks:
            raise InputError("A run needs tasks; add folders of images first.")
        if self.job.busy and not self.opening:
            return False
        if self.job.busy:
            self.job.stop()
            self.job.join()
            self.poll()
        self.opening = False
        self._followed = self.board.grouping
        return self.job.start(self.engine.running(project, self.groups_to_run, controls, only_affinity))

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

    def estimate(self) -> str:
        """How long a run may take, at the rate last measured here."""
        project = self._project()
        images = [len(task.train) for task in self.known.tasks]
        if not images or not self._rate:
            return "after the first steps"
        groups = [i for i in range(len(self.board.grouping)) if not self.board.trained(i)]
        steps = run_steps(project.settings, images, len(groups), self.known.estimate is not None)
        return duration(steps / self._rate)

    def poll(self) -> None:
        """Read the mailbox; the window calls this twenty times a second."""
        for letter in self.job.mailbox.drain():
            if letter.run == self.job.run:
                self._hear(letter.event)

    def close(self, seconds: float = 10.0) -> bool:
        """Stop, wait, give the project back; True when no thread is left."""
        self.job.stop()
        ended = self.job.join(seconds)
        self._release()
        return ended

    # ---- inside

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

    def _restore(self, board: dict[str, Any] | None, names: list[str]) -> None:
        self.board.reset(names)
        if board is None:
            return
        try:
            self.board.restore(board)
        except InputError:
            self.board.reset(names)
        if set(self.board.tasks) != set(names):
            self.board.reset(names)

    def _edit(self, label: str, after: Project) -> None:
        before = self._project()

        def put(project: Project) -> None:
            self.project = project
            self._save()
            self._tell(ProjectEdited(project))

        put(after)
        self.board.history.push(label, lambda: put(before), lambda: put(after))

    def _board_changed(self) -> None:
        if self.project is not None and set(self.board.tasks) == {e.name for e in self.project.file.tasks}:
            self._save()

    def _save(self) -> None:
        if self._autosave is not None:
            self._autosave.save(self._project(), self.board.to_json())

    def _hear(self, event: Any) -> None:
        name = type(event).__name__
        taker = getattr(self, f"_take_{name}", None)
        if taker is not None:
            taker(event)
        self._tell(event)

    def _tell(self, event: Any) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _take_Loaded(self, event: Any) -> None:  # noqa: N802
        self.backbone = event.backbone

    def _take_PhaseStarted(self, event: Any) -> None:  # noqa: N802
        self.phase = event.phase
        self.pace.restart()

    def _take_Progress(self, event: Any) -> None:  # noqa: N802
        self.pace.hear(event.done, event.total, event.unit)

    def _take_Stepped(self, event: Any) -> None:  # noqa: N802
        pace = self.pace.hear(event.report.step, event.report.steps, "steps")
        self._rate = pace.rate or self._rate

    def _take_StateChanged(self, event: Any) -> None:  # noqa: N802
        if event.state is State.RUNNING:
            self.pace.restart()

    def _take_TasksReady(self, event: Any) -> None:  # noqa: N802
        self.known = replace(self.known, tasks=event.tasks)

    def _take_Scores(self, event: Any) -> None:  # noqa: N802
        others = tuple(scores for scores in self.known.results if scores.method != event.method)
        self.known = replace(self.known, results=(*others, event))

    def _take_AffinityMeasured(self, event: Any) -> None:  # noqa: N802
        self.known = replace(self.known, estimate=event.estimate)
        matrix = event.estimate.matrix(normalised=self._project().settings.grouping.normalised)
        self.board.set_affinity(matrix, event.estimate.tasks)

    def _take_GroupingChosen(self, event: Any) -> None:  # noqa: N802
        if event.suggested is not None and set(event.suggested.grouping.tasks) == set(self.board.tasks):
            self.board.set_suggested(event.suggested.grouping)
        untouched = self.board.grouping == self._followed and not self.opening
        if untouched and set(event.grouping.tasks) == set(self.board.tasks):
            self.board.replace(event.grouping, "Take the suggested groups")

    def _take_GroupReady(self, event: Any) -> None:  # noqa: N802
        others = tuple(group for group in self.known.groups if set(group.members) != set(event.group.members))
        self.known = replace(self.known, groups=(*others, event.group))
        self.board.set_trained([group.members for group in self.known.groups])

    def _take_RunEnded(self, event: Any) -> None:  # noqa: N802
        self.known = replace(self.known, ended=event)

    def _take_Finished(self, event: Any) -> None:  # noqa: N802
        self.phase = ""
        self.opening = False
