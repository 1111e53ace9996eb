"""A studio: the state the window shows, without Qt: one project, its board, its job, and what the job has told so far.

Listeners are called in the thread that calls `poll` (the window's), after the state has taken the event in.
"""

import errno
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmap_studio.config import LARGEST_SEED, Settings
from mmap_studio.errors import InputError, StudioError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.backbones.resolve import portable
from mmap_studio.session.estimates.forecast import RunEstimate, estimate
from mmap_studio.session.estimates.trained_share import BackboneFacts
from mmap_studio.session.events import Event, Notice
from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.listeners import Listeners
from mmap_studio.session.project import autosave, lock
from mmap_studio.session.project.autosave import Recovered
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import (
    FILE_NAME,
    ProjectFile,
    SplitSettings,
    TaskEntry,
    write_project_file,
)
from mmap_studio.session.project.saver import PATIENCE_S
from mmap_studio.session.results.results import ResultRow
from mmap_studio.session.runtime.job import BackgroundJob, Finished
from mmap_studio.session.studio.command_line import run_command
from mmap_studio.session.studio.comparisons import Comparisons
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.session.studio.event_handlers import EventHandlers
from mmap_studio.session.studio.events import NotSaved, ProjectEdited, ProjectOpened, Saved
from mmap_studio.session.studio.image_tags import ImageTags
from mmap_studio.session.studio.knowledge import Knowledge
from mmap_studio.session.studio.next_run import NextRun, next_run
from mmap_studio.session.studio.run_list import RunList
from mmap_studio.session.studio.scheduler import Scheduler
from mmap_studio.session.studio.state import StudioState
from mmap_studio.session.studio.sweeps import Sweeps
from mmap_studio.session.studio.what_now import SEEDS, WhatNow, what_now
from mmap_studio.session.sweep.space import GROUPS
from mmap_studio.session.sweep.trial import SweepTrial
from mmap_studio.storage import atomic
from mmap_studio.storage.opener import MIB, read_bytes

LOOK_S = 1.0
"""Seconds between two looks at a project.toml that another program may write."""
OURS, THEIRS = "project.window.toml", "project.outside.toml"
"""What was not kept, where the window and another program both had edits."""


