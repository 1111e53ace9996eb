"""What a window keeps beside its project: the board, and for the starter (which is read-only) its settings.

Every edit is written as soon as it is made, whole or not at all, so a crash loses none that is older than the disk is
slow, and there is nothing to save by hand; the window, the command line and a copied command see the same project.
What a crash does take is the undo history.
So the state in which the session began is kept beside the edits until the project is closed properly: the next window
says that the last session died and offers the way back to it, as one undoable step.
"""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mmap_studio.data.paths import expanded, real
from mmap_studio.errors import StorageError, StudioError
from mmap_studio.session.project.places import STARTER
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import FILE_NAME, ProjectFile, TaskEntry, read_project_file
from mmap_studio.session.project.saver import PATIENCE_S, Saver
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import read_json
from mmap_studio.storage.opener import file_sha256

NAME = "window.json"


@dataclass(frozen=True)
class Began:
    """How a project was when the session began whose edits follow."""

    file: ProjectFile
    board: dict[str, Any]
    """`Board.to_json`."""
    edits: int = 0
    """Made and written since."""


@dataclass(frozen=True)
class Recovered:
    """The last session with this project did not end properly; all it edited is here."""

    process: int
    began: Began | None
    """None where it had edited nothing."""

    @property
    def sentence(self) -> str:
        edits = self.began.edits if self.began else 0
        kept = {0: "nothing had been edited", 1: "its one edit is here"}.get(edits, f"all its {edits:,} edits are here")
        return f"The last session with this project ended unexpectedly; {kept}."


class Autosave:
    """Writes one project's edits as they are made."""

    def __init__(self, project: Project) -> None:
        self.project, self.board, self.began = load(project)
        """As they were left, and where the session began that left them, if it was not closed properly."""
        self.saver = Saver()
        self._known = _digest(project) if _says(self.project) else ""
        """Of project.toml as it was read or written last: another one is somebody else's."""

    def changed_outside(self) -> ProjectFile | None:
        """What project.toml says since another program wrote it; None where it is as it was left, or says the same.

        InputError or CorruptError for what cannot be read.
        """
        found = _digest(self.project)
        if found in (None, self._known):
            return None
        return read_project_file(self.project.folder / FILE_NAME)

    def accept(self) -> None:
        """What is in project.toml now is known: the next edit may be written over it."""
        self._known = _digest(self.project)

    def begin(self, board: dict[str, Any], died: bool) -> None:
        """A session begins; after one that died its beginning stays the one to go back to."""
        if self.began is None or not died:
            self.began = Began(self.project.file, board)

    def save(self, project: Project, board: dict[str, Any]) -> None:
        """One more edit; on the disk when `saver` says so."""
        assert self.began is not None
        self.began = replace(self.began, edits=self.began.edits + 1)
        self.saver.put(partial(self._write, project, board, self.began))

    def end(self, project: Project, board: dict[str, Any]) -> None:
        """The project is closed properly: what was edited is what there is."""
        if self.saver.settle(PATIENCE_S) and self.began is not None and self.began.edits:
            with suppress(StorageError):  # on a full disk the next window offers the way back; nothing is lost
                self._write(project, board, None)

    def _write(self, project: Project, board: dict[str, Any], began: Began | None) -> None:
        """StorageError, with ESTALE, where another program changed project.toml meanwhile: it is left as it is."""
        path = project.folder / FILE_NAME
        if _digest(project) not in (None, self._known) and not _says(project):
            refused = StorageError(
                f"{path} was changed by another program while this window had edits of its own, and was left as it is; "
                "choose which to keep: the other one stays beside it."
            )
            refused.errno = errno.ESTALE
            raise refused
        save(project, board, began)
        self._known = _digest(project)


def save(project: Project, board: dict[str, Any], began: Began | None = None) -> None:
    """Write the board, and the project itself where it may be written."""
    atomic.make_folder(project.folder)
    values: dict[str, Any] = {"version": 1, "board": board}
    if began is not None:
        values["began"] = {"project": began.file.model_dump(mode="json"), "board": began.board, "edits": began.edits}
    if project.built_in:
        values["project"] = project.file.model_dump(mode="json")
    elif not _says(project):  # written by hand it has comments
        project.save()
    atomic.write_json(project.folder / NAME, values, project.folder)


def _digest(project: Project) -> str | None:
    """Of the bytes of project.toml; None where there is none, or it is the starter's."""
    try:
        return None if project.built_in else file_sha256(project.folder / FILE_NAME)
    except StudioError:
        return None


def _says(project: Project) -> bool:
    """Whether project.toml says what the project is already."""
    try:
        return read_project_file(project.folder / FILE_NAME) == project.file
    except StudioError:
        return False


def load(project: Project) -> tuple[Project, dict[str, Any] | None, Began | None]:
    """The project with its last edits, its board and `Began`; what cannot be read is as if it were not there."""
    try:
        values = read_json(project.folder / NAME, within=project.folder)
        if project.built_in and "project" in values:
            project = replace(project, file=ProjectFile.model_validate(values["project"]))
        board, began = values.get("board"), _began(values.get("began"))
    except (StudioError, ValueError, TypeError, AttributeError):
        return project, None, None
    return project, board if isinstance(board, dict) else None, began


def copy_project(project: Project, board: dict[str, Any], folder: Path | str) -> Project:
    """Make it; the images stay where they are and are named absolutely. InputError if the folder has a project.

    The splits are drawn again from the same seed, so they are the same unless images came or went since.
    """
    home = real(expanded(folder))
    tasks = [entry.model_copy(update={"folder": _absolute(project, entry)}) for entry in project.file.tasks]
    made = Project.new(home, tasks, home.name, _whole(project), project.file.split, project.settings)
    made = made.with_split(project.file.split)  # which, if it is old, knows of no subjects
    save(made, board)
    return made


def _absolute(project: Project, entry: TaskEntry) -> str:
    return entry.folder if entry.folder.startswith(BUILT_IN) else str(project.folder_of(entry))


def _whole(project: Project) -> str:
    """The backbone's name with its files by their absolute paths."""
    parts = project.file.backbone.split(":")
    below = [part if part == STARTER else project.folder / part for part in parts]
    return ":".join(str(path) if os.path.exists(path) else part for path, part in zip(below, parts, strict=True))


def _began(values: Any) -> Began | None:
    try:
        return Began(ProjectFile.model_validate(values["project"]), dict(values["board"]), int(values["edits"]))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
