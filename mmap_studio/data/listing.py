"""What lies below a folder, four levels deep: one directory read per folder, one stat per file, no image opened.

An archive among the files is a folder too, if asked for: only its table of contents is read. Reading is kept apart
from understanding (`folders.py`, `lists.py`), which works on the tree alone. Nothing outside the root is
ever listed: links that leave it are passed over, and so are links to a folder that contains them, so that no walk
goes in circles.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from mmap_studio.data.archives.archive import members
from mmap_studio.data.archives.rules import Member
from mmap_studio.data.archives.split_zips import are_one, halves, whole_name
from mmap_studio.data.file_kinds import (
    IMAGES,
    START,
    TABLES,
    TEXTS,
    is_archive,
    starts_as_image,
    without_archive_suffix,
)
from mmap_studio.data.paths import is_unicode, resolved
from mmap_studio.data.skipped import Skipped
from mmap_studio.errors import DataError, StudioError
from mmap_studio.storage.opener import ANY_SIZE, opened

TOO_DEEP = "folders this deep are not read"
LEAVES = "the link leaves the folder that was opened"
NO_IMAGE = "not an image file"
EVERY = 5000
"""Images of one folder between two calls of a tick."""
DEPTH = 3
"""Folders below the root that are read: domain, split, class."""
DEEPER = 5
"""The same, where images are deeper, or named by lists."""
HIDDEN = ("__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "lost+found", "system volume information")
"""Folders (any case) that systems make, and no user."""


class ListedImage(NamedTuple):
    """An image file, by its name. A tuple, because there are a million of them, and no other value is made as fast."""

    path: str
    """Relative to the root, parts joined by `/`."""
    size: int
    """Bytes."""
    stamp: int
    """Modification time in ns, or what an archive says instead."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, its images and its folders, both sorted by name (code points, as Dassl and torchvision sort)."""

    path: str
    """Relative to the root, parts joined by `/`; the root's own is empty."""
    images: tuple[ListedImage, ...]
    folders: tuple["Folder", ...]

    packed: bool = False
    """It lies in an archive."""
    archive: str = ""
    """Of what stands for a whole archive: the archive's path, which names it whatever folder inside this is."""
    joint: bool = False
    """Its images lie in several archives, so none of their paths starts with its own."""
    title: str = ""
    """The name of the folder that held nothing but this one, and whose place it takes."""

    @property
    def name(self) -> str:
        """Of an archive without its suffix."""
        if self.title:
            return self.title
        last = (self.archive or self.path).rpartition("/")[2]
        return without_archive_suffix(last) if self.archive else last


