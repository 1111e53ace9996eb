"""A project as another project: the same tasks, backbone, settings and groups, in a folder of its own."""

from pathlib import Path
from typing import Any

from mmap_studio.session.project import autosave
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import TaskEntry


def copy_project(project: Project, board: dict[str, Any], folder: Path | str) -> Project:
    """Make it; the images stay where they are and are named absolutely. InputError if the folder has a project.

    The splits are drawn again from the same seed, so they are the same unless images came or went since.
    """
    home = Path(folder).expanduser().resolve()
    tasks = [entry.model_copy(update={"folder": _absolute(project, entry)}) for entry in project.file.tasks]
    made = Project.new(home, tasks, home.name, project.file.backbone, project.file.split, project.settings)
    autosave.save(made, board)
    return made


def _absolute(project: Project, entry: TaskEntry) -> str:
    return entry.folder if entry.folder.startswith(BUILT_IN) else str(project.folder_of(entry))
