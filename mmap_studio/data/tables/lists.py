"""List files of the field: a line an image, `path label`, known by their names or by what is in them.

So are published: DomainNet and miniDomainNet (`splits_mini/clipart_train.txt`, labels from 0), PACS
(`art_painting_train_kfold.txt`, labels from 1), LibMTL's Office-Home (`Art_train.txt`), Office-31 (`amazon_list.txt`),
ImageCLEF (`list/bList.txt`), TLlib (`image_list/Art.txt`). Fields are parted by blanks, tabs, commas or semicolons; a
label is a number or a word, or what follows an image's name without its suffix (FGVC Aircraft: `1025794 707-320`);
a third field names the domain. Paths start at a folder that is not always the one the
lists are in: it is found by looking for their first images.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from mmap_studio.data.file_kinds import IMAGES, is_image
from mmap_studio.data.layouts import SPLIT_NAMES, split_of, without_unions
from mmap_studio.data.tables.image_index import ImageIndex, covered, placed
from mmap_studio.data.tables.rows import (
    BadRows,
    ImageRow,
    Rows,
    TableRows,
    Tails,
    check_path,
    watched,
    with_parts_of_folders,
)
from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import shown
from mmap_studio.storage.opener import opened

SUFFIXES = (".txt", ".lst", ".list", ".flist", ".csv", ".tsv")
_SPLIT = rf"(?P<split>{'|'.join(SPLIT_NAMES)})"
_NAME = re.compile(rf"(?P<domain>.+)_{_SPLIT}(?:_kfold)?\.txt", re.IGNORECASE)
_PART = re.compile(rf"(?:(?<=[-_. ])|^){_SPLIT}(?:(?=[-_. ])|$)", re.IGNORECASE)
_LIST = re.compile(r"(?i:^(image|img|file)?[-_ ]?(lists?|labels?|files?|images?|annotations?|gt)$)|"
                   r"(?i:[-_. ](image|img|file)?[-_]?(lists?|labels?|files?|annotations?|gt)$)|(?<=[a-z0-9])List$|"
                   r"(?i:^(image|img|file)?[-_]?lists?[-_. ])")  # fmt: skip
"""What is in the name of a list and no name of a domain: `amazon_list`, `bList`, `image_list`."""
_FOLDERS = re.compile(r"(image|img|file|data)?[-_]?(lists?|labels?|splits?|txt|annotations?|files?)", re.IGNORECASE)
"""Folders that hold lists, and are called so."""
_WITH_SUFFIX = re.compile(rf"(?P<path>.+(?:{'|'.join(map(re.escape, IMAGES))}))(?P<rest>[\s,;].*)", re.I | re.S)
MAX_LINE = 64 * 1024
"""Bytes of a line; a path has at most 4,096 on Linux."""
MAX_LIST = 1 << 30
"""Bytes of a list: some ten million lines."""
LOOK_AT = 50
"""Lines of a list that are looked for when its folder is to be found."""
LINES, ALL_LINES = 20, 1000
"""Lines by which a list is known, and how many are read to find them: the rest may be empty."""
MOST_FILES = 300
"""Text files that are looked into: some data sets have one an image."""
ABOVE = 2
"""Folders that a list's paths may start above the root."""
BELOW = 2
"""Folders that must stay of such a path where the images lie in a folder below the root."""
EVERYWHERE = "*"
"""The group of lists that have one name in several folders."""


@dataclass(frozen=True)
class ListStyle:
    """How the lines of a list are to be read."""

    separator: str = ""
    """Between fields; blanks where empty."""
    words: bool = False
    """Labels are words."""
    domains: bool = False
    """A third field names the domain."""
    pets: bool = False
    """Two numbers follow the label, as of Oxford-IIIT Pet: `Abyssinian_100 1 1 1`."""
    stems: bool = False
    """The words behind an image's name without its suffix are the label."""


def list_folders(root: Path, texts: Sequence[str], images: ImageIndex) -> dict[str, list[str]]:
    """Folder -> its list files, of all text files below a root.

    Known by their names where a folder has lists `<domain>_train.txt`, else by their lines. Lists of one name in
    several folders are one group, `EVERYWHERE`.
    """
    found: dict[str, list[str]] = {}
    texts = without_unions(sorted(path for path in texts if path.lower().endswith(SUFFIXES)))
    for path in texts:
        if _NAME.fullmatch(PurePosixPath(path).name):
            found.setdefault(path.rpartition("/")[0], []).append(path)
    found = {folder: paths for folder, paths in found.items() if any(_name(path)[1] == "train" for path in paths)}
    others = [path for path in texts if path.rpartition("/")[0] not in found]
    named: dict[str, list[str]] = {}
    for path in sorted(others, key=lambda path: (path.count("/"), path))[:MOST_FILES]:
        if style_of(root / path, images) is not None:
            named.setdefault(path.rpartition("/")[0], []).append(path)
    names = {PurePosixPath(path).name for paths in named.values() for path in paths}
    if len(named) > 1 and len(names) == 1:
        return found | {EVERYWHERE: sorted(path for paths in named.values() for path in paths)}
    return found | {folder: sorted(paths) for folder, paths in named.items()}


