"""The project's own trash: runs that were deleted, whole and able to come back.

    trash/<utc of the deletion>/<run>/

A run is moved there in one step; nothing is deleted before somebody empties the trash.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value, some
from mmap_studio.session.project.project import Project
from mmap_studio.storage import atomic
from mmap_studio.storage.runs import RECORD, STAMP, RunFolder, editing, moment

TRASH = "trash"


@dataclass(frozen=True)
class Discarded:
    """A run in the trash."""

    path: Path
    when: datetime | None
    """It was deleted; None where its folder does not say."""

    @property
    def name(self) -> str:
        return self.path.name


def discard(project: Project, run: RunFolder, now: datetime | None = None) -> Discarded:
    """Move a run to the trash; InputError where it is under way or not there, StorageError as the disk has it.

    Meanwhile it is claimed, so that no process can go on with it between the look at it and the move.
    """
    with editing(project.runs):
        if run.state == "running":
            raise InputError(f"Run {run.name} must have ended to be deleted, but is under way; stop it first.")
        if not (run.path / RECORD).is_file():
            raise InputError(f"Run {run.name} must be there to be deleted, but it is not; it was deleted already.")
        claim = run.claim()
        try:
            if claim is not None and os.name == "nt":
                claim.release()  # Windows moves no folder with an open file, which holds off whoever claims it now
            return _move(project, run, now or datetime.now(UTC))
        finally:
            if claim is not None:
                claim.release()


def discarded(project: Project) -> list[Discarded]:
    """What is in the trash, the newest first."""
    return sorted(_all(project), key=lambda one: one.path.parent.name, reverse=True)


def restore(project: Project, name: str) -> RunFolder:
    """Bring the run of this name back that was deleted last; under a free name, where its own is taken.

    InputError where there is none.
    """
    with editing(project.runs):
        found = [one for one in discarded(project) if one.name == name]
        if not found:
            there = some([one.name for one in discarded(project)]) or "nothing"
            raise InputError(
                f"A run must be in the trash to come back, but {shown_value(name)} is not; in the trash is {there}."
            )
        atomic.make_folder(project.runs, project.folder)
        names = (name if number == 1 else f"{name}-{number}" for number in range(1, 10_000))
        target = next(place for one in names if not os.path.lexists(place := project.runs / one))
        atomic.move(found[0].path, target, project.folder)
        if not any(found[0].path.parent.iterdir()):
            atomic.remove(found[0].path.parent, project.folder)
        return RunFolder(target)


def empty(project: Project, runs: Iterable[Discarded]) -> list[str]:
    """Delete these runs of the trash for good, and folders that are empty then; the names of those that were there.

    What else lies in the trash, a run deleted since or somebody's own file, stays.
    """
    with editing(project.runs):
        there = {one.path for one in _all(project)}
        gone = [one for one in runs if one.path in there]
        for one in gone:
            atomic.remove(one.path, project.folder)
        for folder in [*_folders(project), project.folder / TRASH]:
            atomic.sweep(folder, project.folder)
            if folder.is_dir() and not any(folder.iterdir()):
                atomic.remove(folder, project.folder)
    return [one.name for one in gone]


def _move(project: Project, run: RunFolder, when: datetime) -> Discarded:
    atomic.make_folder(project.folder / TRASH, project.folder)
    for number in range(1, 10_000):
        folder = project.folder / TRASH / (f"{when:{STAMP}}" if number == 1 else f"{when:{STAMP}}-{number}")
        if not os.path.lexists(folder):
            break
    atomic.make_folder(folder, project.folder)
    atomic.move(run.path, folder / run.name, project.folder)
    return Discarded(folder / run.name, when)


def _all(project: Project) -> Iterator[Discarded]:
    for folder in _folders(project):
        when, inside = moment(folder.name.partition("-")[0]), (path for path in folder.iterdir() if path.name[0] != ".")
        yield from (Discarded(path, when) for path in inside if (path / RECORD).is_file())


def _folders(project: Project) -> list[Path]:
    """Those of the deletions."""
    trash = project.folder / TRASH
    found = trash.iterdir() if trash.is_dir() and not trash.is_symlink() else ()
    return [one for one in found if one.is_dir() and not one.is_symlink() and one.name[0] != "."]
