"""The state the window shows, without Qt: one project, its board, its job, and what the job has told so far.

Listeners are called in the thread that calls `poll` (the window's), after the state has taken the event in.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmap_studio.config import Settings
from mmap_studio.errors import InputError
from mmap_studio.session.board.board import Board
from mmap_studio.session.board.follow_tasks import follow_tasks, restore_board
from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.estimates.forecast import RunEstimate, estimate
from mmap_studio.session.estimates.trained_share import BackboneFacts, TrainedShare, trained_share
from mmap_studio.session.explore.selection import Selection
from mmap_studio.session.project import autosave, lock
from mmap_studio.session.project.autosave import Recovered
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import ProjectFile, SplitSettings, TaskEntry
from mmap_studio.session.project.saver import PATIENCE_S
from mmap_studio.session.runtime.job import Job
from mmap_studio.session.studio.command_line import run_command
from mmap_studio.session.studio.engine import Engine
from mmap_studio.session.studio.events import NotSaved, ProjectEdited, ProjectOpened, Saved
from mmap_studio.session.studio.knowledge import Knowledge
from mmap_studio.session.studio.scheduling import Asking


class Studio(Asking):
    """One window's state; the window reads it, calls its commands and listens."""

    def __init__(self, engine: Engine | None = None, job: Job | None = None) -> None:
        super().__init__(engine, job)
        self.board = Board()
        self.selection = Selection()
        self.pace = PaceKeeper()
        self.project: Project | None = None
        self.backbone: BackboneFacts | None = None
        self.known = Knowledge()
        self._lock: lock.ProjectLock | None = None
        self._autosave: autosave.Autosave | None = None
        self._kept: dict[str, Any] = {}
        """The board as it was saved last."""
        self.unsaved = ""
        """Why edits of this project are not on the disk; empty where all are."""
        self.recovered: Recovered | None = None
        """What the last session left when it died, until it is taken back or another project is opened."""
        self.board.changed.listen(self._board_changed, first=True)
        self.board.history.running = lambda: self.doing == "running"

    # ---- the project

    def open(self, path: Path | str) -> None:
        """Show a project and fetch in the background what is known of it. InputError if it cannot be opened."""
        self._refuse_during_run("another project is opened")
        project = Project.open(path)
        held = lock.ProjectLock(project.folder)
        held.acquire()
        self._release()
        self.unsaved = ""
        keeper, self._autosave = autosave.Autosave(project), None  # nothing is written until the board is whole
        self._lock, self.project = held, keeper.project
        self.known, self.backbone, self._asked, self._run, self._series = Knowledge(), None, None, None, None
        restore_board(self.board, keeper.board, [entry.name for entry in self.project.file.tasks])
        died = held.died is not None
        self.recovered = Recovered(held.died or 0, keeper.began) if died else None
        self._kept = self.board.to_json()
        keeper.begin(self._kept, died)
        self._autosave = keeper
        self._tell(ProjectOpened(self.project))
        self.refresh()

    def check_open(self, meant: Project | None) -> None:
        """InputError where the project that somebody was asked about has been left: a new one opens by itself."""
        if meant is not None and (self.project is None or self.project.folder != meant.folder):
            raise InputError(f"Project {meant.name!r} was left while its dialog was open; nothing was changed.")

    def take_back(self) -> None:
        """To where the session began that died; one undoable step. Without one, or with nothing edited, nothing."""
        began = self.recovered.began if self.recovered else None
        if began is None:
            return
        self._refuse_during_run("edits are taken back")
        before, label = self._project(), "Take back the last session's edits"
        with self.board.changed.held(), self.board.history.together(label):
            self.board.go_back(began.board, label)
            self._edit(label, replace(before, file=began.file))
        self.recovered = None

    def set_settings(self, settings: Settings) -> None:
        """Other settings; one undoable step."""
        project = self._project()
        if settings != project.settings:
            self._edit("Change settings", project.with_settings(settings))

    def set_backbone(self, name: str) -> None:
        """Another backbone, `naming.absolute`; one undoable step. Everything known of the tasks is read anew."""
        project = self._project()
        self._refuse_during_run("the backbone is changed")
        if name != project.file.backbone:
            self._edit("Change backbone", project.with_backbone(name))

    def set_split(self, split: SplitSettings) -> None:
        """Images split otherwise; one undoable step. The tasks are read again, from the pixels that are decoded."""
        project = self._project()
        self._refuse_during_run("the split is changed")
        if split != project.file.split:
            self._edit("Change split", project.with_split(split))

    def edit_tasks(self, label: str, entries: list[TaskEntry]) -> None:
        """Other tasks; one undoable step, together with the board's part of it. The images are read again."""
        self._refuse_during_run("tasks are added, removed or renamed")
        before, after = self._project(), self._project().with_tasks(entries)
        with self.board.changed.held(), self.board.history.together(label):
            follow_tasks(self.board, [e.name for e in before.file.tasks], [e.name for e in after.file.tasks])
            self._edit(label, after)

    def save(self) -> None:
        """Once more, where an edit could not be written; returns when it is, could not be again, or takes long."""
        if self.project is not None:
            self._save()
            self.settle(PATIENCE_S)

    def settle(self, seconds: float | None = None) -> bool:
        """Wait until every edit is on the disk, or `unsaved` says why one is not; False where that takes longer."""
        settled = self._autosave is None or self._autosave.saver.settle(seconds)
        self._hear_of_writes()
        return settled

    def poll(self, seconds: float = math.inf) -> bool:
        """As `Asking.poll`; hears of edits that are written, too."""
        self._hear_of_writes()
        return super().poll(seconds)

    def command(self, controls: Sequence[str] = (), seeds: Sequence[int] = ()) -> str:
        """The same run as a command to copy; a project of one's own says its settings itself."""
        return run_command(self._project(), self.groups_to_run, controls, seeds)

    def share(self) -> TrainedShare | None:
        """What a run would train, as soon as the backbone is known."""
        if self.backbone is None or self.project is None:
            return None
        return trained_share(
            self.project.settings.prompt, self.backbone, len(self.board.grouping), len(self.project.file.tasks)
        )

    def estimate(self, controls: Sequence[str] = (), seeds: Sequence[int] = ()) -> RunEstimate:
        """Time and memory of a run with the groups and settings of now, and with these controls; of one a seed."""
        board, settings = self.board, self._project().settings
        untrained = [group for i, group in enumerate(board.grouping) if not board.trained(i)]
        measured = self.known.estimate is not None
        first = estimate(settings, self.known, self.backbone, untrained, measured, controls)
        others = len([seed for seed in seeds if seed != settings.seed])
        again = estimate(settings, self.known, self.backbone, list(board.grouping), True, controls)
        if not others or first.seconds is None or again.seconds is None:
            return first
        affinity = 0.0 if measured else max(0.0, first.seconds - again.seconds)
        own = first.seconds if settings.seed in seeds else affinity
        return replace(first, seconds=own + others * again.seconds)

    def close(self, seconds: float = 10.0) -> bool:
        """Stop, wait, give the project back; True when no thread is left."""
        self.wind_up()
        ended = self.job.join(seconds)
        self._release()
        return ended

    # ---- inside

    def _refuse_during_run(self, what: str) -> None:
        if self.doing == "running":
            raise InputError(f"A run is under way; stop it before {what}.")

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
            if project.settings.grouping != was.settings.grouping:
                self._weigh()
            self._compose()
            self._look_up()
            if _read_with(project.file) != _read_with(was):
                self.refresh()

        put(after)
        at_rest = _of(after.file) != _of(before.file)
        self.board.history.push(label, lambda: put(before), lambda: put(after), at_rest)

    def _board_changed(self) -> None:
        if self.project is not None and set(self.board.tasks) == {e.name for e in self.project.file.tasks}:
            edited = self.board.to_json() != self._kept  # affinity and marks are no edits
            if edited:
                self._save()
            self._compose()
            if edited:
                self._look_up()

    def _save(self) -> None:
        self._kept = self.board.to_json()
        if self._autosave is not None:
            self._autosave.save(self._project(), self._kept)

    def _hear_of_writes(self) -> None:
        """An edit that could not be written stands all the same: half of it would be worse."""
        for error in self._autosave.saver.told() if self._autosave is not None else ():
            before, self.unsaved = self.unsaved, str(error or "")
            if error is not None:
                self._tell(NotSaved(self.unsaved))
            elif before:
                self._tell(Saved())


def _of(file: ProjectFile) -> tuple[object, ...]:
    """What a run is of: it may not become another under it."""
    return file.tasks, file.split, file.backbone


def _read_with(file: ProjectFile) -> tuple[object, ...]:
    """What images and zero-shot depend on."""
    return *_of(file), file.settings.device, file.settings.precision
