"""Where the images of a project are now: the folders of its tasks are found below a new one and their splits kept.

A place counts where the task's domain is found in it and holds an image of the saved split, if there is one: a folder
of the same name with something else in it is not taken.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.domains import Domain
from mmap_studio.data.paths import expanded, resolved
from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import counted, some
from mmap_studio.session.dataset.saved_splits import carry_split, saved_images
from mmap_studio.session.project.project import BUILT_IN, Project, portable
from mmap_studio.session.project.project_file import FILE_NAME, TaskEntry


@dataclass(frozen=True)
class Moved:
    """A task whose images were found elsewhere."""

    before: TaskEntry
    entry: TaskEntry
    folder: Path
    """Absolute."""
    domain: Domain
    lost: int
    """Images of the saved split that are not there."""

    @property
    def sentence(self) -> str:
        gone = f"; {counted(self.lost, 'image')} of its saved split {'is' if self.lost == 1 else 'are'} not there"
        return (
            f"{self.entry.name}: {self.folder}, {counted(len(self.domain.files), 'image')}{gone if self.lost else ''}"
        )


def find_moved(project: Project, data: Path | str, tasks: Sequence[str] = ()) -> tuple[Moved, ...]:
    """The tasks that are found in or below `data`; nothing is written.

    tasks : those to look for; without, the ones whose folders are missing, or all where none is

    InputError where there is no such folder or task, and where one of them is not found there.
    """
    root = resolved(expanded(data))
    if not root.exists():
        raise InputError(f"{root} must be the folder where the images are now, but is not there; check the path.")
    chosen = _chosen(project, tasks)
    olds = [_written(project, entry) for entry in chosen]
    finder, found, missing = DomainFinder(), [], []
    for entry, old in zip(chosen, olds, strict=True):
        moved = _found(project, entry, list(_places(root, old, olds)), finder)
        found += [moved] if moved is not None else []
        missing += [] if moved is not None else [entry.name]
    if missing:
        raise InputError(
            f"{root} must hold the images of {some(missing)}, as {olds[-1].name!r} or in folders named as before, but "
            "does not; name the folder that they lie in, or one task after the other with --task."
        )
    return tuple(found)


def relocated(project: Project, moved: Sequence[Moved]) -> Project:
    """The project with the tasks at their new places, and their saved splits with it; it is not saved."""
    for one in moved:
        carry_split(project, one.before, one.entry, one.domain)
    new = {one.before.name: one.entry for one in moved}
    tasks = tuple(new.get(entry.name, entry) for entry in project.file.tasks)
    return replace(project, file=project.file.model_copy(update={"tasks": tasks}))


def _chosen(project: Project, tasks: Sequence[str]) -> list[TaskEntry]:
    if project.built_in:
        raise InputError("The starter's images ship with it, and are nowhere else; make a project of your own.")
    own = {entry.name: entry for entry in project.file.tasks if not entry.folder.startswith(BUILT_IN)}
    unknown = [name for name in tasks if name not in own]
    if unknown or not own:
        raise InputError(
            f"Tasks must be among {some(list(own)) or 'none'} of {project.folder / FILE_NAME}, but "
            f"{some(unknown) or 'none'} is not; check the name."
        )
    if tasks:
        return [own[name] for name in dict.fromkeys(tasks)]
    return [entry for entry in own.values() if project.is_missing(entry)] or list(own.values())


def _written(project: Project, entry: TaskEntry) -> Path:
    """The folder as project.toml has it, absolute."""
    return Path(os.path.normpath(project.folder / expanded(entry.folder)))


def _places(root: Path, old: Path, olds: Sequence[Path]) -> Iterator[Path]:
    """Where a folder may be now, the likeliest first: as before below what all had in common, then by ends of its
    path, then the new folder itself, where only one is meant."""
    common = Path(os.path.commonpath(olds)) if len(set(olds)) > 1 else old.parent
    yield root / old.relative_to(common)
    for length in range(len(old.parts) - 1, 0, -1):
        yield root.joinpath(*old.parts[-length:])
    if len(set(olds)) == 1:
        yield root


def _found(project: Project, entry: TaskEntry, places: Sequence[Path], finder: DomainFinder) -> Moved | None:
    before = saved_images(project, entry)
    for place in dict.fromkeys(places):
        if not place.exists():
            continue
        try:
            domain, _ = finder.find(place, entry.layout, entry.part, entry.name, entry.follow_links)
        except StudioError:
            continue
        there = set(domain.files.paths())
        lost = sum(name not in there for name in before)
        if lost and lost == len(before):
            continue
        moved = portable(entry.model_copy(update={"folder": str(place)}), project.folder)
        return Moved(entry, moved, place, replace(domain, name=entry.name), lost)
    return None