def first_lines(path: Path) -> list[str]:
    """The first lines of a file that are not empty; none where it is no text."""
    lines: list[str] = []
    try:
        with opened(path, MAX_LIST) as (file, _):
            for line in islice(iter(lambda: file.readline(MAX_LINE + 1), b""), ALL_LINES):
                if text := line.decode("utf-8-sig").strip():
                    lines.append(text)
                if len(lines) == LINES:
                    break
    except (StorageError, CorruptError, UnicodeDecodeError):
        return []
    return lines


def style_of(path: Path, images: ImageIndex) -> ListStyle | None:
    """How a file is to be read as a list, by its first lines; None for one that is none."""
    lines = first_lines(path)
    if lines and all(_of_pets(line.split(), images) for line in lines):
        return ListStyle(pets=True)
    for style in (ListStyle("\t"), ListStyle(","), ListStyle(";"), ListStyle()):
        fields = [_fields(line, style.separator) for line in lines]
        if not lines or any(len(one) not in (2, 3) or not all(one) for one in fields):
            continue
        if not all(_looks_like_path(one[0], images) for one in fields):
            continue
        count = max(map(len, fields))
        words = not any(_is_label(one[1]) for one in fields)
        if any(len(one) != count for one in fields) or (words and count == 3 and not style.separator):
            continue  # the words of a label may be parted by blanks
        return ListStyle(style.separator, words, count == 3)
    parted = [line.split(maxsplit=1) for line in lines]
    if lines and all(len(one) == 2 and _is_stem(one[0], images) for one in parted):
        return ListStyle(words=True, stems=True)
    return None


def _is_stem(text: str, images: ImageIndex) -> bool:
    return not is_image(text) and next(images.bases(text), None) is not None


def _of_pets(fields: Sequence[str], images: ImageIndex) -> bool:
    return len(fields) == 4 and all(map(_is_label, fields[1:])) and next(images.bases(fields[0]), None) is not None


def _looks_like_path(text: str, images: ImageIndex) -> bool:
    return text.lower().endswith(IMAGES) or text.replace("\\", "/") in images


def _fields(text: str, separator: str) -> list[str]:
    """Path, label, and perhaps domain; a path may have blanks in it, where it ends as images do."""
    if separator:
        return [field.strip().strip('"') for field in text.split(separator)]
    if found := _WITH_SUFFIX.fullmatch(text):
        rest = found["rest"]
        return [found["path"], *rest.split()] if rest[0].isspace() else [text]
    return text.rsplit(maxsplit=1)


def read_lists(root: Path, paths: Sequence[str], images: ImageIndex, tick: Callable[[], object]) -> TableRows:
    """The rows of every domain that the lists are about, in the order of the lists.

    Raises DataError naming file and line where most lines are not `path label`, are absolute or leave the folder.
    """
    domains: dict[str, Rows] = {}
    said: list[str] = []
    unused: list[DataError] = []
    by_name = all(_NAME.fullmatch(PurePosixPath(path).name) for path in paths)
    for path in paths:
        domain, split = _name(path) if by_name else meaning(path, root)
        style = ListStyle() if by_name else style_of(root / path, images) or ListStyle()
        if by_name and (seen := style_of(root / path, images)):
            style = seen
        found: dict[str, list[ImageRow]] = {}
        bad, folder = BadRows(), path.rpartition("/")[0]
        tails = Tails(images, domain if domain != root.name else "")
        for image, label, own in watched(read_list(root / path, style, folder, tails, bad), tick):
            found.setdefault(own or domain, []).append(ImageRow(image, sys.intern(label), split))
        try:
            said += bad.notices(sum(map(len, found.values())))
        except DataError as error:
            if found:
                raise
            unused.append(error)
        for name, own_rows in found.items():
            where = f"List {shown(f'{name}_*.txt' if by_name else path)}"
            rows = domains.setdefault(name, Rows(name, where))
            if not by_name:
                own_rows = _placed(own_rows, path, images)
            rows.rows += own_rows
    if unused and not domains:
        raise unused[0]
    said += [f"A list is left out, of which no line can be used: {error}" for error in unused]
    for rows in domains.values():
        if by_name:
            rows.base, rows.cut = find_base([row.path for row in rows.rows[:LOOK_AT]], images)
    return TableRows(list(domains.values()), [*said, *with_parts_of_folders(list(domains.values()))], [])


def _placed(rows: list[ImageRow], path: str, images: ImageIndex) -> list[ImageRow]:
    """The rows of one list with paths from the root."""
    base, cut = find_base([row.path for row in rows[:LOOK_AT]], images, path)
    return [row._replace(path=placed(row.path, images, base, cut)) for row in rows] if base or cut else rows


