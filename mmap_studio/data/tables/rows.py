"""Images that a list or a table names, one row each, become domains: what lists and manifests have in common.

A row is looked up among the images that were found below the root. Rows without a file are skipped and counted; an
image that is named for two parts is used in one, training before validation before test, and a notice says so: PACS's
published test lists, for one, repeat all training images.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from string import digits
from typing import NamedTuple, TypeVar

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_table import FileTable, ImageFile
from mmap_studio.data.layouts import SPLIT_NAMES, split_of
from mmap_studio.data.listing import ListedImage
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.image_index import ImageIndex, from_root
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown, some

EVERY = 5000
"""Rows between two calls of a tick."""
T = TypeVar("T")
_WHOLE = re.compile(r"\d{1,15}(\.0*)?")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[-+]?\d+(\.0*)?")
ORDER: tuple[str | None, ...] = ("train", "val", "test", None)
"""Which part keeps an image that is named for several."""


class ImageRow(NamedTuple):
    """One line of a list or a table."""

    path: str
    """As written; relative, parts joined by `/`."""
    label: str
    """A number or a name."""
    split: str | None


@dataclass(eq=False)
class Rows:
    """The rows of one domain, and what was noticed about them."""

    task: str
    where: str
    """The file that names them, for sentences."""
    base: str = ""
    """Folder below the root that the paths start from."""
    cut: int = 0
    """Folders at the start of every path that lie above the root: the list of a domain read beside its classes."""
    rows: list[ImageRow] = field(default_factory=list)
    in_tables: bool = False
    """The images are rows of tables, whose names say nothing of a class."""

    def place(self, row: ImageRow) -> str:
        return from_root(row.path, self.base, self.cut)

    def lie_in(self, images: Mapping[str, ListedImage]) -> bool:
        return any(self.place(row) in images for row in self.rows)


class TableRows(NamedTuple):
    """The rows of tables or lists, and what was noticed of them."""

    rows: list[Rows]
    notices: list[str]
    skipped: list[Skipped]


class BadRows:
    """Rows of a table or lines of a list that cannot be used: how many, and what is wrong with the first."""

    def __init__(self) -> None:
        self._first: DataError | None = None
        self._count = 0

    def add(self, error: DataError) -> None:
        self._first = self._first or error
        self._count += 1

    def notices(self, good: int) -> list[str]:
        """A sentence about them; the first error where they are more than those that can be used."""
        if self._first is None:
            return []
        if self._count > good:
            raise self._first
        return [f"{counted(self._count, 'row is', 'rows are')} left out: {self._first}"]


class Parts:
    """The parts that a column gives: train, val or test. Numbers, as of folds, are none; where some were met, a notice
    says so."""

    def __init__(self) -> None:
        self._numbers = False

    def of(self, text: str, where: str) -> str | None:
        """The part that a cell names; None for an empty one and for a number. DataError naming the row for others."""
        if not text.strip():
            return None
        if _NUMBER.fullmatch(text.strip()):
            self._numbers = True
            return None
        part = split_of(text)
        if part is None:
            raise DataError(
                f"{where}: a split must be one of {', '.join(SPLIT_NAMES)}, or empty. Got {shown(text)} instead."
            )
        return part

    def notices(self, columns: Sequence[str]) -> list[str]:
        """That the column, or one of the columns, of parts has numbers."""
        if not self._numbers:
            return []
        holds = f"Column {shown(columns[0])} holds" if len(columns) == 1 else f"Columns {some(columns)} hold"
        return [f"{holds} numbers, which are no parts, and are not used: the split is drawn instead."]


def watched(rows: Iterable[T], tick: Callable[[], object]) -> Iterator[T]:
    """The same, with a tick now and then; what it raises ends them."""
    for number, row in enumerate(rows):
        if number % EVERY == 0:
            tick()
        yield row


def check_path(path: str, where: str, folder: str = "", tails: "Tails | None" = None) -> str:
    """A path that stays below the root, without `./` in front. DataError naming file and line otherwise.

    folder : below the root, of what names it: `../images/1.jpg` may start there   tails : for absolute paths
    """
    plain = path.replace("\\", "/")
    while plain.startswith("./"):
        plain = plain[2:]
    if folder and plain.startswith("../"):
        plain = posixpath.normpath(f"{folder}/{plain}")
    if plain.startswith("/") or plain[1:2] == ":":
        if tails is not None and (found := tails.of(plain)):
            return found
        raise DataError(
            f"{where}: a path must be relative, but {shown(path)} is absolute; write it from the data's folder."
        )
    if ".." in plain.split("/"):
        raise DataError(f"{where}: a path must stay inside the data's folder, but {shown(path)} leaves it; correct it.")
    return plain


class Tails:
    """Absolute paths that another computer wrote: the longest end of each that is one image here, from the root."""

    def __init__(self, images: ImageIndex, domain: str = "") -> None:
        self._images, self.domain = images, domain.casefold()
        """The domain's folder, where a path has one, is never cut off: `/x/sketch/cat/1.jpg` is no `real/cat/1.jpg`."""
        self._cut, self._base = 0, ""
        """Of the last one that was found: the others begin alike."""

    def of(self, path: str) -> str:
        """The image's path; empty where none or several are meant."""
        parts = path.split("/")
        folders = [part.casefold() for part in parts[:-1]]
        last = folders.index(self.domain) if self.domain and self.domain in folders else len(parts) - 1
        if last < self._cut:
            self._cut = 0
        again = from_root("/".join(parts[self._cut :]), self._base, 0)
        if self._cut and again in self._images:
            return again
        for cut in range(1, last + 1):
            end = "/".join(parts[cut:])
            if bases := list(self._images.bases(end)):
                self._cut, self._base = cut, bases[0]
                return from_root(end, bases[0], 0) if len(bases) == 1 else ""
        return ""


