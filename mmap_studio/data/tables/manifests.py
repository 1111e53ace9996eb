"""A table of images: CSV (also with semicolons or tabs) or Parquet, one row an image.

Columns are known by their names: one for the path, one for the class, and if there are several of them one for the
task and one for the split. Tables with the images in them are for `image_tables`.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path

from mmap_studio.data.file_kinds import is_parquet
from mmap_studio.data.layouts import SPLIT_NAMES
from mmap_studio.data.listing import ListedImage
from mmap_studio.data.tables.lists import LOOK_AT, MAX_LINE, find_base
from mmap_studio.data.tables.parquet import ERRORS, opened, unreadable, words
from mmap_studio.data.tables.rows import ImageRow, Rows, check_path, watched
from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import shown, some
from mmap_studio.storage.opener import opened as opened_file

COLUMNS = {
    "path": ("path", "image", "file", "filename", "filepath", "image_path", "file_name"),
    "class": ("class", "label", "class_name", "category", "target"),
    "task": ("task", "domain", "dataset"),
    "split": ("split", "subset", "fold", "partition"),
}
"""What a column is for -> the names it may have, any case; the first that is there counts."""
MAX_TABLE = 1 << 30
"""Bytes of a CSV table: some ten million rows."""
MAX_LINES = 100
"""Lines of a row, whose cells may have line ends in them."""
Values = tuple[str, str, str, str]
"""path, class, task, split; the last two may be empty."""


def is_manifest(path: Path) -> bool:
    """Whether a file is a table with columns for path and class. Opens it, reads one line, never fails."""
    try:
        header = opened(path).schema_arrow.names if is_parquet(path.name) else next(_lines(path))[1]
        return {"path", "class"} <= set(_places(header))
    except (DataError, StopIteration, OSError):
        return False


def read_manifest(path: Path, images: Mapping[str, ListedImage], tick: Callable[[], object]) -> list[Rows]:
    """The rows of every task in the table, in the order in which the tasks first appear.

    Raises DataError naming file and line (CSV) or row (Parquet) for what cannot be used.
    """
    tasks: dict[str, Rows] = {}
    where = f"Table {shown(path.name)}"
    for number, (image, label, task, split) in watched(_values(path), tick):
        here = f"{where}, {number}"
        if not image.strip() or not label.strip():
            raise DataError(f"{here}: every row must have a path and a class, but one of them is empty; fill it in.")
        name = task.strip() or path.stem
        rows = tasks.setdefault(name, Rows(name, where))
        rows.rows.append(ImageRow(check_path(image.strip(), here), sys.intern(label.strip()), _split(split, here)))
    for rows in tasks.values():
        rows.base, rows.cut = find_base([row.path for row in rows.rows[:LOOK_AT]], images)
    if not tasks:
        raise DataError(f"{where} must have rows, but has none; name another.")
    return list(tasks.values())


def _split(text: str, where: str) -> str | None:
    if not text.strip():
        return None
    split = SPLIT_NAMES.get(text.strip().casefold())
    if split is None:
        raise DataError(
            f"{where}: a split must be one of {', '.join(SPLIT_NAMES)}, or empty. Got {shown(text)} instead."
        )
    return split


def _values(path: Path) -> Iterator[tuple[str, Values]]:
    if is_parquet(path.name):
        return _parquet_values(path)
    return _csv_values(path)


def _csv_values(path: Path) -> Iterator[tuple[str, Values]]:
    lines = _lines(path)
    _, header = next(lines, (0, []))
    places = _checked(header, path)
    for number, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise DataError(
                f"Table {shown(path.name)}, line {number}: a row must have {len(header)} cells as the header has. "
                f"Got {len(cells)} instead."
            )
        path_, class_, task, split = (cells[places[c]] if c in places else "" for c in COLUMNS)
        yield f"line {number}", (path_, class_, task, split)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells, a line at a time; the separator is the one the header has most of."""
    number = 0
    try:
        with opened_file(path, MAX_TABLE) as (raw, _), TextIOWrapper(raw, "utf-8-sig", newline="") as file:
            first = file.readline(MAX_LINE)
            file.seek(0)
            separator = max(",;\t", key=first.count)
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=separator, strict=True)
            for cells in reader:
                number, lines.of_row = reader.line_num, 0
                yield number, cells
    except UnicodeDecodeError:
        raise DataError(f"Table {shown(path)} must be UTF-8 text, but is not; write it again as UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"Table {shown(path)}, line {number + 1}: it must be CSV, but is not ({error}).") from None
    except (StorageError, CorruptError) as error:
        raise DataError(f"Table {shown(path)} cannot be read: {error}") from None


class _Lines:
    """The lines of a table, within the limits of one line and of one row."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self.of_row = 0
        """Lines since the last row: a cell may have line ends in it."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_LINE + 1)
        self.of_row += 1
        if not line:
            raise StopIteration
        if len(line) > MAX_LINE or self.of_row > MAX_LINES:
            raise csv.Error(f"a row must have at most {MAX_LINES:,} lines of at most {MAX_LINE:,} letters")
        return line


def _places(header: Sequence[str]) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    found = {what: [names.index(name) for name in known if name in names] for what, known in COLUMNS.items()}
    return {what: places[0] for what, places in found.items() if places}


def _checked(header: Sequence[str], path: Path) -> dict[str, int]:
    places = _places(header)
    for what in ("path", "class"):
        if what not in places:
            raise DataError(
                f"Table {shown(path)} must have a column for the {what} ({', '.join(COLUMNS[what])}); "
                f"found the columns {some(header) or 'none'}."
            )
    return places


def _parquet_values(path: Path) -> Iterator[tuple[str, Values]]:
    file = opened(path)
    names = file.schema_arrow.names
    places = _checked(names, path)
    number = 0
    try:
        for batch in file.iter_batches(8192, columns=[names[place] for place in places.values()]):
            columns = {what: words(path, batch.column(names[place]), number + 1) for what, place in places.items()}
            for row in range(batch.num_rows):
                number += 1
                path_, class_, task, split = (_text(columns[c][row]) if c in columns else "" for c in COLUMNS)
                yield f"row {number}", (path_, class_, task, split)
    except DataError:
        raise
    except ERRORS as error:
        raise unreadable(path, number + 1, error) from None


def _text(value: object) -> str:
    return "" if value is None else str(value)
