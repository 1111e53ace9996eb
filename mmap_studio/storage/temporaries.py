"""Names of what is being written: a temporary says which host and process owns it, so that a dead one's can be cleared.

A temporary lies in the folder of its target, because a rename across disks is a copy.
"""

import functools
import itertools
import os
import platform
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmap_studio.storage import disk

NAME = re.compile(r"\.mmap-(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-\d+\.(?:tmp|old\.(?P<final>.+))", re.DOTALL)
"""A half-written file or folder, or (`old`) a folder that is being replaced, with the name it goes back to."""

_ABANDONED = 24 * 3600
"""Seconds after which a temporary counts as abandoned when its owner cannot be asked (another host, Windows)."""
_COUNT = itertools.count()
_BUSY: set[str] = set()
"""Names that a thread of this process is working on."""


@contextmanager
def claimed(path: Path, ending: str = ".tmp") -> Iterator[Path]:
    """A fresh name in the folder of `path`, ours while inside."""
    name = f".mmap-{_host()}-{os.getpid()}-{next(_COUNT)}{ending}"
    _BUSY.add(name)
    try:
        yield path.with_name(name)
    finally:
        _BUSY.discard(name)


@contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """`claimed`, and what is still there under it after a failure is deleted."""
    with claimed(path) as fresh:
        try:
            yield fresh
        except BaseException:
            with suppress(OSError):
                disk.delete(fresh)
            raise


def is_abandoned(entry: Path, match: re.Match[str]) -> bool:
    """Whether the owner of a temporary is gone."""
    if entry.name in _BUSY:
        return False
    if match["host"] == _host() and os.name != "nt":  # on Windows os.kill would end the process it asks for
        return not _is_alive(int(match["pid"]))
    return time.time() - entry.lstat().st_mtime > _ABANDONED


def _is_alive(pid: int) -> bool:
    """Whether another process of this host has the id; this process knows its own in `_BUSY`."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@functools.cache
def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"
