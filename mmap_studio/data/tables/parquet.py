"""Parquet files, opened with pyarrow, which is not installed by itself."""

from pathlib import Path
from typing import Any

from mmap_studio.errors import DataError
from mmap_studio.formatting import shown

ERRORS = (OSError, ValueError, NotImplementedError)
"""pyarrow's own are these."""


def opened(path: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`; DataError without pyarrow, and for a file that is none."""
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise DataError(
            f"Table {shown(path)} needs pyarrow to be read, which is not installed; "
            "run `pip install 'mmap-studio[parquet]'` or write the table as CSV."
        ) from None
    try:
        return ParquetFile(path)
    except ERRORS as error:
        raise DataError(f"Table {shown(path)} must be a Parquet file, but is not ({first_line(error)}).") from None


def opens(path: Path) -> bool:
    """Whether it is a Parquet file, as far as its end tells."""
    try:
        opened(path)
    except DataError:
        return False
    return True


def unreadable(path: Path, row: int, error: Exception) -> DataError:
    """What is said of a table that breaks off."""
    return DataError(f"Table {shown(path)}, row {row}: it cannot be read ({first_line(error)}).")


def first_line(error: Exception) -> str:
    """Of what pyarrow says, which may be a page."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
