"""One window a project: a file that the operating system locks for as long as the process lives.

Whoever dies, however it dies, gives the lock back with it, so there is no stale one to take over and nothing to race
for. The process's number stands in a second file, for the sentence that the next window says.
"""

import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from mmap_studio.errors import InputError, StudioError
from mmap_studio.storage import atomic
from mmap_studio.storage.opener import read_text

NAME, HOLDER = ".open.lock", ".open-in.pid"
"""The locked file, which stays when the lock is given back: deleting it would let two processes lock two files."""


class ProjectLock:
    """Held while a project is open in a window; given back by `release`, or by the end of the process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.died: int | None = None
        """The process that had it last and was ended before it gave it back."""
        self._lock = FileLock(folder / NAME, timeout=0, thread_local=False)

    def acquire(self) -> None:
        """Take it, or raise InputError naming the process that has it."""
        atomic.make_folder(self.folder)
        try:
            self._lock.acquire()
        except Timeout:
            holder = self.holder()
            who = f"another MmAP Studio (process {holder})" if holder else "another MmAP Studio"
            raise InputError(f"Project {self.folder} is open in {who}; use that window, or close it first.") from None
        except OSError as error:
            raise InputError(
                f"Project {self.folder} cannot be opened for editing: {error.strerror}; "
                "make its folder writable, or copy it to a place that is."
            ) from error
        for folder in (self.folder, self.folder / "splits"):
            atomic.sweep(folder, self.folder)
        self.died = self.holder()
        with suppress(StudioError):  # on a full disk the sentence lacks a number, and the lock holds all the same
            atomic.write_text(self.folder / HOLDER, str(os.getpid()), self.folder)

    def holder(self) -> int | None:
        """The process that took it last and has not given it back; None where that is not known."""
        try:
            return int(read_text(self.folder / HOLDER, 100, self.folder))
        except (StudioError, ValueError):
            return None

    def release(self) -> None:
        """Give it back; harmless if it is not held."""
        if self._lock.is_locked:
            with suppress(StudioError):
                atomic.remove(self.folder / HOLDER, self.folder)
            self._lock.release()
