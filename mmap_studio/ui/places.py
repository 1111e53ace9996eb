"""Looking at paths that a person typed, dropped or kept: one that may not be looked at is not there, and no error."""

import os
from pathlib import Path

from mmap_studio.session.projectfile import FILE_NAME


def typed(text: str) -> Path:
    """The path that was typed; ~ is one's own home folder, and stays where there is no such person."""
    return Path(os.path.expanduser(text.strip()))


def is_folder(path: Path | str) -> bool:
    """Whether there is a folder, as far as can be seen."""
    return os.path.isdir(path)


def is_there(path: Path | str) -> bool:
    """Whether there is anything, as far as can be seen."""
    return os.path.exists(path)


def has_project(folder: Path | str) -> bool:
    """Whether a folder holds a project, as far as can be seen."""
    return os.path.isfile(os.path.join(folder, FILE_NAME))
