"""List files of the field: `<domain>_<split>.txt`, a line an image, `path label`.

So are published: DomainNet and miniDomainNet (`splits_mini/clipart_train.txt`, labels from 0), PACS
(`art_painting_train_kfold.txt`, labels from 1), LibMTL's Office-Home (`Art_train.txt`). Their paths start at a folder
that is not always the one the lists are in: it is found by looking for their first images.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from mmap_studio.data.layouts import SPLIT_NAMES
from mmap_studio.data.listing import ListedImage
from mmap_studio.data.tables.rows import ImageRow, Rows, check_path, watched
from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import shown
from mmap_studio.storage.opener import opened

_NAME = re.compile(rf"(?P<domain>.+)_(?P<split>{'|'.join(SPLIT_NAMES)})(?:_kfold)?\.txt", re.IGNORECASE)
MAX_LINE = 64 * 1024
"""Bytes of a line; a path has at most 4,096 on Linux."""
MAX_LIST = 1 << 30
"""Bytes of a list: some ten million lines."""
LOOK_AT = 50
"""Lines of a list that are looked for when its folder is to be found."""
ABOVE = 2
"""Folders that a list's paths may start above the root."""


def list_folders(texts: Sequence[str]) -> dict[str, list[str]]:
    """Folder -> its list files, of all text files below a root; only folders that have lists for training."""
    found: dict[str, list[str]] = {}
    for path in sorted(texts):
        if _NAME.fullmatch(PurePosixPath(path).name):
            found.setdefault(path.rpartition("/")[0], []).append(path)
    return {folder: paths for folder, paths in found.items() if any(_name(path)[1] == "train" for path in paths)}


def read_lists(
    root: Path, paths: Sequence[str], images: Mapping[str, ListedImage], tick: Callable[[], object]
) -> list[Rows]:
    """The rows of every domain that the lists are about, in the order of the lists.

    Raises DataError naming file and line for one that is not `path label`, is absolute or leaves the folder.
    """
    domains: dict[str, Rows] = {}
    for path in paths:
        domain, split = _name(path)
        rows = domains.setdefault(domain, Rows(domain, f"List {shown(f'{domain}_*.txt')}"))
        rows.rows += (
            ImageRow(image, sys.intern(label), split) for image, label in watched(read_list(root / path), tick)
        )
    for rows in domains.values():
        rows.base, rows.cut = find_base([row.path for row in rows.rows[:LOOK_AT]], images)
    return list(domains.values())


def read_list(path: Path) -> Iterator[tuple[str, str]]:
    """Path and label of every line that is not empty, a line at a time."""
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
                    yield _parted(text, where)
    except (StorageError, CorruptError) as error:
        raise DataError(f"List {shown(path)} cannot be read: {error}") from None


def find_base(paths: Sequence[str], images: Mapping[str, ListedImage]) -> tuple[str, int]:
    """The folder below the root that most of these paths start from, the root's own is empty; and how many folders at
    their start lie above the root."""
    for cut in range(ABOVE + 1):
        if sum(path.split("/", cut)[-1] in images for path in paths) * 2 > len(paths):
            return "", cut
    votes: Counter[str] = Counter()
    for path in paths[:5]:
        end = f"/{path}"
        votes.update(found[: -len(end)] for found in images if found.endswith(end))
    hits = {base: sum(f"{base}/{path}" in images for path in paths) for base in votes}
    return max(hits, key=lambda base: (hits[base], -len(base)), default=""), 0


def _name(path: str) -> tuple[str, str]:
    found = _NAME.fullmatch(PurePosixPath(path).name)
    assert found is not None
    return found["domain"], SPLIT_NAMES[found["split"].casefold()]


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


def _parted(text: str, where: str) -> tuple[str, str]:
    path, label = parts if len(parts := text.rsplit(maxsplit=1)) == 2 else ("", "")
    if not path.strip() or not (label.isascii() and label.isdigit()):
        raise DataError(
            f"{where}: a line must be `path label` with a whole number at its end. Got {shown(text[:80])} instead."
        )
    return check_path(path.strip(), where), str(int(label))
