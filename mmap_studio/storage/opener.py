"""Reading what may be hostile: only regular files, only up to a size, one sentence when it cannot be.

Everything the studio reads is opened here (tests/storage/test_static_gate.py sees to it): whatever lies under a name,
opening it neither waits, as a pipe would let it, nor reads without end, as a device would.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from mmap_studio.errors import CorruptError
from mmap_studio.storage.no_links import link_refusal, standing_in
from mmap_studio.storage.os_errors import refusing

MIB = 1 << 20
ANY_SIZE = 1 << 50
"""For what is read piece by piece, and never as a whole."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


@contextmanager
def opened(path: Path | str, max_bytes: int, within: Path | None = None) -> Iterator[tuple[BufferedReader, int]]:
    """A regular file open for reading, and its size.

    within : a folder above it, below which no link is followed; None where the user named the file itself

    CorruptError for a pipe, device or folder and for more than `max_bytes`; StorageError when it is missing, may not
    be read, or a link is on its way.
    """
    path = Path(path)
    with refusing(path, "read"), os.fdopen(open_regular(path, within), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise CorruptError(
                f"{path} must have at most {max_bytes:,} bytes. Found {size:,}: it is not what its name says."
            )
        yield file, size


def open_regular(path: Path, within: Path | None = None) -> int:
    """A handle of a regular file, asked what it is after it was opened too; OSError as `os.open`, else as `opened`."""
    with standing_in(path.parent, within) as folder:
        name = path if folder is None else path.name
        mode = os.stat(name, dir_fd=folder, follow_symlinks=within is None).st_mode
        if stat.S_ISLNK(mode):
            raise link_refusal(path, within)
        if not stat.S_ISREG(mode):  # opening some devices does something
            raise not_a_file(path, mode)
        no_link = 0 if within is None else getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(name, _FLAGS | no_link, dir_fd=folder)
    if not stat.S_ISREG(mode := os.fstat(handle).st_mode):
        os.close(handle)
        raise not_a_file(path, mode)
    return handle


def check_regular(path: Path) -> None:
    """Errors as `opened`, of any size, for what a library will open by its name."""
    with opened(path, ANY_SIZE):
        pass


def not_a_file(path: Path | str, mode: int) -> CorruptError:
    """The sentence for what lies under a name where a file must be."""
    return CorruptError(f"{path} must be a file. Found {kind_of(mode)} instead: choose a file.")


def kind_of(mode: int) -> str:
    """What lies under a name, where it is no regular file."""
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def read_bytes(path: Path | str, max_bytes: int = 64 * MIB, within: Path | None = None) -> bytes:
    """All bytes of a regular file; errors as `opened`."""
    with opened(path, max_bytes, within) as (file, size):
        return file.read(size)  # as much memory is reserved as is asked for


def read_text(path: Path | str, max_bytes: int = MIB, within: Path | None = None) -> str:
    """A regular file of UTF-8; errors as `opened`, and CorruptError for other bytes."""
    try:
        return read_bytes(path, max_bytes, within).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptError(f"{path} must be text in UTF-8. Found other bytes ({error}): save it as UTF-8.") from None


def sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path | str) -> str:
    """Hex sha256 of a file of any size, read piece by piece; errors as `opened`."""
    with opened(path, ANY_SIZE) as (file, _):
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
