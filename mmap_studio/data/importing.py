"""What an import finds: domains with classes and files. Values only; `recognise.look` makes them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mmap_studio.data.reports import Skipped
from mmap_studio.data.table import GIVEN, FileTable, ImageFile

__all__ = ["Domain", "ImageFile", "Import", "Paths"]


@dataclass(frozen=True, slots=True)
class Paths:
    """The absolute paths of files as a lazy list: a million of them take no room."""

    root: Path
    files: FileTable

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Path:
        return self.root / self.files.path(index)

    def __iter__(self) -> Iterator[Path]:
        return (self.root / path for path in self.files.paths())


@dataclass(frozen=True)
class Domain:
    """One domain: a task once it has a split."""

    name: str
    root: Path
    """Absolute. Of images in an archive: the archive's path, then the path inside."""
    classes: tuple[str, ...]
    """As folders or lists call them; `names.clean_class_name` makes them readable."""
    files: FileTable
    """By class, then split, then name; of lists in their order."""
    part: str = ""
    """Which of several domains of one root this is, where the root alone does not say it."""
    packed: bool = False
    """Some images lie in archives."""

    @cached_property
    def labels(self) -> np.ndarray:
        """int64 (N,): class index of every file; read-only."""
        labels = self.files.classes.astype(np.int64)
        labels.setflags(write=False)
        return labels

    @cached_property
    def given_splits(self) -> tuple[str | None, ...]:
        """(N,): what folders or lists say, one for each file."""
        return tuple(GIVEN[code] for code in self.files.splits.tolist())

    @property
    def counts(self) -> np.ndarray:
        """int64 (classes, 4): images of every class that are given for no part, for train, val and test."""
        both = self.files.classes.astype(np.int64) * len(GIVEN) + self.files.splits
        return np.bincount(both, minlength=len(self.classes) * len(GIVEN)).reshape(-1, len(GIVEN))

    @property
    def has_given_split(self) -> bool:
        """Whether folders or lists say of any file which part it belongs to."""
        return bool(self.files.splits.any())

    @property
    def paths(self) -> "Paths":
        """(N,): absolute paths; each is made when it is asked for."""
        return Paths(self.root, self.files)

    @property
    def place(self) -> str:
        """Where it lies: the same for the same domain when its files change."""
        return f"{self.root}\0{self.part}"

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of classes, paths, sizes and times: what changes when the folder does. Opens no file."""
        return hashlib.sha256(f"{self.classes!r}{self.files.fingerprint}".encode()).hexdigest()


@dataclass(frozen=True)
class Import:
    """The result of a scan."""

    root: Path
    """Absolute; may be below the folder that was asked for, a notice then says so."""
    domains: tuple[Domain, ...]
    notices: tuple[str, ...]
    """What a user should know before going on, one sentence each."""
    skipped: tuple[Skipped, ...]
    """Every file and folder that is not used, relative to `root`."""
    layout: str = "domains"
    """As what it was read: one of `layouts.LAYOUTS`, with what distinguishes it after a colon where needed."""
    why: str = ""
    """One sentence: by what it was recognised."""
    others: tuple[str, ...] = ()
    """Layouts that would fit as well."""
