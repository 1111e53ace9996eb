"""Background runner: work beside the run (scans, placements, exports), a thread each, results by polling.

A thread each, so that what takes long (a t-SNE) holds up nothing else; and daemons, so that closing need not wait for
them. `concurrent.futures` was considered: its threads are joined when Python ends, and no future that runs can be
dropped.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")

GRACE = 0.5
"""Seconds that dropped work has to end; where it does not, it ends with the process."""


class Dropped(BaseException):
    """Raised inside work whose result nobody waits for any more."""


def raise_if_dropped(*_: object) -> None:
    """In the thread of work that was dropped, raise `Dropped`; whatever computes in steps can take it as its tick."""
    thread = threading.current_thread()
    if isinstance(thread, _Work) and thread.dropped:
        raise Dropped


class BackgroundRunner:
    """Runs functions in threads of their own; `poll` hands their results to whoever asked, in the caller's thread."""

    def __init__(self) -> None:
        self._works: list[_Work] = []

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[BaseException], object],
        whole: bool = False,
        interruptible: bool = False,
    ) -> Callable[[], None]:
        """Compute `work()`; then call one of the others from `poll`.

        whole : it is waited for when the end comes
        interruptible : when it is dropped, `Dropped` is raised wherever its thread is, as in a library's loop that
            asks nobody; only for work that leaves nothing half done. Other work ends by itself or by `raise_if_dropped`

        The function it returns drops the work: nobody waits for the answer any more.
        """

        def answer() -> Callable[[], object]:
            try:
                return partial(done, work())
            except BaseException as error:
                return partial(failed, error)

        one = _Work(answer, whole, interruptible)
        self._works.append(one)
        one.start()

        def drop() -> None:
            if one in self._works:
                self._works.remove(one)
                one.drop()

        return drop

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return bool(self._works)

    def poll(self) -> None:
        """Hand out what is ready; where somebody who is handed it raises, the rest comes with the next poll."""
        for one in [one for one in self._works if not one.is_alive()]:
            if one not in self._works:
                continue  # closed meanwhile
            self._works.remove(one)
            one.tell()

    def close(self) -> None:
        """Wait for what writes files, drop all else; nobody hears of either."""
        works, self._works = self._works, []
        for one in works:
            if not one.whole:
                one.drop()
        for one in (one for one in works if one.whole):
            one.join()
        end = time.monotonic() + GRACE
        for one in works:
            one.join(max(0.0, end - time.monotonic()))


class _Work(threading.Thread):
    """One function; a daemon, so that one inside a library's loop does not keep the process."""

    def __init__(self, answer: Callable[[], Callable[[], object]], whole: bool, interruptible: bool) -> None:
        super().__init__(name="mmap-aside", daemon=True)
        self._answer, self.whole, self._interruptible = answer, whole, interruptible
        self.tell: Callable[[], object] = lambda: None
        """Hands the result to whoever asked."""
        self.dropped = False

    def run(self) -> None:
        self.tell = self._answer()

    def drop(self) -> None:
        self.dropped = True
        if self._interruptible and self.ident is not None and self.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(Dropped))
