"""Turns: the right to make one artifact, which one process at a time has, so that no two compute the same.

A file that the operating system locks for as long as the process lives: whoever dies gives its turn back. Nothing
depends on it but the work that is saved: artifacts are whole and equal whoever makes them, so on a disk without locks
everybody has their turn, and two threads of one process do not wait for each other.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from mmap_studio.errors import StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.no_links import refuse_links
from mmap_studio.storage.store import ArrayStore

EVERY = 0.05
"""Seconds between two looks at whether another process is done."""
_OURS: set[str] = set()
"""Files locked by this process."""
_TAKING = threading.Lock()


class Turn:
    """Around the making of an artifact: `wait`, look for it once more, and make it if it is still not there.

    Given back when the block is left, however.
    """

    def __init__(self, store: ArrayStore, kind: str, digest: str) -> None:
        self._path, self._within = store.turn_file(kind, digest)
        self._lock: FileLock | None = None

    def wait(self, what: str = "", watch: Callable[[], None] = lambda: None) -> Iterator[str]:
        """Until it is ours; a sentence when that takes time. `watch`, called meanwhile, may end it."""
        told = False
        while not self._taken():
            if not told:
                told = True
                yield f"{what} is in work in another process; its result will be used here when it is done."
            watch()
            time.sleep(EVERY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is None or self._path is None:
            return
        with _TAKING:
            with suppress(StorageError):  # who waits with this file open finds the artifact there
                if os.path.lexists(self._path):
                    atomic.remove(self._path, self._within)
            self._lock.release()
            self._lock = None
            _OURS.discard(str(self._path))

    def _taken(self) -> bool:
        """Whether it is ours now, or nobody's on this disk; never waits."""
        if self._path is None or self._lock is not None:
            return True
        with _TAKING:
            if str(self._path) in _OURS:
                return True
            lock = FileLock(self._path, timeout=0, thread_local=False)
            try:
                atomic.make_folder(self._path.parent, self._within)
                refuse_links(self._path, self._within)
                lock.acquire()
            except Timeout:
                return False
            except (OSError, NotImplementedError):  # a disk that is full or has no locks stops nothing here
                return True
            _OURS.add(str(self._path))
            self._lock = lock
        return True
