"""Parquet and Arrow tables with the images in them: rows become the rows of domains, and the bytes of a row its image.

The task is what a column of domains says; without one every folder, or every file, is a domain. The part is what a
column says, or the name of the file or folder: `data/train-00000-of-00004.parquet`, `clipart/test/0000.parquet`.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmap_studio.data.listing import ListedImage
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.image_columns import ImageColumns, find_columns, split_column
from mmap_studio.data.tables.parquet import ERRORS, opened, unreadable, words
from mmap_studio.data.tables.rows import BadRows, ImageRow, Parts, Rows
from mmap_studio.data.tables.shards import SHARD, meanings
from mmap_studio.errors import DataError
from mmap_studio.formatting import shown

ROWS = 8192
"""Rows of numbers and words in memory."""
LOOK_AT = 8
"""First images of a table that are looked at."""
IMAGES = 4
"""Rows with their images in memory: an image that is repeated is small in the table."""
_NO_NAME = ("data", "default")
"""Folders that every such data set has."""


def read_tables(
    root: Path, paths: Sequence[str], tick: Callable[[int], None], label: str = ""
) -> tuple[list[Rows], dict[str, ListedImage], list[Skipped], list[str]]:
    """The rows of every domain, their images as if they were files (`<table>/<row>`), rows without a class, notices.

    paths : tables below the root   tick : called with the number of images so far   label : the column of classes
    """
    tasks: dict[str, Rows] = {}
    images: dict[str, ListedImage] = {}
    skipped: list[Skipped] = []
    notices: list[str] = []
    parts = Parts()
    said = meanings(paths, root, lambda path: os.path.splitext(path)[0], SHARD, _NO_NAME)
    for path, (name, part) in zip(paths, said, strict=True):
        where = f"Table {shown(path)}"
        stamp, bad, before = _stamp(root / path), BadRows(), len(images)
        for number, (value, domain, split) in _values(root / path, where, bad, label):
            place, task = f"{path}/{number}", domain if domain is not None else name
            if not value or not task:
                skipped.append(Skipped(place, f"the row has no {'domain' if value else 'class'}"))
                continue
            try:
                found = parts.of(split, f"{where}, row {number + 1}") or part
            except DataError as error:
                bad.add(error)
                continue
            tasks.setdefault(task, Rows(task, where, in_tables=True)).rows.append(ImageRow(place, value, found))
            images[place] = ListedImage(place, 0, stamp)
            if len(images) % ROWS == 0:
                tick(len(images))
        notices += bad.notices(len(images) - before)
    tick(len(images))
    columns = dict.fromkeys(split_column(root / path) for path in paths)
    notices += parts.notices([name for name in columns if name])
    return list(tasks.values()), images, skipped, notices


def read_images(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[int, bytes | Skipped]]:
    """The bytes of some rows: number of the row -> what is given back with them, in the table's order.

    Only the row groups that have wanted rows are read. DataError for a table that breaks off.
    """
    left = {int(name): row for name, row in wanted.items() if name.isdecimal()}
    number = 0
    with opened(path) as file:
        column = find_columns(path, file.schema_arrow).image
        for group in range(file.num_row_groups):
            end = number + file.metadata.row_group(group).num_rows
            if any(number <= one < end for one in left):
                for cell in _cells(path, file, group, column, number):
                    if number in left:
                        yield left.pop(number), cell or Skipped(f"{path}/{number}", "the row has no image in it")
                    number += 1
            number = end
    for gone, row in left.items():
        yield row, Skipped(f"{path}/{gone}", "it is no longer in the table")


def _cells(path: Path, file: object, group: int, column: str, first: int) -> Iterator[bytes | None]:
    """The images of a row group, a few at a time in memory."""
    try:
        for batch in file.iter_batches(IMAGES, row_groups=[group], columns=[column]):  # type: ignore[attr-defined]
            for cell in batch.column(0):
                found = cell.as_py()
                yield found.get("bytes") if isinstance(found, dict) else found
    except ERRORS as error:
        raise unreadable(path, first, error) from None


def _values(path: Path, where: str, bad: BadRows, label: str = "") -> Iterator[tuple[int, tuple[str, str | None, str]]]:
    """Number, and class, domain (None where no column says it) and part of every row, in words; but for `bad` ones."""
    with opened(path) as file:
        columns = find_columns(path, file.schema_arrow, label)
        used = [one for one in (columns.label, columns.domain, columns.split) if one is not None]
        number = 0
        try:
            _refuse_no_bytes(path, file, columns.image)
            for batch in file.iter_batches(ROWS, columns=[one.name for one in used]):
                cells = {one.name: words(path, batch.column(one.name), number + 1) for one in used}
                for row in range(batch.num_rows):
                    try:
                        own = _row(columns, cells, row, f"{where}, row {number + 1}")
                    except DataError as error:
                        bad.add(error)
                    else:
                        yield number, own
                    number += 1
        except DataError:
            raise
        except ERRORS as error:
            raise unreadable(path, number + 1, error) from None


def _refuse_no_bytes(path: Path, file: Any, column: str) -> None:
    """DataError for a table whose images are paths alone, as its first images and what it says of itself tell."""
    for batch in file.iter_batches(LOOK_AT, columns=[column]):
        cells = [cell.get("bytes") if isinstance(cell, dict) else cell for cell in batch.column(0).to_pylist()]
        if any(cells):
            return
        break
    else:
        return
    for group in range(file.num_row_groups):
        if any(_cells(path, file, group, column, 0)):
            return
    raise DataError(
        f"Table {shown(path)} must hold the bytes of its images, but column {shown(column)} has none; get the files "
        "that its paths name, or save the table again with the images in it."
    )


def _row(columns: ImageColumns, cells: Mapping[str, list[object]], row: int, where: str) -> tuple[str, str | None, str]:
    words = [
        None if one is None else one.text(cells[one.name][row], where)
        for one in (columns.label, columns.domain, columns.split)
    ]
    return words[0] or "", words[1], words[2] or ""


def _stamp(path: Path) -> int:
    """63 bits that change with the table: a row has no time of its own."""
    about = path.stat()
    return int.from_bytes(hashlib.sha256(f"{about.st_size} {about.st_mtime_ns}".encode()).digest()[:8]) >> 1
