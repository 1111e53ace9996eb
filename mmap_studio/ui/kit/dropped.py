"""What of the things dragged over a window can be dropped on it."""

from pathlib import Path

from PySide6.QtCore import QMimeData

from mmap_studio.session.project.project_file import FILE_NAME
from mmap_studio.ui.kit.paths import has_project, is_data


def dropped_folders(mime: QMimeData) -> list[str]:
    """The folders, archives and tables on this computer that are dragged; a project.toml stands for its folder."""
    paths = (Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile())
    return [folder for folder in map(_folder, paths) if folder]


def _folder(path: Path) -> str:
    """The folder or file that is meant; empty where there is none."""
    if path.name == FILE_NAME and has_project(path.parent):
        return str(path.parent)
    return str(path) if is_data(path) else ""
