"""Looking at paths that a user typed, dropped or kept: one that may not be looked at is not there, and no error."""

import os
from pathlib import Path

from mmap_studio.session.ingest.survey import file_suffixes
from mmap_studio.session.project.project_file import FILE_NAME


def typed(text: str) -> Path:
    """The path that was typed; ~ is one's own home folder, and stays where there is no such user."""
    return Path(os.path.expanduser(text.strip()))


def is_folder(path: Path | str) -> bool:
    """Whether there is a folder, as far as can be seen."""
    return os.path.isdir(path)


def is_data(path: Path | str) -> bool:
    """Whether there is a folder, or a file that by its name is an archive or a table, as far as can be seen."""
    return is_folder(path) or (str(path).lower().endswith(file_suffixes()) and os.path.isfile(path))


def is_there(path: Path | str) -> bool:
    """Whether there is anything, as far as can be seen."""
    return os.path.exists(path)


def has_project(folder: Path | str) -> bool:
    """Whether a folder holds a project, as far as can be seen."""
    return os.path.isfile(os.path.join(folder, FILE_NAME))
