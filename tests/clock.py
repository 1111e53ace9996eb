"""Seconds on a busy machine."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def working_beside() -> Iterator[list[float]]:
    """Afterwards, the processor seconds that a thread got which worked meanwhile: where all is slow, they are too."""
    over, seconds = threading.Event(), []

    def work() -> None:
        while not over.is_set():
            pass
        seconds.append(time.thread_time())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seconds
    finally:
        over.set()
        thread.join()
