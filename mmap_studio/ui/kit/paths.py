"""Paths that a user typed, dropped or kept. One that may not be looked at counts as missing; nothing here raises."""

import os
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDropEvent

from mmap_studio.data.paths import expanded
from mmap_studio.session.dataset.image_files import DATA_SUFFIXES
from mmap_studio.session.project.project_file import FILE_NAME

MOST_DROPPED = 1000
"""Files and folders of one drag."""


def typed(text: str) -> Path:
    """The path of a typed text; ~ is the user's home folder, and ~name stays where there is no such user."""
    return expanded(text.strip())


def is_folder(path: Path | str) -> bool:
    return os.path.isdir(path)


def is_data(path: Path | str) -> bool:
    """Whether there is a folder, or a file that by its name is an archive or a table."""
    return is_folder(path) or (str(path).lower().endswith(DATA_SUFFIXES) and os.path.isfile(path))


def is_there(path: Path | str) -> bool:
    return os.path.exists(path)


def has_project(folder: Path | str) -> bool:
    return os.path.isfile(os.path.join(folder, FILE_NAME))


def too_many(mime: QMimeData) -> str:
    """The sentence for a drag of more than `MOST_DROPPED`; empty for others.

    They are counted in the text of the drag: to look at 100,000 while the mouse moves held the window for 5 s.
    """
    found = mime.data("text/uri-list").trimmed().count(b"\n") + 1
    if found <= MOST_DROPPED:
        return ""
    most = f"{MOST_DROPPED:,} files and folders"
    return f"At most {most} can be dropped at once. Found {found:,}; drop the folder that they are in."


def dropped_files(mime: QMimeData) -> list[Path]:
    """The files and folders of this computer that are dragged, none of `too_many`; `file:` alone would be the working
    folder."""
    if too_many(mime):
        return []
    paths = (Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile())
    return [path for path in paths if path.is_absolute() and "\0" not in str(path)]


def take_copy(event: QDropEvent) -> None:
    """Accept what is dragged or dropped as a copy: a move would ask the source to delete."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def dropped_data(mime: QMimeData) -> list[str]:
    """The folders, archives and tables that are dragged; a project.toml stands for its folder."""
    paths = (p.parent if p.name == FILE_NAME and has_project(p.parent) else p for p in dropped_files(mime))
    return [str(path) for path in paths if is_data(path)]
