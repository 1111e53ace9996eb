"""What of the things dragged over a window can be dropped on it."""

from pathlib import Path

from PySide6.QtCore import QMimeData

from mmap_studio.session.projectfile import FILE_NAME


def dropped_folders(mime: QMimeData) -> list[str]:
    """The folders on this computer that are dragged; a project.toml stands for its folder."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return [str(path.parent if path.name == FILE_NAME else path) for path in paths if path.is_dir() or _is_file(path)]


def _is_file(path: Path) -> bool:
    return path.name == FILE_NAME and path.is_file()
