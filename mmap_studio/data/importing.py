"""What an import finds: domains with classes and files. Values only; `folders.scan` makes them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mmap_studio.data.reports import Skipped


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image, not yet opened."""

    path: str
    """Relative to its domain's root, parts joined by `/`."""
    class_index: int
    """Into `Domain.classes`."""
    size: int
    """Bytes."""
    mtime_ns: int
    given_split: str | None = None
    """train, val or test where the folders say so."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The absolute paths of files as a lazy list: a million of them take no room."""

    root: Path
    files: tuple[ImageFile, ...]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Path:
        return self.root / self.files[index].path

    def __iter__(self) -> Iterator[Path]:
        return (self.root / file.path for file in self.files)


@dataclass(frozen=True)
class Domain:
    """One domain: a task once it has a split."""

    name: str
    root: Path
    """Absolute."""
    classes: tuple[str, ...]
    """Folder names as they are, sorted by code point; `names.clean_class_name` makes them readable."""
    files: tuple[ImageFile, ...]
    """By class, then split, then name."""

    @cached_property
    def labels(self) -> np.ndarray:
        """int64 (N,): class index of every file; read-only."""
        labels = np.array([file.class_index for file in self.files], np.int64)
        labels.setflags(write=False)
        return labels

    @cached_property
    def given_splits(self) -> tuple[str | None, ...]:
        """(N,): what the folders say, one for each file."""
        return tuple(file.given_split for file in self.files)

    @property
    def paths(self) -> "Paths":
        """(N,): absolute paths, to be handed to `decode_many`; each is made when it is asked for."""
        return Paths(self.root, self.files)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of classes, paths, sizes and times: what changes when the folder does. Opens no file."""
        digest = hashlib.sha256("\0".join(self.classes).encode())
        for f in self.files:
            digest.update(f"\0{f.path}\0{f.class_index}\0{f.size}\0{f.mtime_ns}\0{f.given_split}".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Import:
    """The result of a scan."""

    root: Path
    """Absolute; may be below the folder that was asked for, a notice then says so."""
    domains: tuple[Domain, ...]
    notices: tuple[str, ...]
    """What a person should know before going on, one sentence each."""
    skipped: tuple[Skipped, ...]
    """Every file and folder that is not used, relative to `root`."""
