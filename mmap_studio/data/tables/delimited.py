"""Rows of a CSV file, with commas, semicolons, tabs or bars between cells, within limits."""

import csv
import re
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import shown
from mmap_studio.storage.opener import opened

MAX_TABLE = 1 << 30
"""Bytes of a CSV table: some ten million rows."""
MAX_LINE = 64 * 1024
"""Letters of a line."""
MAX_LINES = 100
"""Lines of a row, whose cells may have line ends in them."""
SEPARATORS = ",;\t|"
_NAMED = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
"""A first line by which a spreadsheet says what is between cells."""


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells, a line at a time; the separator is the one the header has most of, or that a first line
    `sep=;` names.

    UTF-8, or UTF-16 with its mark. DataError naming file and line for what cannot be read.
    """
    number = 0
    try:
        with opened(path, MAX_TABLE) as (raw, _):
            wide = raw.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff")
            with TextIOWrapper(raw, "utf-16" if wide else "utf-8-sig", newline="") as file:
                first = next((line for line in islice(_Lines(file), MAX_LINES) if line.strip()), "")
                file.seek(0)
                named = _NAMED.fullmatch(first)
                lines = _Lines(file)
                separator = named[1] if named else max(SEPARATORS, key=first.count)
                begun = not named
                reader = csv.reader(lines, delimiter=separator, strict=True)
                for cells in reader:
                    number, lines.of_row = reader.line_num, 0
                    if begun and cells:
                        yield number, cells
                    begun = begun or bool(cells)
    except UnicodeError:
        after = f" below line {number}" if number else ""
        raise DataError(
            f"Table {shown(path)} must be UTF-8 text, but has letters in another encoding{after}; save it as CSV in "
            "UTF-8."
        ) from None
    except csv.Error as error:
        raise DataError(
            f"Table {shown(path)}, line {number + 1}: it must be CSV, but is not ({error}); correct the line."
        ) from None
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