def read_list(
    path: Path, style: ListStyle = ListStyle(), folder: str = "", tails: Tails | None = None, bad: BadRows | None = None
) -> Iterator[tuple[str, str, str]]:
    """Path, label and domain (empty where there is none) of every line that is not empty, a line at a time.

    folder, tails : as of `check_path`   bad : takes the lines that cannot be used, which are errors without it
    """
    for where, text in list_lines(path):
        try:
            parted = _parted(text, style, where, folder, tails)
        except DataError as error:
            if bad is None:
                raise
            bad.add(error)
        else:
            yield parted


def list_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Where a line stands, for sentences, and its text, of every line that is not empty."""
    try:
        with opened(path, MAX_LIST) as (file, _):
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                where = f"List {shown(path)}, line {number}"
                if len(line) > MAX_LINE:
                    raise DataError(
                        f"{where}: a line must have at most {MAX_LINE:,} bytes, but has more; is it a list?"
                    )
                text = _text(line, where)
                if text:
                    yield where, text
    except (StorageError, CorruptError) as error:
        raise DataError(f"List {shown(path)} cannot be read: {error}") from None


def find_base(paths: Sequence[str], images: ImageIndex, own: str = "") -> tuple[str, int]:
    """The folder below the root that most of these paths start from, the root's own is empty; and how many folders at
    their start lie above the root.

    own : the file that names them, in whose folder paths are looked for first; of folders that fit alike, the one that
    is called as the file is taken, or that of the same part
    """
    own, _, name = own.rpartition("/")
    if own and covered(paths, images, own) * 2 > len(paths):
        return own, 0
    for cut in range(ABOVE + 1):
        if covered(paths, images, cut=cut) * 2 > len(paths):
            return "", cut
    for cut in range(
        ABOVE + 1
    ):  # behind what is cut off a domain and a class must stay: `real/cat/1.jpg` is no sketch's
        first = [path.split("/", cut)[-1] for path in paths[:5] if cut == 0 or path.count("/") >= cut + BELOW]
        votes = Counter(base for path in first for base in images.bases(path))
        hits = {base: covered(paths, images, base, cut) for base in votes}
        if hits:
            return max(hits, key=lambda base: (hits[base], _fit(base, name), -len(base))), cut
    return "", 0


def _fit(folder: str, file: str) -> tuple[bool, bool]:
    """How well a folder's name goes with that of a file: `mnist_m_test` with `mnist_m_test_labels.txt`."""
    called, stem = folder.rpartition("/")[2].casefold(), file.rpartition(".")[0].casefold()
    own, part = split_of(called), _without_part(stem)[1] or "train"
    return bool(called) and stem.startswith(called), own == part


def _name(path: str) -> tuple[str, str]:
    found = _NAME.fullmatch(PurePosixPath(path).name)
    assert found is not None
    return found["domain"], SPLIT_NAMES[found["split"].casefold()]


def meaning(path: str, root: Path, generic: re.Pattern[str] = _FOLDERS) -> tuple[str, str | None]:
    """The domain and the part that the name of a list or a table says, else the folder it is in.

    generic : names, without their suffix, that say neither
    """
    *folders, name = path.split("/")
    stem = re.sub(r"_?kfold$", "", name.rpartition(".")[0], flags=re.IGNORECASE)
    words, split = _without_part(stem)
    words = "" if generic.fullmatch(words) else _LIST.sub("", words).strip("-_. ")
    while not words and folders:
        folder, own = _without_part(folders.pop())
        split = split or own
        words = "" if _FOLDERS.fullmatch(folder) else folder
    return words or root.name, split


def _without_part(name: str) -> tuple[str, str | None]:
    """A name without the word that says the part, and the part."""
    if (found := _PART.search(name)) is None:
        return name, None
    return (name[: found.start()] + name[found.end() :]).strip("-_. "), SPLIT_NAMES[found["split"].casefold()]


def _text(line: bytes, where: str) -> str:
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise DataError(
            f"{where}: a list must be UTF-8 text, but holds {line[:20]!r}; write it again as UTF-8."
        ) from None
    if "\0" in text:
        raise DataError(f"{where}: a list must be text, but holds a zero byte; is it a list?")
    return text


def _parted(text: str, style: ListStyle, where: str, folder: str, tails: Tails | None) -> tuple[str, str, str]:
    fields = text.split(maxsplit=1) if style.stems else text.split() if style.pets else _fields(text, style.separator)
    if style.pets and len(fields) == 4:
        fields = fields[:2]
    if len(fields) != (3 if style.domains else 2) or not fields[0] or not (style.words or _is_label(fields[1])):
        form = f"`path{style.separator or ' '}label{style.separator + ' domain' if style.domains else ''}`"
        label = "" if style.words else " with a whole number at its end"
        raise DataError(f"{where}: a line must be {form}{label}. Got {shown(text[:80])} instead.")
    label = fields[1] if style.words else str(int(fields[1]))
    return check_path(fields[0].strip(), where, folder, tails), label, fields[2] if style.domains else ""


def _is_label(text: str) -> bool:
    return text.isascii() and text.isdigit()
