"""Every call by which the studio changes a disk, and the few steps `atomic` is made of.

The operating system is reached through `SYSTEM` only, so that tests can fail, or die at, the n-th call.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.storage.no_links import standing_in


def _open(path: Path, flags: int, mode: int = 0o777, dir_fd: int | None = None) -> int:
    """`os.open`; with `dir_fd` of the name alone, in that folder."""
    return os.open(path if dir_fd is None else path.name, flags, mode, dir_fd=dir_fd)


def _replace(source: Path, target: Path, dir_fd: int | None = None) -> None:
    """`os.replace`; with `dir_fd` of the names alone, in that folder."""
    if dir_fd is None:
        os.replace(source, target)
    else:
        os.replace(source.name, target.name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)


@dataclass(frozen=True)
class System:
    """Every call by which the studio changes a disk."""

    open: Callable[..., int] = _open
    write: Callable[[int, memoryview], int] = os.write
    fsync: Callable[[int], None] = os.fsync
    truncate: Callable[[int, int], None] = os.ftruncate
    close: Callable[[int], None] = os.close
    replace: Callable[..., None] = _replace
    mkdir: Callable[[Path], None] = os.mkdir
    unlink: Callable[[Path], None] = os.unlink
    rmdir: Callable[[Path], None] = os.rmdir


SYSTEM = System()


@contextmanager
def using(system: System) -> Iterator[System]:
    """Reach the disk through `system` inside (for tests)."""
    global SYSTEM
    before, SYSTEM = SYSTEM, system
    try:
        yield system
    finally:
        SYSTEM = before


def in_folder(folder: int | None) -> dict[str, int]:
    """`dir_fd` for the calls of `System`, where there is one."""
    return {} if folder is None else {"dir_fd": folder}


def write_file(path: Path, data: bytes | bytearray | memoryview, **place: int) -> None:
    """Write a file that does not exist yet; its bytes are on the disk afterwards. `place` may be its `dir_fd`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = SYSTEM.open(path, flags, 0o666, **place)
    try:
        write_all(handle, data)
        SYSTEM.fsync(handle)
    finally:
        SYSTEM.close(handle)


def write_all(handle: int, data: bytes | bytearray | memoryview) -> None:
    """The operating system may take less than it was given: go on until it has all."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[SYSTEM.write(handle, rest) :]


def rename(source: Path, target: Path, **place: int) -> None:
    """Put `source` under the name `target` in one step; the name is on the disk afterwards.

    place : `dir_fd` of both
    """
    with settled(target.parent):
        SYSTEM.replace(source, target, **place)


@contextmanager
def settled(folder: Path) -> Iterator[None]:
    """Names made, changed or deleted in `folder` inside are on the disk afterwards."""
    if os.name == "nt":  # Windows cannot open a folder; NTFS journals names by itself
        yield
        return
    handle = SYSTEM.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        yield
        try:
            SYSTEM.fsync(handle)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks cannot flush a folder
                raise
    finally:
        SYSTEM.close(handle)


@contextmanager
def opened_to_append(path: Path, within: Path | None = None) -> Iterator[int]:
    """A handle whose writes go to the end of the file, which is made when it is missing.

    The file is never a link, and no other name's: what is appended to one must not appear in another. ELOOP and EMLINK
    for such files, EINVAL for what is no file; StorageError for a link on the way from `within`.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link", str(path))
    with standing_in(path.parent, within) as folder:
        if os.path.lexists(path):
            about = os.lstat(path)
            if not stat.S_ISREG(about.st_mode):
                raise OSError(errno.EINVAL, "it is no file", str(path))
            if about.st_nlink > 1:
                raise OSError(errno.EMLINK, "it is another file, too", str(path))
            handle = SYSTEM.open(path, flags, 0o666, **in_folder(folder))
        else:
            with settled(path.parent):
                handle = SYSTEM.open(path, flags, 0o666, **in_folder(folder))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        yield handle
    finally:
        SYSTEM.close(handle)


def end_of_last_line(handle: int) -> tuple[int, int]:
    """Bytes up to and with the last line end, and bytes in all."""
    size = start = os.fstat(handle).st_size
    while start:
        start, stop = max(0, start - 4096), start
        os.lseek(handle, start, os.SEEK_SET)
        found = os.read(handle, stop - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1, size
    return 0, size


def delete(path: Path) -> None:
    """Delete a file, or a folder with all in it; links are deleted, not followed."""
    if path.is_dir() and not path.is_symlink():
        for entry in path.iterdir():
            delete(entry)
        SYSTEM.rmdir(path)
    elif os.path.lexists(path):
        SYSTEM.unlink(path)