def domain_of(
    found: Rows, root: Path, images: Mapping[str, ListedImage], packed: bool, tick: Callable[[], object]
) -> tuple[Domain, list[str], list[Skipped]]:
    """The domain, notices, and what was skipped. DataError when fewer than two classes have images."""
    _make_whole(found)
    kept, notices, skipped = _kept(found, images, tick)
    labels = sorted(
        {row.label for row, _ in kept}, key=lambda label: (int(label), "") if _is_number(label) else (-1, label)
    )
    names = _names(found, labels, kept, notices)
    if len(labels) < 2:
        gone = f"{counted(len(skipped), 'file')} it names are not there"
        missing = f"; {gone}, such as {shown(skipped[0].path)}, so correct the paths" if skipped else "; add the others"
        raise DataError(
            f"{found.where} must name images of at least 2 classes for {shown(found.task)}; "
            f"found {some(names) or 'none'}{missing}."
        )
    index = {label: number for number, label in enumerate(labels)}
    files = FileTable.of(
        ImageFile(image.path, index[row.label], image.size, image.stamp, row.split) for row, image in kept
    )
    return Domain(found.task, root, names, files, found.task, packed), notices, skipped


def _make_whole(found: Rows) -> None:
    """Labels 0.0, 1.0, as programs write numbers of a column with gaps, become 0, 1."""
    labels = {row.label for row in found.rows}
    if any("." in label for label in labels) and all(_WHOLE.fullmatch(label) for label in labels):
        found.rows = [row._replace(label=row.label.partition(".")[0]) for row in found.rows]


def _kept(
    found: Rows, images: Mapping[str, ListedImage], tick: Callable[[], object]
) -> tuple[list[tuple[ImageRow, ListedImage]], list[str], list[Skipped]]:
    kept: dict[str, tuple[ImageRow, ListedImage]] = {}
    skipped: list[Skipped] = []
    repeated: Counter[tuple[str | None, str | None]] = Counter()
    conflicts: list[str] = []
    for row in watched(sorted(found.rows, key=lambda row: ORDER.index(row.split)), tick):
        path = found.place(row)
        image = images.get(path)
        if image is None:
            skipped.append(Skipped(path, f"{found.where} names it, but no such image is there"))
        elif image.path in kept:
            first = kept[image.path][0]
            repeated[first.split, row.split] += 1
            if first.label != row.label:
                conflicts.append(row.path)
        else:
            kept[image.path] = row, image
    if conflicts:
        raise DataError(
            f"{found.where} must give every image of {shown(found.task)} one class, but gives two to "
            f"{some(conflicts, 2)}; give each one."
        )
    return list(kept.values()), list(repetitions(f"Task {shown(found.task)}", repeated)), skipped


