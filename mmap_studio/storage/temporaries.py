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
_REPLACING = 60
"""Seconds after which nobody is between those two renames any more."""
_COUNT = itertools.count()
_FIRST = 0xEFFFFFFC
"""Linux's number of the process ids of the computer itself, as against those of containers."""
_BUSY: set[str] = set()
"""Names that a thread of this process is working on."""


@contextmanager
def claimed(path: Path, ending: str = ".tmp") -> Iterator[Path]:
    """A fresh name in the folder of `path`, ours while inside."""
    name = f".mmap-{host()}-{os.getpid()}-{next(_COUNT)}{ending}"
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
    """Whether the owner of a name that `NAME` matched is gone."""
    if entry.name in _BUSY:
        return False
    if match["host"] == host() and os.name != "nt":
        pid = int(match["pid"])
        return pid == os.getpid() or not is_running(pid)  # our own are in _BUSY, or nobody's any more
    about = entry.lstat()
    if match["final"]:  # nothing stands in its place: whoever replaces a folder takes two renames for it, no more
        return time.time() - about.st_ctime > _REPLACING
    return time.time() - about.st_mtime > _ABANDONED


def is_running(pid: int) -> bool:
    """Whether this host has a process of that id. Always true on Windows, where os.kill would end it."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@functools.cache
def host() -> str:
    """Eight hex digits for this computer, and in it for the container: process ids mean nothing in another one."""
    try:
        numbers = os.stat("/proc/self/ns/pid").st_ino
    except OSError:  # not Linux
        numbers = _FIRST
    inside = "" if numbers == _FIRST else f" {numbers}"
    return f"{zlib.crc32(f'{platform.node()}{inside}'.encode()):08x}"