class Studio:
    """One window's state; the window reads it, calls its commands and listens. Edits of the project are made here."""

    def __init__(self, engine: StudioEngine | None = None, job: BackgroundJob | None = None) -> None:
        self.engine, self.job = engine or StudioEngine(), job or BackgroundJob()
        self._state = StudioState()
        self.jobs = Scheduler(self._state, self.engine, self.job)
        self._handlers = EventHandlers(self._state, self.jobs)
        self._listeners = Listeners[[Event]]()
        self.sweeps = Sweeps(self.engine, lambda: self._runs or self.comparisons.busy or self.comparisons.waits)
        self.comparisons = Comparisons(self.engine, lambda: self._runs or self.sweeps.busy)
        self.jobs.blocked = lambda: self.comparisons.busy or self.sweeps.busy
        self.comparisons.listen(self._hear_comparison)
        self.sweeps.listen(self._hear_sweep)
        self.runs = RunList(self._state, self._listeners)
        self.board, self.selection, self.pace = self._state.board, self._state.selection, self._state.pace
        self.share, self.sizes, self.group_of = self._state.share, self._state.sizes, self._state.group_of
        self.tags = ImageTags(self.board.history)
        self._lock: lock.ProjectLock | None = None
        self._autosave: autosave.Autosave | None = None
        self._saved_board: dict[str, Any] = {}
        """The board as it was saved last."""
        self._look_at = 0.0
        self._told_of = ""
        """What was said last of a project.toml that cannot be read."""
        self.unsaved = ""
        """Why edits of this project are not on the disk; empty where all are."""
        self.recovered: Recovered | None = None
        """What the last session left when it died, until it is taken back or another project is opened."""
        self.board.changed.listen(self._board_changed, first=True)
        self.board.history.running = lambda: self.jobs.doing == "running"

    @property
    def project(self) -> Project | None:
        return self._state.project

    @property
    def backbone(self) -> BackboneFacts | None:
        return self._state.backbone

    @property
    def known(self) -> Knowledge:
        return self._state.known

    def listen(self, listener: Callable[[Event], object]) -> None:
        self._listeners.listen(listener)

    def poll(self, seconds: float = math.inf) -> bool:
        """Read the mailbox, for about so many seconds at most, and hear of edits that are written.

        Returns whether all is read. The window calls this twenty times a second, and again at once, after what a user
        does, where letters are left: several that change every view would hold it up together.
        """
        self._hear_of_writes()
        self._look_outside()
        self.comparisons.poll()
        self.sweeps.poll()
        for sentence in self.tags.told():
            self._listeners(Notice(sentence, "warning"))
        end = time.monotonic() + seconds
        with self.board.changed.held():
            while (letter := self.job.mailbox.take()) is not None:
                if self.jobs.awaits(letter):
                    self._hear(letter.event, letter.when)
                if time.monotonic() > end:
                    break
        return not len(self.job.mailbox)

    # ---- the project

    def open(self, path: Path | str) -> None:
        """Show a project and fetch in the background what is known of it. InputError if it cannot be opened."""
        self.refuse_during_run("another project is opened")
        project = Project.open(path)
        held = lock.ProjectLock(project.folder)
        held.acquire()
        self._release()
        self.unsaved = ""
        keeper, self._autosave = autosave.Autosave(project), None  # nothing is written until the board is whole
        self._lock, self._state.project = held, keeper.project
        self._state.forget()
        self.jobs.drop_runs()
        self.board.open(keeper.board, [entry.name for entry in keeper.project.file.tasks])
        died = held.died is not None
        self.recovered = Recovered(held.died or 0, keeper.began) if died else None
        self._saved_board = self.board.to_json()
        keeper.begin(self._saved_board, died)
        self._autosave = keeper
        self.comparisons.show(keeper.project)
        self.comparisons.regrouped(self.board.grouping.text())
        self.sweeps.forget()
        problem = self.tags.open(keeper.project.folder)
        self._listeners(ProjectOpened(keeper.project))
        if problem:
            self._listeners(Notice(problem, "warning"))
        self.jobs.refresh()

    def refuse_during_run(self, what: str) -> None:
        """InputError while a run is under way; `what` it must be stopped before, such as "tasks are added"."""
        if self.jobs.doing == "running":
            raise InputError(f"A run is under way; stop it before {what}.")

    def check_open(self, meant: Project | None) -> None:
        """InputError where the project that somebody was asked about has been left: a new one opens by itself."""
        if meant is not None and (self.project is None or self.project.folder != meant.folder):
            raise InputError(f"Project {meant.name!r} was left while its dialog was open; nothing was changed.")

    def take_back(self) -> None:
        """To where the session began that died; one undoable step. Without one, or with nothing edited, nothing."""
        began = self.recovered.began if self.recovered else None
        if began is None:
            return
        self.refuse_during_run("edits are taken back")
        before, label = self._state.require_project(), "Take back the last session's edits"
        with self.board.changed.held(), self.board.history.together(label):
            self.board.go_back(began.board, label)
            self._edit(label, replace(before, file=began.file))
        self.recovered = None

    def set_settings(self, settings: Settings) -> None:
        """Other settings; one undoable step."""
        project = self._state.require_project()
        if settings != project.settings:
            self._edit("Change settings", project.with_settings(settings))

    def use_swept(self, trial: SweepTrial) -> None:
        """The settings of a trial of a sweep, and its groups on the board where they were varied; one undoable step."""
        project, space = self._state.require_project(), self.sweeps.space
        if space is None:
            return
        names = [entry.name for entry in project.file.tasks]
        with self.board.changed.held(), self.board.history.together(f"Use the settings of {trial.title}"):
            self.set_settings(space.settings(project.settings, trial.changes))
            if GROUPS in trial.changes and trial.grouping:
                self.board.replace(Grouping.parse(trial.grouping, names), "Use the groups of a trial")

    def set_backbone(self, name: str) -> None:
        """Another backbone, as `resolve.absolute` has it; one undoable step. All known of the tasks is read anew."""
        project = self._state.require_project()
        self.refuse_during_run("the backbone is changed")
        name = portable(name, project.folder)
        if name != project.file.backbone:
            self._edit("Change backbone", project.with_backbone(name))

    def set_split(self, split: SplitSettings) -> None:
        """Images split otherwise; one undoable step. The tasks are read again, from the pixels that are decoded."""
        project = self._state.require_project()
        self.refuse_during_run("the split is changed")
        if split != project.file.split:
            self._edit("Change split", project.with_split(split))

    def edit_tasks(self, label: str, entries: list[TaskEntry]) -> None:
        """Other tasks; one undoable step, together with the board's part of it. The images are read again."""
        self.refuse_during_run("tasks are added, removed or renamed")
        before, after = self._state.require_project(), self._state.require_project().with_tasks(entries)
        with self.board.changed.held(), self.board.history.together(label):
            names = [e.name for e in before.file.tasks], [e.name for e in after.file.tasks]
            self.board.follow(*names)
            self._edit(label, after)
            self.tags.rename(_renamed(*names))

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

    # ---- project.toml, written by another program

    def _look_outside(self) -> None:
        """Once a second: what another program wrote into project.toml is read, where nothing of ours is in its way."""
        now = time.monotonic()
        keeper, project = self._autosave, self.project
        if now < self._look_at or keeper is None or project is None or self.unsaved or self.jobs.doing == "running":
            return
        self._look_at = now + LOOK_S
        if not keeper.saver.settle(0):
            return
        try:
            found = keeper.changed_outside()
        except StudioError as error:
            if self._told_of == str(error):
                return
            self._told_of = str(error)
            self._listeners(Notice(f"project.toml was changed by another program, and is not used: {error}", "warning"))
            return
        if found is not None:
            keeper.accept()
            self._reload(found)

    def _reload(self, file: ProjectFile) -> None:
        """The project as its file says it; one undoable step."""
        before = self._state.require_project()
        if file == before.file:
            return
        label = "Read project.toml again"
        with self.board.changed.held(), self.board.history.together(label):
            self.board.follow([e.name for e in before.file.tasks], [e.name for e in file.tasks])
            self._edit(label, replace(before, file=file))
        self._listeners(Notice("project.toml was changed by another program, and was read again."))

    def take_outside(self) -> None:
        """What another program wrote, where both had edits; ours stays beside it as `OURS`."""
        self.refuse_during_run("project.toml is read again")
        project, keeper = self._state.require_project(), self._autosave
        if keeper is None or (found := keeper.changed_outside()) is None:
            return self.save()
        atomic.write_text(project.folder / OURS, write_project_file(project.file), project.folder)
        keeper.accept()
        self._reload(found)
        self.settle(PATIENCE_S)

    def keep_ours(self) -> None:
        """What this window has, where both had edits; the other stays beside it as `THEIRS`."""
        project, keeper = self._state.require_project(), self._autosave
        if keeper is not None and not project.built_in:
            theirs = read_bytes(project.folder / FILE_NAME, 4 * MIB, project.folder)
            atomic.write_bytes(project.folder / THEIRS, theirs, project.folder)
            keeper.accept()
        self.save()

    def command(self, controls: Sequence[str] = (), seeds: Sequence[int] = ()) -> str:
        """The same run as a command to copy; a project of one's own says its settings itself."""
        project, groups, where = self._state.require_project(), self.jobs.groups_to_run, self.engine.run_on
        return run_command(project, groups, controls, seeds, where)

    def repeat(self) -> bool:
        """Run with several seeds, of which the project's is the first; False while a run is under way."""
        first = min(self._state.settings.seed, LARGEST_SEED - SEEDS + 1)
        return self.jobs.run(seeds=tuple(range(first, first + SEEDS)))

    def next_run(self) -> NextRun:
        """What a run would train that begins now."""
        return next_run(self.board, self.jobs.groups_to_run == "auto", self.known.estimate is not None)

    def what_now(self, on_board: ResultRow | None) -> WhatNow:
        """What the board's groups have come to, and the step that follows; `on_board` is their row of the results."""
        return what_now(self.board, self.known, on_board)

    def finding(self, what: str | ImageRef) -> Callable[[], Found]:
        """What looks for images by a text, or like one of them, for another thread. InputError before it can."""
        project, tasks = self._state.require_project(), self.known.tasks
        if not tasks:
            raise InputError("Images can be searched once they are read; wait for the status bar.")
        return self.engine.finding(project, tasks, what)

    def estimate(self, controls: Sequence[str] = (), seeds: Sequence[int] = ()) -> RunEstimate:
        """Time and memory of a run with the groups and settings of now, and with these controls; of one a seed."""
        board, settings = self.board, self._state.require_project().settings
        untrained = [group for i, group in enumerate(board.grouping) if not board.trained(i)]
        measured = self.known.estimate is not None
        first = estimate(settings, self.known, self.backbone, untrained, measured, controls, self._partly(measured))
        others = len([seed for seed in seeds if seed != settings.seed])
        if not others or first.seconds is None:
            return first
        again = estimate(settings, self.known, self.backbone, list(board.grouping), True, controls)
        if again.seconds is None:
            return first
        affinity = 0.0 if measured else max(0.0, first.seconds - again.seconds)
        own = first.seconds if settings.seed in seeds else affinity
        return replace(first, seconds=own + others * again.seconds)

    def _partly(self, measured: bool) -> dict[str, float]:
        """Of the phases of a run, the share that earlier runs have done of what is not finished."""
        partly, tasks = self.known.partly, max(1, len(self.board.tasks))
        groups = [(members, partly.groups.get(members, 0.0)) for members in map(tuple, self.board.grouping)]
        training = sum(share * len(members) for members, share in groups) / tasks
        return {"training": training} | ({} if measured else {"affinity": partly.affinity})

    @property
    def busy(self) -> bool:
        """Whether a thread of a job or of a comparison is at work."""
        return self.job.busy or self.comparisons.job.busy or self.sweeps.busy

    @property
    def training(self) -> bool:
        """Whether a run, a comparison or a sweep is under way, and not only a look at what is known."""
        return (self.job.busy and not self.jobs.opening) or self.comparisons.busy or self.sweeps.busy

    def wind_up(self) -> None:
        """Stop, and begin nothing more: the window is closing."""
        self.jobs.wind_up()
        self.comparisons.wind_up()
        self.sweeps.stop()

    def close(self, seconds: float = 10.0) -> bool:
        """Stop, wait, give the project back; True when no thread is left."""
        self.wind_up()
        ended = self.job.join(seconds)
        ended = self.comparisons.close(seconds) and ended
        ended = self.sweeps.close(seconds) and ended
        self.tags.settle()
        self._release()
        return ended

    def _hear(self, event: Event, when: float | None = None) -> None:
        if self.jobs.progress is not None:
            self.jobs.progress.hear(event, when)
        self._handlers.handle(event)
        self._listeners(event)
        if isinstance(event, Finished):
            self.jobs.go_on(event)
            self.comparisons.run_ended()

    def _hear_comparison(self, event: Event) -> None:
        """At the end of a comparison a run that waits for it begins."""
        if isinstance(event, Finished):
            self.jobs.begin_requested()

    def _hear_sweep(self, event: Event) -> None:
        """At the end of a sweep what waits for it begins."""
        if isinstance(event, Finished):
            self.jobs.begin_requested()
            self.comparisons.run_ended()

    @property
    def _runs(self) -> bool:
        """Whether a run is under way or about to begin."""
        return self.jobs.doing == "running" or self.jobs.run_waits

    def _release(self) -> None:
        if self._lock is not None:
            if self._autosave is not None and self.project is not None:
                self._autosave.end(self.project, self.board.to_json())
            self._lock.release()
            self._lock = None

    def _edit(self, label: str, after: Project) -> None:
        before = self._state.require_project()

        def put(project: Project) -> None:
            was, self._state.project = self._state.require_project().file, project
            self._save()
            self.comparisons.edited(project)
            if project.file.backbone != was.backbone:  # nothing measured on the other one holds here
                self._state.forget()
                self.board.set_affinity(None)
                self._listeners(ProjectOpened(project))
            else:
                self._listeners(ProjectEdited(project))
            if project.settings.grouping != was.settings.grouping:
                self._state.score_board()
            self._state.compose()
            self.jobs.look_up()
            if _read_with(project.file) != _read_with(was):
                self.jobs.refresh()

        put(after)
        at_rest = _of(after.file) != _of(before.file)
        self.board.history.push(label, lambda: put(before), lambda: put(after), at_rest)

    def _board_changed(self) -> None:
        if self.project is not None and set(self.board.tasks) == {e.name for e in self.project.file.tasks}:
            edited = self.board.to_json() != self._saved_board  # affinity and marks are no edits
            if edited:
                self._save()
            self._state.compose()
            if edited:
                self.comparisons.regrouped(self.board.grouping.text())
                self.jobs.look_up()

    def _save(self) -> None:
        self._saved_board = self.board.to_json()
        if self._autosave is not None:
            self._autosave.save(self._state.require_project(), self._saved_board)

    def _hear_of_writes(self) -> None:
        """An edit that could not be written stands all the same: half of it would be worse."""
        for error in self._autosave.saver.told() if self._autosave is not None else ():
            before, self.unsaved = self.unsaved, str(error or "")
            if error is not None:
                self._listeners(NotSaved(self.unsaved, outside=error.errno == errno.ESTALE))
            elif before:
                self._listeners(Saved())


def _renamed(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    """Tasks that stand where others stood whose names are gone."""
    pairs = zip(before, after, strict=False) if len(before) == len(after) else ()
    return {old: new for old, new in pairs if old != new and old not in after and new not in before}


def _of(file: ProjectFile) -> tuple[object, ...]:
    """What a run is of: it may not become another under it."""
    return file.tasks, file.split, file.backbone


def _read_with(file: ProjectFile) -> tuple[object, ...]:
    """What images and zero-shot depend on."""
    return *_of(file), file.settings.device, file.settings.precision
