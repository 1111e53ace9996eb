"""Parquet and Arrow files, opened with pyarrow, which is not installed by itself."""

from pathlib import Path
from typing import Any

from mmap_studio.data.file_kinds import ARROW, START, what_else
from mmap_studio.data.tables.arrow_files import opened_arrow
from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import shown
from mmap_studio.storage.opener import ANY_SIZE, check_regular
from mmap_studio.storage.opener import opened as regular

MAX_ROWS, MAX_COLUMNS = 5_000_000, 10_000
"""Of a table."""
MAX_CHUNK = 2 << 30
"""Bytes of a column in a row group, unpacked: what is in memory at a time."""
MAX_RATIO, FREE = 1000, 1 << 20
"""Unpacked over packed, above so many bytes: paths and classes repeat themselves, images are packed already."""
MAX_WORD = 4096
"""Bytes of a path or a class."""
ERRORS = (OSError, ValueError, NotImplementedError)
"""pyarrow's own are these."""


def opened(path: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`, or an `ArrowFile`, which has the same few methods.

    DataError without pyarrow, and for a file that is none.
    """
    if path.name.lower().endswith(ARROW):
        return opened_arrow(path)
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise DataError(
            f"Table {shown(path)} needs pyarrow to be read, which is not installed; "
            "run `pip install 'mmap-studio[parquet]'` or write the table as CSV."
        ) from None
    try:
        check_regular(path)
        file = ParquetFile(path, read_dictionary=_words(path))
    except (StorageError, CorruptError) as error:
        raise DataError(f"Table {shown(path)} cannot be read: {error}") from None
    except ERRORS as error:
        raise DataError(f"Table {shown(path)} must be a Parquet file, but is {_instead(path, error)}.") from None
    try:
        _check_size(path, file.metadata)
    except DataError:
        file.close()
        raise
    return file


def _instead(path: Path, error: Exception) -> str:
    with regular(path, ANY_SIZE) as (file, _):
        what = what_else(file.read(START))
    found = what or f"not ({first_line(error)})"
    return found if ";" in found or "," in what else f"{found}; get it again"


def _words(path: Path) -> list[str]:
    """Columns of words: a word that is repeated is kept once in memory, however long it is."""
    from pyarrow import types
    from pyarrow.parquet import read_schema

    words = (types.is_string, types.is_large_string)
    return [one.name for one in read_schema(path) if any(fits(one.type) for fits in words)]


def _check_size(path: Path, about: Any) -> None:
    """DataError for a table that says of itself that it is larger than any table of images."""
    if about.num_rows > MAX_ROWS or about.num_columns > MAX_COLUMNS:
        raise DataError(
            f"Table {shown(path)} must have at most {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns. Got "
            f"{about.num_rows:,} and {about.num_columns:,} instead; divide it."
        )
    for group in range(about.num_row_groups):
        for column in range(about.num_columns):
            chunk = about.row_group(group).column(column)
            packed, unpacked = chunk.total_compressed_size, chunk.total_uncompressed_size
            if unpacked > MAX_CHUNK or unpacked > FREE + MAX_RATIO * max(packed, 0):
                raise DataError(
                    f"Table {shown(path)}, column {shown(chunk.path_in_schema)}: it must unpack to at most "
                    f"{MAX_RATIO} times its size and {MAX_CHUNK:,} bytes a row group. Got {packed:,} bytes that unpack "
                    f"to {unpacked:,} instead; write it in smaller row groups."
                )


def words(path: Path, column: Any, row: int) -> list[Any]:
    """The cells of a column of numbers or words; DataError where a word is longer than any name."""
    import pyarrow as arrow
    from pyarrow import compute, types

    if not types.is_dictionary(column.type):
        return list(column.to_pylist())
    column = column.combine_chunks() if isinstance(column, arrow.ChunkedArray) else column
    if (compute.max(compute.binary_length(column.dictionary)).as_py() or 0) > MAX_WORD:
        raise DataError(
            f"Table {shown(path)}, row {row}: a path or the name of a class must have at most {MAX_WORD:,} bytes, but "
            "some near it have more; is it another column?"
        )
    names = column.dictionary.to_pylist()
    return [None if one is None else names[one] for one in column.indices.to_pylist()]


def opens(path: Path) -> bool:
    """Whether it is a Parquet file, as far as its end tells."""
    try:
        opened(path)
    except DataError:
        return False
    return True


def unreadable(path: Path, row: int, error: Exception) -> DataError:
    """What is said of a table that breaks off."""
    why = first_line(error)
    return DataError(f"Table {shown(path)}, row {row}: it must be whole, but cannot be read ({why}); get it again.")


def first_line(error: Exception) -> str:
    """Of what pyarrow says, which may be a page."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
