"""What lies below a folder, four levels deep: one directory read per folder, one stat per file, no file opened.

Reading is kept apart from understanding (`folders.py`), which works on the tree alone. Nothing outside the root is
ever listed: links that leave it are passed over, and so are links to a folder that contains them, so that no walk
goes in circles.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.data.reports import Skipped

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
DEPTH = 3
"""Folders below the root that are read: domain, split, class."""


@dataclass(frozen=True, slots=True)
class Found:
    """An image file, by its name."""

    path: str
    """Relative to the root, parts joined by `/`."""
    size: int
    """Bytes."""
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, its images and its folders, both sorted by name (code points, as Dassl and torchvision sort)."""

    path: str
    """Relative to the root, parts joined by `/`; the root's own is empty."""
    images: tuple[Found, ...]
    folders: tuple["Folder", ...]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Walk:
    """One reading of a root; `skipped` fills with what was passed over. Hidden names (`.x`) are not mentioned."""

    def __init__(self, root: Path, tick: Callable[[int], None] | None = None) -> None:
        self.root = os.path.realpath(root)
        self.skipped: list[Skipped] = []
        self.images = 0
        self._tick = tick or (lambda images: None)

    def read(self, path: str = "", depth: int = DEPTH) -> Folder:
        """The folder at `path` with everything `depth` folders below it."""
        images: list[Found] = []
        folders: list[Folder] = []
        for entry in self._entries(path):
            inner = f"{path}/{entry.name}" if path else entry.name
            try:
                reason = self._refuse(entry)
                if reason is None and entry.is_dir():
                    if depth:
                        folders.append(self.read(inner, depth - 1))
                    else:
                        reason = "folders this deep are not read"
                elif reason is None:
                    status = entry.stat()
                    reason = _not_an_image(entry.name, status.st_mode)
                    if reason is None:
                        images.append(Found(inner, status.st_size, status.st_mtime_ns))
            except OSError as error:
                reason = f"it cannot be read ({error.strerror})"
            if reason is not None:
                self.skipped.append(Skipped(inner, reason))
        self.images += len(images)
        self._tick(self.images)
        return Folder(path, tuple(images), tuple(folders))

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(os.path.join(self.root, path)) as entries:
                return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            self.skipped.append(Skipped(path or ".", f"the folder cannot be read ({error.strerror})"))
            return []

    def _refuse(self, entry: os.DirEntry[str]) -> str | None:
        """Why an entry must not be followed, whatever it is."""
        if not _is_unicode(entry.name):
            return "its name is not valid Unicode"
        if not entry.is_symlink():
            return None
        target, parent = os.path.realpath(entry.path), os.path.realpath(os.path.dirname(entry.path))
        if not os.path.exists(target):
            return "the link leads nowhere"
        if not _is_below(target, self.root):
            return "the link leaves the folder that was opened"
        return "the link leads to a folder that contains it" if _is_below(parent, target) else None


def _not_an_image(name: str, mode: int) -> str | None:
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in SUFFIXES:
        return f"not an image file ({suffix})" if suffix else "not an image file"
    return None if stat.S_ISREG(mode) else "it is not a regular file"


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_unicode(name: str) -> bool:
    """Names of other encodings arrive with lone surrogates, which no text file and no digest can hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
