"""What a window keeps beside its project: the board, and for the starter (which is read-only) its settings.

Every edit is written at once, whole or not at all, so a crash loses none and there is nothing to save by hand.
"""

import json
from pathlib import Path
from typing import Any

from mmap_studio.errors import InputError
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import ProjectFile
from mmap_studio.storage import atomic

NAME = "window.json"


def save(project: Project, board: dict[str, Any]) -> None:
    """Write the board, and the project itself where it may be written."""
    atomic.make_folder(project.folder)
    values: dict[str, Any] = {"version": 1, "board": board}
    if project.built_in:
        values["project"] = project.file.model_dump(mode="json")
    else:
        project.save()
    atomic.write_json(project.folder / NAME, values)


def load(project: Project) -> tuple[Project, dict[str, Any] | None]:
    """The project with its last edits, and its board; whatever cannot be read is as if it were not there."""
    from dataclasses import replace

    try:
        values = json.loads((project.folder / NAME).read_text(encoding="utf-8"))
        if project.built_in and "project" in values:
            project = replace(project, file=ProjectFile.model_validate(values["project"]))
        board = values.get("board")
    except (OSError, ValueError, InputError, AttributeError):
        return project, None
    return project, board if isinstance(board, dict) else None


def recent_name(path: Path) -> str:
    """What a recent project is called in a list."""
    return path.name or str(path)