class Walk:
    """One reading of a root; `skipped` fills with what was passed over. Hidden names (`.x`) are not mentioned.

    archives : read archives as folders; else they are passed over and counted
    follow : links are followed out of the root
    """

    def __init__(
        self, root: Path, tick: Callable[[int], None] | None = None, archives: bool = False, follow: bool = False
    ) -> None:
        self.root = str(resolved(root))
        self.skipped: list[Skipped] = []
        self.images = self.archives = 0
        self.texts: list[str] = []
        """Files by whose name a list or a table of images may be in them."""
        self.packed: list[str] = []
        """Archives."""
        self.tick = tick or (lambda images: None)
        self.unpacks = archives
        self.follow = follow
        self.lie_open = False
        """The images lie in folders, whatever archives there are."""
        self.depth = 0
        self.joined: list[list[str]] = []
        """Archives that are read as one, each with all its parts."""

    @property
    def too_deep(self) -> bool:
        """Whether there are folders that were not looked into."""
        return any(one.reason == TOO_DEEP for one in self.skipped)

    def read(self, path: str = "", depth: int = DEPTH) -> Folder:
        """The folder at `path` with everything `depth` folders below it; a root that is an archive likewise."""
        self.depth = max(self.depth, depth)
        if not path and os.path.isfile(self.root):
            return self._archive("", depth)
        images: list[ListedImage] = []
        folders: list[Folder] = []
        above = f"{path}/" if path else ""
        entries = self._entries(path)
        parts = self._parts(path, entries) if self.unpacks and depth else {}
        while entries:
            entry = entries.pop()  # gone as soon as it is understood: of a folder of a million they take 300 MB
            inner = above + entry.name
            try:
                found = self._look(entry, inner, depth, parts.get(entry.name))
            except OSError as error:
                found = f"it cannot be read ({error.strerror})"
            if found is None:
                continue
            if type(found) is ListedImage:
                images.append(found)
                if len(images) % EVERY == 0:
                    self.tick(self.images + len(images))
            elif isinstance(found, Folder):
                folders.append(found)
            else:
                self.skipped.append(Skipped(inner, str(found)))
        self.images += len(images)
        self.tick(self.images)
        return Folder(path, tuple(images), tuple(folders))

    def _parts(self, path: str, entries: Sequence[os.DirEntry[str]]) -> dict[str, list[str]]:
        """Zip -> itself and the others that are parts of one download, below the root; the others -> none.

        What `_look` would refuse is no part: it is never opened, whatever lies beside it.
        """
        found: dict[str, list[str]] = {}
        zips = [entry.name for entry in entries if entry.name.lower().endswith(".zip") and self._is_open(entry)]
        for first, group in halves(zips).items():
            inside = [(f"{path}/{name}" if path else name) for name in group]
            try:
                one = are_one({name: self._images_inside(where) for name, where in zip(group, inside, strict=True)})
            except DataError:
                continue  # it is told when it is read by itself
            if one:
                found |= {name: inside if name == first else [] for name in group}
        return found

    def _images_inside(self, path: str) -> list[str]:
        inside = members(Path(self.root, path))
        return [one.path for one in inside if isinstance(one, Member) and _member_problem(one.path) is None]

    def _look(
        self, entry: os.DirEntry[str], inner: str, depth: int, parts: list[str] | None
    ) -> ListedImage | Folder | str | None:
        """What an entry is; None for what was read with another.

        parts : of an archive, see `_parts`
        """
        plain = entry.name.isascii() and not entry.is_symlink()
        if not plain and (reason := self._refuse(entry)) is not None:
            return reason
        if entry.is_dir():
            return self.read(inner, depth - 1) if depth else TOO_DEEP
        if entry.name.lower().endswith(IMAGES):
            status = entry.stat()
            regular = stat.S_ISREG(status.st_mode)
            return ListedImage(inner, status.st_size, status.st_mtime_ns) if regular else "it is not a regular file"
        suffix = os.path.splitext(entry.name)[1].lower()
        if not suffix and _is_image_inside(entry.path):
            status = entry.stat()
            return ListedImage(inner, status.st_size, status.st_mtime_ns)
        if is_archive(entry.name) and entry.is_file():
            self.archives += 1
            self.packed.append(inner)
            if self.unpacks and depth:
                return self._archive(inner, depth - 1, parts) if parts != [] else None
        if suffix in (*TEXTS, *TABLES) and entry.is_file():
            self.texts.append(inner)
        return f"{NO_IMAGE} ({suffix})" if suffix else NO_IMAGE

    def _archive(self, path: str, depth: int, parts: Sequence[str] | None = None) -> Folder:
        """The tree inside an archive; folders that hold nothing but one folder are passed through, and not counted.

        parts : archives that are read as this one
        """
        found: dict[str, ListedImage] = {}
        tick = lambda number: self.tick(self.images + number)  # noqa: E731
        for place in parts or [path]:
            for one in members(Path(self.root, place), tick):
                inner = f"{place}/{one.path}" if place else one.path
                reason = one.reason if isinstance(one, Skipped) else _member_problem(one.path)
                if isinstance(one, Skipped) or reason is not None:
                    self.skipped.append(Skipped(inner, reason or ""))
                else:
                    found[one.path] = ListedImage(inner, one.size, one.stamp)
        tree = _grown(path, found, joint=bool(parts))
        while len(tree.folders) == 1 and not tree.images:
            tree = tree.folders[0]
        tree = replace(self._cut(tree, depth), archive=path or os.path.basename(self.root))
        if parts:
            self.joined.append(list(parts))
            tree = replace(tree, title=whole_name(os.path.basename(path)))
        self.images += sum(1 for _ in every_image(tree))
        self.tick(self.images)
        return tree

    def _cut(self, tree: Folder, depth: int) -> Folder:
        """Without what lies more than `depth` folders below."""
        if depth:
            return replace(tree, folders=tuple(self._cut(inner, depth - 1) for inner in tree.folders))
        for inner in tree.folders:
            self.skipped += (Skipped(image.path, TOO_DEEP) for image in every_image(inner))
        return replace(tree, folders=())

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        """The last name first."""
        try:
            with os.scandir(os.path.join(self.root, path)) as entries:
                return sorted((e for e in entries if not _is_hidden(e.name)), key=lambda e: e.name, reverse=True)
        except OSError as error:
            self.skipped.append(Skipped(path or ".", f"the folder cannot be read ({error.strerror})"))
            return []

    def _is_open(self, entry: os.DirEntry[str]) -> bool:
        """Whether a file may be opened: it is a regular one, and no link that is not followed."""
        try:
            return self._refuse(entry) is None and entry.is_file()
        except OSError:
            return False  # it is told when it is read by itself

    def _refuse(self, entry: os.DirEntry[str]) -> str | None:
        if not is_unicode(entry.name):
            return "its name is not valid Unicode"
        if not entry.is_symlink():
            return None
        target, parent = os.path.realpath(entry.path), os.path.realpath(os.path.dirname(entry.path))
        if not os.path.exists(target):
            return "the link leads nowhere"
        if not self.follow and not _is_below(target, self.root):
            return LEAVES
        return "the link leads to a folder that contains it" if _is_below(parent, target) else None


def every_image(folder: Folder) -> Iterator[ListedImage]:
    yield from folder.images
    for inner in folder.folders:
        yield from every_image(inner)


def _member_problem(path: str) -> str | None:
    suffix = os.path.splitext(path)[1].lower()
    if suffix in IMAGES:
        return None
    return f"{NO_IMAGE} ({suffix})" if suffix else NO_IMAGE


def _grown(path: str, found: Mapping[str, ListedImage], joint: bool = False) -> Folder:
    """A tree from paths that start below `path`; or, where it is `joint`, below several archives."""
    here: dict[str, ListedImage] = {}
    below: dict[str, dict[str, ListedImage]] = {}
    for inner, one in found.items():
        first, slash, rest = inner.partition("/")
        if slash:
            below.setdefault(first, {})[rest] = one
        else:
            here[first] = one
    folders = (
        _grown(f"{path}/{name}" if path else name, inside, joint) for name, inside in sorted(below.items()) if name
    )
    return Folder(path, tuple(one for _, one in sorted(here.items())), tuple(folders), packed=True, joint=joint)


def _is_image_inside(path: str) -> bool:
    """Whether a file whose name says nothing starts as images do."""
    try:
        with opened(path, ANY_SIZE) as (file, _):
            return starts_as_image(file.read(START))
    except StudioError:
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in HIDDEN


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