def with_parts_of_folders(found: Sequence[Rows]) -> list[str]:
    """Give the parts that the folders of the paths are called by, `train/1.png` and `test/2.png`, where rows say none;
    a sentence about it, or nothing.
    """
    rows = [row for one in found for row in one.rows]
    if not rows or any(row.split for row in rows):
        return []
    above = [row.path.split("/")[:-1] for row in rows]
    for depth in range(min(map(len, above))):
        names = {folders[depth] for folders in above}
        parts = {split_of(name) for name in names}
        if {"train"} < parts and None not in parts:
            for one in found:
                one.rows = [row._replace(split=split_of(row.path.split("/")[depth])) for row in one.rows]
            return [f"The parts are those of the folders in the paths: {some(sorted(names))}."]
    return []


def repetitions(start: str, repeated: Mapping[tuple[str | None, str | None], int]) -> Iterator[str]:
    """Sentences about images that were named again: part that keeps them, part that names them too -> how many."""
    for (first, second), count in repeated.items():
        images = counted(count, "image")
        if first == second:
            yield f"{start}: {images} named twice for {first or 'the task'}; each is used once."
        else:
            yield f"{start}: {images} of {second} are named for {first} too, and used for {first} alone."


def _names(
    found: Rows, labels: list[str], kept: Iterable[tuple[ImageRow, ListedImage]], notices: list[str]
) -> tuple[str, ...]:
    """The classes' names: labels that are words as they are, numbers by the folders their images lie in."""
    if not all(_is_number(label) for label in labels):
        return tuple(labels)
    names = () if found.in_tables else _folders(found, labels, kept, notices) or _stems(found, labels, kept, notices)
    return names or tuple(labels)


def _folders(
    found: Rows, labels: list[str], kept: Iterable[tuple[ImageRow, ListedImage]], notices: list[str]
) -> tuple[str, ...]:
    """For every label the folder that most of its images lie in; none where two share one."""
    folders: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for row, image in kept:
        folders[row.label][PurePosixPath(image.path).parent.name] += 1
    for label, own in folders.items():  # of GTSRB, training images lie in class folders, test images do not
        folders[label] = Counter({name: count for name, count in own.items() if not split_of(name)}) or own
    names = [folders[label].most_common(1)[0][0] for label in labels]
    if len(set(names)) < len(names):
        return ()
    mixed = [name for name, label in zip(names, labels, strict=True) if len(folders[label]) > 1]
    if mixed:
        notices.append(f"Task {shown(found.task)}: some images of class {some(mixed)} lie in folders of other names.")
    return tuple(names)


def _stems(
    found: Rows, labels: list[str], kept: Iterable[tuple[ImageRow, ListedImage]], notices: list[str]
) -> tuple[str, ...]:
    """For every label the words that its files' names begin with, as `Abyssinian_100.jpg`; none where a class has
    several, or two have the same.
    """
    stems: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for row, image in kept:
        words, _ = numbered(image.path)
        stems[row.label][words] += 1
        if not words or len(stems[row.label]) > 1:
            return ()
    names = [words for label in labels for words, count in stems[label].items() if count > 1]
    if len({_DIGITS.sub("", name) for name in names}) < len(labels):  # `img_0` and `img_1` say no more than 0 and 1
        return ()
    said = f"the classes have numbers, and are called as their files are: {some(names, 3)}."
    notices.append(f"Task {shown(found.task)}: {said}")
    return tuple(names)


def numbered(path: str) -> tuple[str, str]:
    """The words that a file's name begins with, and the number at its end: `Abyssinian_100.jpg`, `train1.txt`."""
    name = PurePosixPath(path).stem
    words = name.rstrip(digits)
    return words.rstrip("-_. "), name[len(words) :]


def _is_number(label: str) -> bool:
    """Whether it is one that `int` takes: a superscript is a digit, but no decimal."""
    return label.isdecimal() and len(label) < 20
