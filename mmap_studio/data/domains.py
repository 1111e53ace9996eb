"""What a survey finds: domains with classes and image files, what was skipped, and sentences about them.

Values only; `survey.survey` makes them.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from mmap_studio.data.file_table import GIVEN, FileTable
from mmap_studio.data.names import as_read, clean_class_name
from mmap_studio.data.skipped import Skipped
from mmap_studio.errors import DataError
from mmap_studio.formatting import SHOWN, counted, shown, some
from mmap_studio.storage.documents import LONGEST_NAME

MAX_CLASSES = 10_000
"""Of a domain: the table of confusions of so many takes 800 MB."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The absolute paths of files, each made when it is asked for: a million of them take no room."""

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

    def __post_init__(self) -> None:
        if len(self.classes) > MAX_CLASSES:
            raise DataError(
                f"Domain {shown(self.name)} must have at most {MAX_CLASSES:,} classes. Got {len(self.classes):,} "
                "instead; is its column or its folder the one of the classes?"
            )
        for what, name in (("the domain", self.name), *(("a class", name) for name in self.classes)):
            if why := unusable(name):
                raise DataError(
                    f"Domain {shown(self.name[:SHOWN])} must have names of at most {LONGEST_NAME:,} letters that a "
                    f"file of text can hold, but {what} is called {shown(name[:SHOWN])}, {why}; correct the name."
                )

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
    def paths(self) -> Paths:
        """(N,): absolute paths."""
        return Paths(self.root, self.files)

    @property
    def place(self) -> str:
        """Where it lies: the same for the same domain when its files change."""
        return f"{self.root}\0{self.part}"

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of classes, paths, sizes and times: what changes when the folder does. Opens no file."""
        return hashlib.sha256(f"{self.classes!r}{self.files.fingerprint}".encode()).hexdigest()


def unusable(name: str) -> str:
    """Why no project can keep a name; empty for any that it can."""
    if len(name) > LONGEST_NAME:
        return f"which has {len(name):,} letters"
    if "\0" in name:
        return "with a zero byte in it"
    if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
        return "with half a letter in it"
    return ""


@dataclass(frozen=True)
class Survey:
    """The domains below a folder, or in an archive or a table, and what of it is not used."""

    root: Path
    """Absolute; may be below the folder that was asked for, a notice then says so."""
    domains: tuple[Domain, ...]
    notices: tuple[str, ...]
    """What a user should know before going on, one sentence each; not what was skipped."""
    skipped: tuple[Skipped, ...]
    """Every file and folder that is not used, relative to `root`."""
    layout: str = "domains"
    """As what it was read: one of `layouts.LAYOUTS`, with what distinguishes it after a colon where needed."""
    why: str = ""
    """One sentence: by what the layout was recognised."""
    others: tuple[str, ...] = ()
    """Layouts that would fit as well."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Class -> what a file beside the images calls it."""
    own_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Domain -> the same, where there are files for single domains."""

    def saying(self, notice: str, names: Mapping[str, str] | None = None) -> "Survey":
        """With one notice more, in front of others."""
        return replace(self, notices=(notice, *self.notices), names=self.names if names is None else names)

    @property
    def skipped_notices(self) -> list[str]:
        """One sentence for each reason to skip, with the count and an example."""
        by_reason: dict[str, list[str]] = {}
        for one in self.skipped:
            by_reason.setdefault(one.reason, []).append(one.path)
        return [
            f"{counted(len(paths), 'entry')} left out, {reason}: {some(paths, 1)}."
            for reason, paths in by_reason.items()
        ]


def class_notices(domains: Sequence[Domain]) -> list[str]:
    """Classes that only some domains have; names that read the same are the same class."""
    home: dict[str, list[str]] = {}
    for domain in domains:
        for name in dict.fromkeys(as_read(clean_class_name(raw)) for raw in domain.classes):
            home.setdefault(name, []).append(domain.name)
    partial = {name: where for name, where in sorted(home.items()) if len(where) < len(domains)}
    if not partial:
        return []
    listed = "; ".join(f"{shown(name)} in {some(where, 3)}" for name, where in list(partial.items())[:5])
    more = f"; and {len(partial) - 5} more" if len(partial) > 5 else ""
    return [f"{counted(len(partial), 'class')} only in some domains: {listed}{more}."]
