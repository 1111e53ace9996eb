"""Tables in shards: what belongs together by its name, and which of it is damaged or not there."""

import os
import re
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from pathlib import Path

from mmap_studio.data.file_kinds import is_columnar
from mmap_studio.data.layouts import SPLIT_NAMES
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown, some

SHARD = re.compile(
    r"(?:(?:^|[-_.])(?:(?:part|shard)[-_.]?\d+(?:-of-\d+)?|\d+-of-\d+|0\d{3,})|[-_.]\d{5})(?:-[0-9a-f]{16})?$"
)
"""At the end of a file's name: -00000-of-00004, part-0003, -00000, 0000; older ones have a digest behind. Any other
number is a name: `site_1`, `2019`, `photo_2020`."""
_OF = re.compile(r"(?P<number>\d{1,9})(?P<of>-of-(?P<total>\d{1,9}))(?:-[0-9a-f]{16})?$")
_SPLIT = re.compile(rf"(?:^|(?P<rest>.+)[-_.])(?P<split>{'|'.join(SPLIT_NAMES)})", re.IGNORECASE)
NAMED = 5
"""Shards named in a sentence."""


def check_shards(damaged: Sequence[str], tables: Sequence[str]) -> None:
    """DataError where a table that does not open is a shard of one that does: the rest would be half a data set."""
    shards = {_whole(table) for table in tables} - {None}
    for path in damaged:
        if _whole(path) in shards:
            raise DataError(
                f"Table {shown(path)} must be a whole Parquet file like the shards beside it, but cannot be opened; "
                "get it again, or move it away to do without its rows."
            )


def meanings(
    paths: Sequence[str], root: Path, bare: Callable[[str], str], number: re.Pattern[str], unnamed: Collection[str]
) -> list[tuple[str, str | None]]:
    """For every shard the domain and the part that its name and its folders say; what all have in common says none.

    bare : takes the suffix off a path   number : of a shard, in a folder or a name   unnamed : words that say nothing
    """

    def said(path: str) -> tuple[list[str], str | None]:
        words: list[str] = []
        part: str | None = None
        for word in bare(path).split("/"):
            word = number.sub("", word)
            if found := _SPLIT.fullmatch(word):
                part, word = SPLIT_NAMES[found["split"].casefold()], found["rest"] or ""
            if word and word.casefold() not in unnamed:
                words.append(word)
        return words, part

    read = [said(path) for path in paths]
    levels = [len(set(level)) == 1 for level in zip(*(words for words, _ in read), strict=False)]
    common = [*levels, False].index(False)
    return [("/".join(words[common:]) or (words[-1] if words else root.name), part) for words, part in read]


def missing_shards(root: Path, tables: Sequence[str]) -> list[str]:
    """A sentence for every data set of which shards are not there, by the number of shards that their names say.

    tables : below the root; what else lies in their folders is there as well, though nobody asked for it
    """
    folders = {table.rpartition("/")[0] for table in tables}
    names = ((folder, path.name) for folder in folders for path in (root / folder).iterdir() if is_columnar(path.name))
    beside = [f"{folder}/{name}" if folder else name for folder, name in names]
    here: dict[tuple[str, str], dict[int, str]] = {}
    for table in sorted({*tables, *beside}):
        name, suffix = os.path.splitext(table)
        if (found := _OF.search(name)) is not None and SHARD.search(name.rpartition("/")[2]):
            here.setdefault((name[: found.start()], found["of"] + suffix), {})[int(found["number"])] = found["number"]
    asked = {_whole(table) for table in tables}
    return [
        _sentence(start, of, numbers)
        for (start, of), numbers in here.items()
        if len(numbers) < _total(of) and _whole(f"{start}{next(iter(numbers.values()))}{of}") in asked
    ]


def _sentence(start: str, of: str, here: dict[int, str]) -> str:
    """Numbers begin with 0, as most do, unless the last that can be is there."""
    total, width = _total(of), max(map(len, here.values()))
    first = 1 if total in here else 0
    gone = (number for number in range(first, total + first) if number not in here)
    names = [f"{start}{number:0{width}}{of}" for number in islice(gone, NAMED)]
    count = total - len(here)
    more = f" and {count - NAMED:,} more" if count > NAMED else ""
    are, them = ("is", "it") if count == 1 else ("are", "them")
    shards = counted(total, "shard")
    return f"{count:,} of {shards} {are} not there, and the images in {them}: {some(names)}{more}."


def _total(of: str) -> int:
    """Of `-of-00003.parquet`."""
    return int(os.path.splitext(of)[0][4:])


def _whole(path: str) -> str | None:
    """What a shard is a part of: its path without the number. None for a table that is no shard."""
    folder, _, name = os.path.splitext(path)[0].rpartition("/")
    whole = SHARD.sub("", name)
    return f"{folder}/{whole}" if whole != name else None
