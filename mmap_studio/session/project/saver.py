"""Writing in a thread of its own: a disk may take long, and the hand that edits must not wait for it."""

import threading
from collections.abc import Callable

from mmap_studio.errors import StorageError

Write = Callable[[], None]
PATIENCE_S = 3.0
"""A window waits so long for a disk that does not answer; the end of the program waits on."""


class Saver:
    """Calls the newest of the writes it is given; one that was overtaken before its turn came is left out.

    Two never run at a time, and the end of the program waits for the last.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next: Write | None = None
        self._working = False
        self._ended: list[BaseException | None] = []
        """How writes ended that nobody was told of, oldest first; None where all is on the disk."""

    def put(self, write: Write) -> None:
        """Write this as soon as what is being written is done."""
        with self._changed:
            self._next = write
            if not self._working:
                threading.Thread(target=self._work, name="mmap-saver").start()
                self._working = True  # only now: where no thread can be had, nobody waits for one

    def settle(self, seconds: float | None = None) -> bool:
        """Wait until everything that was put is written, or has failed: at most so long. False where it is not yet."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working, seconds)

    def told(self) -> list[StorageError | None]:
        """How the writes since the last call ended. What is no fault of the disk is raised."""
        with self._changed:
            ended, self._ended = self._ended, []
            wrong = [error for error in ended if error is not None and not isinstance(error, StorageError)]
            if wrong:
                self._ended = [error for error in ended if error not in wrong]  # told the next time
        if wrong:
            raise wrong[0]
        return [error for error in ended if error is None or isinstance(error, StorageError)]

    def _work(self) -> None:
        while (write := self._take()) is not None:
            error: BaseException | None = None
            try:
                write()
            except BaseException as raised:
                error = raised
            with self._changed:
                self._ended.append(error)

    def _take(self) -> Write | None:
        with self._changed:
            write, self._next = self._next, None
            if write is None:
                self._working = False
                self._changed.notify_all()
            return write
