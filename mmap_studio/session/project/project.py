"""A project: a folder with `project.toml`, its splits and its runs. The starter is one that ships with the studio."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mmap_studio.config import Settings, settings_from
from mmap_studio.data.paths import expanded, is_unicode, real, resolved
from mmap_studio.errors import InputError
from mmap_studio.formatting import printable, shell_line
from mmap_studio.session.project.places import STARTER, starter_home
from mmap_studio.session.project.project_file import (
    FILE_NAME,
    ProjectFile,
    SplitSettings,
    TaskEntry,
    read_project_file,
    write_project_file,
)
from mmap_studio.storage import atomic

BUILT_IN = "starter:"
"""A task whose folder is ``starter:NAME`` is one of the starter's."""


@dataclass(frozen=True)
class Project:
    """Where a project is and what it says. Edits return a new value; `save` writes it."""

    folder: Path
    """Relative paths in the file start here."""
    file: ProjectFile
    built_in: bool = False
    """The starter: never saved over, its runs go to the user's own folder."""
    own_split: bool = True
    """Whether the split is the project's own, and not one for a single run."""

    @classmethod
    def open(cls, path: Path | str) -> "Project":
        """From a folder, its project.toml, or the word "starter"."""
        if str(path) == STARTER:
            return cls.starter()
        given = real(expanded(path))
        folder = given.parent if given.name == FILE_NAME else given
        return cls(folder, read_project_file(folder / FILE_NAME))

    @classmethod
    def starter(cls) -> "Project":
        """Six drawing styles of the same pictograms and a small CLIP; needs nothing from outside."""
        from mmap_studio.resources import resource

        return cls(starter_home(), read_project_file(resource("starter") / FILE_NAME), built_in=True)

    @classmethod
    def new(
        cls,
        folder: Path | str,
        tasks: Iterable[TaskEntry],
        name: str | None = None,
        backbone: str = STARTER,
        split: SplitSettings | None = None,
        settings: Settings | None = None,
    ) -> "Project":
        """Make and save a project; InputError if the folder has one already.

        Its subjects are found by `auto` where the split does not say otherwise.
        """
        home = real(expanded(folder))
        if (home / FILE_NAME).exists():
            raise InputError(
                f"A new project needs a free folder, but {home} has a {FILE_NAME}; open it or take another."
            )
        if not is_unicode(home):
            raise InputError(f"A project must lie where all names are UTF-8, as {FILE_NAME} is. Got {home} instead.")
        split = split or SplitSettings()
        file = ProjectFile(
            name=printable(name or home.name or "project"),
            backbone=backbone,
            split=split if split.identity else split.model_copy(update={"identity": "auto"}),
            tasks=tuple(portable(entry, home) for entry in tasks),
            made_in=str(home),
            settings=settings or settings_from({}),
        )
        project = cls(home, file)
        project.save()
        return project

    @property
    def name(self) -> str:
        """What the project is called."""
        return self.file.name

    @property
    def settings(self) -> Settings:
        """The settings of its next run."""
        return self.file.settings

    @property
    def runs(self) -> Path:
        """Folder of its runs."""
        return self.folder / "runs"

    def require_tasks(self) -> None:
        """InputError for a project without tasks, which nothing can be trained on."""
        if not self.file.tasks:
            raise InputError(f"Project {self.name!r} must have tasks, but has none; add folders of images.")

    def with_settings(self, settings: Settings) -> "Project":
        """The same project with other settings."""
        return replace(self, file=self.file.model_copy(update={"settings": settings}))

    def with_backbone(self, name: str) -> "Project":
        """The same project on another backbone."""
        return replace(self, file=self.file.model_copy(update={"backbone": name}))

    def with_split(self, split: SplitSettings) -> "Project":
        """The same project with its images split otherwise."""
        return replace(self, file=self.file.model_copy(update={"split": split}))

    def split_for_one_run(self, split: SplitSettings) -> "Project":
        """The same project for a run on another split; what is drawn is saved apart from the project's own."""
        return replace(self.with_split(split), own_split=self.own_split and split == self.file.split)

    def with_tasks(self, tasks: Iterable[TaskEntry]) -> "Project":
        """The same project with other tasks."""
        known = self.file.tasks  # stay as they are: their splits are saved under their folders
        entries = tuple(entry if entry in known else portable(entry, self.folder) for entry in tasks)
        names = [entry.name for entry in entries]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise InputError(f"Every task of a project needs a name of its own; {', '.join(doubled)} is there twice.")
        return replace(self, file=self.file.model_copy(update={"tasks": entries}))

    def save(self) -> None:
        """Write project.toml, whole or not at all."""
        if self.built_in:
            raise InputError("The starter project cannot be changed on disk; make a project of your own with `new`.")
        atomic.make_folder(self.folder)
        atomic.write_text(self.folder / FILE_NAME, write_project_file(self.file), self.folder)

    def sweep(self) -> None:
        """Clear away what killed processes left half-written beside the project's file and its splits; never raises."""
        for folder in (self.folder, self.folder / "splits"):
            atomic.sweep(folder, self.folder)

    def folder_of(self, entry: TaskEntry) -> Path:
        """Where a task's images are; of a project that was moved without them, where they were."""
        path = resolved(self.folder / expanded(entry.folder))
        if not os.path.exists(path) and self.file.made_in:
            before = resolved(Path(self.file.made_in) / expanded(entry.folder))
            return before if os.path.exists(before) else path
        return path

    def is_missing(self, entry: TaskEntry) -> bool:
        """Whether a task's folder, archive or table is not where the project says."""
        return not entry.folder.startswith(BUILT_IN) and not os.path.exists(self.folder_of(entry))

    @property
    def remedy(self) -> str:
        """Half a sentence: how to say where folders are now."""
        return (
            f"`mmap-studio relocate {shell_line([str(self.folder)])} --data FOLDER`, or Project > Find moved images in "
            f"the window, says where they are now ({self.folder / FILE_NAME} names them)"
        )


def portable(entry: TaskEntry, home: Path) -> TaskEntry:
    """A folder inside or beside the project is written relative to it, so that both can be moved together."""
    folder = expanded(entry.folder)
    if entry.folder.startswith(BUILT_IN) or not folder.is_absolute():
        return entry
    found, beside = resolved(folder), home.parent
    if found.is_relative_to(home) or (found.is_relative_to(beside) and beside != beside.parent):
        return entry.model_copy(update={"folder": Path(os.path.relpath(found, home)).as_posix()})
    return entry
