"""Short work beside the run: scanning folders, placing features, suggesting groups. One thread, results by polling."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Done = Callable[[Any], None]
Failed = Callable[[BaseException], None]


class Aside:
    """Runs functions in a thread of its own; `poll` hands their results to whoever asked, in the caller's thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mmap-aside")
        self._waiting: list[tuple[Future[Any], Done, Failed]] = []

    def run(self, work: Callable[[], Any], done: Done, failed: Failed) -> None:
        """Compute `work()`; then call one of the others from `poll`."""
        self._waiting.append((self._pool.submit(work), done, failed))

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return bool(self._waiting)

    def poll(self) -> None:
        """Hand out what is ready."""
        ready = [one for one in self._waiting if one[0].done()]
        self._waiting = [one for one in self._waiting if one not in ready]
        for future, done, failed in ready:
            error = future.exception()
            if error is None:
                done(future.result())
            else:
                failed(error)

    def close(self) -> None:
        """Wait for what is being computed, drop the rest."""
        self._waiting.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)
