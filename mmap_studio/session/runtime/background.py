"""Work beside the run: scanning folders, placing features, writing exports. A thread each, results by polling.

A thread each, so that what takes long (a t-SNE) holds up nothing else; and so that closing need not wait for it.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

Done = Callable[[Any], None]
Failed = Callable[[BaseException], None]

GRACE = 0.5
"""Seconds that broken-off work has to notice; where it does not, it ends with the process."""


class BrokenOff(BaseException):
    """Raised inside work whose result nobody waits for any more."""


class BackgroundRunner:
    """Runs functions in threads of their own; `poll` hands their results to whoever asked, in the caller's thread."""

    def __init__(self) -> None:
        self._works: list[_Work] = []

    def run(self, work: Callable[[], Any], done: Done, failed: Failed, whole: bool = False) -> Callable[[], None]:
        """Compute `work()`; then call one of the others from `poll`. `whole` work is waited for when the end comes.

        The function it returns says that nobody waits for the answer any more.
        """
        one = _Work(work, done, failed, whole)
        self._works.append(one)
        one.start()

        def drop() -> None:
            if one in self._works:
                self._works.remove(one)
                one.break_off()

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
            if one.error is None:
                one.done(one.result)
            else:
                one.failed(one.error)

    def close(self) -> None:
        """Wait for what writes files, break off all else; nobody hears of either."""
        works, self._works = self._works, []
        for one in works:
            if not one.whole:
                one.break_off()
        for one in (one for one in works if one.whole):
            one.join()
        end = time.monotonic() + GRACE
        for one in works:
            one.join(max(0.0, end - time.monotonic()))


class _Work(threading.Thread):
    """One function; a daemon, so that one inside a library's loop does not keep the process."""

    def __init__(self, work: Callable[[], Any], done: Done, failed: Failed, whole: bool) -> None:
        super().__init__(name="mmap-aside", daemon=True)
        self._work, self.done, self.failed, self.whole = work, done, failed, whole
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error

    def break_off(self) -> None:
        """Raise `BrokenOff` where the thread is, at its next step in Python: scikit-learn's loops ask nobody."""
        if self.ident is not None and self.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(BrokenOff))
