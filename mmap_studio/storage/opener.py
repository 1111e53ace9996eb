"""Reading what may be hostile: only regular files, only up to a size, one sentence when it cannot be."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from mmap_studio.errors import CorruptError
from mmap_studio.storage.os_errors import refusing

MIB = 1 << 20


@contextmanager
def opened(path: Path | str, max_bytes: int) -> Iterator[tuple[BufferedReader, int]]:
    """A regular file open for reading, and its size.

    CorruptError for a pipe, device or folder (opening a pipe would wait for ever) and for more than `max_bytes`;
    StorageError when it is missing or may not be read.
    """
    path = Path(path)
    with refusing(path, "read"):
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            raise CorruptError(f"{path} must be a file. Found a folder, pipe or device instead: choose a file.")
        if about.st_size > max_bytes:
            raise CorruptError(
                f"{path} must have at most {max_bytes:,} bytes. Found {about.st_size:,}: it is not what its name says."
            )
        with path.open("rb") as file:
            yield file, about.st_size


def read_bytes(path: Path | str, max_bytes: int = 64 * MIB) -> bytes:
    """All bytes of a regular file; errors as `opened`."""
    with opened(path, max_bytes) as (file, size):
        return file.read(size)  # as much memory is reserved as is asked for


def sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path | str, max_bytes: int = 1 << 40) -> str:
    """Hex sha256 of a file of any size, read piece by piece; errors as `opened`."""
    with opened(path, max_bytes) as (file, _):
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(data: bytes) -> dict[str, int | str]:
    """Size and sha256, as the records of runs and prompt folders list them."""
    return {"bytes": len(data), "sha256": sha256(data)}


def check_fingerprint(path: Path | str, data: bytes, expected: Mapping[str, Any] | None) -> None:
    """CorruptError when `data`, read from `path`, is not what the record beside it lists."""
    if expected is None or fingerprint(data) != dict(expected):
        found = f"{len(data):,} bytes, sha256 {sha256(data)[:12]}"
        required = f"{expected['bytes']:,} bytes, sha256 {expected['sha256'][:12]}" if expected else "no such file"
        raise CorruptError(
            f"{path} must be as its folder's record lists it ({required}). Found {found}: "
            "it was damaged or exchanged; restore the file or export again."
        )
