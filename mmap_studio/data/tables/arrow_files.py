"""Arrow files as `datasets` saves them (`save_to_disk`, its cache), with the same few methods as a Parquet file.

Read with pyarrow; the library `datasets` would bring its own cache and loading scripts for what is one file format.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import shown
from mmap_studio.storage.opener import check_regular

MAX_ROWS, MAX_COLUMNS = 5_000_000, 10_000
"""Of a table."""
FREE = 1 << 20
"""Bytes that a file may have more in memory than twice its size."""
FILE_START = b"ARROW1"


@dataclass
class ArrowFile:
    """An open file: its record batches are what row groups are in Parquet."""

    schema_arrow: Any
    batches: list[Any]

    @property
    def num_row_groups(self) -> int:
        return len(self.batches)

    @property
    def metadata(self) -> "ArrowFile":
        return self

    def row_group(self, number: int) -> Any:
        """With `num_rows`."""
        return self.batches[number]

    def iter_batches(
        self, size: int, row_groups: Sequence[int] | None = None, columns: Sequence[str] = ()
    ) -> Iterator[Any]:
        """Some rows of some columns at a time; `image.bytes` is a column inside another."""
        import pyarrow as arrow

        for number in range(len(self.batches)) if row_groups is None else row_groups:
            whole = self.batches[number]
            names = [name if name in whole.schema.names else name.rpartition(".")[0] for name in columns]
            batch = arrow.RecordBatch.from_arrays([whole.column(name) for name in names], names=names)
            batch.validate(full=True)
            for start in range(0, batch.num_rows, size):
                yield batch.slice(start, size)

    def close(self) -> None:
        """Nothing to do: the memory map ends with its last batch."""

    def __enter__(self) -> "ArrowFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def opened_arrow(path: Path) -> ArrowFile:
    """The file mapped into memory, no row read; DataError without pyarrow, and for a file that is none."""
    try:
        import pyarrow as arrow
        from pyarrow import ipc
    except ImportError:
        raise DataError(
            f"Table {shown(path)} needs pyarrow to be read, which is not installed; "
            "run `pip install 'mmap-studio[parquet]'`."
        ) from None
    try:
        check_regular(path)
        source = arrow.memory_map(str(path))
        if source.read(len(FILE_START)) == FILE_START:
            file = ipc.open_file(source)
            schema, batches = file.schema, [file.get_batch(number) for number in range(file.num_record_batches)]
        else:
            source.seek(0)
            stream = ipc.open_stream(source)
            schema, batches = stream.schema, []
            for batch in stream:
                batches.append(batch)
                _check_bytes(path, batches)
        _check_bytes(path, batches)
    except (StorageError, CorruptError) as error:
        raise DataError(f"Table {shown(path)} cannot be read: {error}") from None
    except DataError:
        raise
    except (OSError, ValueError, NotImplementedError, MemoryError) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise DataError(f"Table {shown(path)} must be an Arrow file, but is not ({words}); save it again.") from None
    rows = sum(batch.num_rows for batch in batches)
    if rows > MAX_ROWS or len(schema) > MAX_COLUMNS:
        raise DataError(
            f"Table {shown(path)} must have at most {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns. Got {rows:,} and "
            f"{len(schema):,} instead; divide it."
        )
    return ArrowFile(schema, batches)


def _check_bytes(path: Path, batches: Sequence[Any]) -> None:
    """DataError where batches have more bytes than the file, which is then packed: it would unpack into memory."""
    most = 2 * path.stat().st_size + FREE
    if sum(batch.nbytes for batch in batches) > most:
        raise DataError(
            f"Table {shown(path)} must be Arrow that is not packed, of at most {most:,} bytes in memory, but unpacks "
            "to more; write it unpacked, or as Parquet."
        )
