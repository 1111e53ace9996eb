"""Many images, decoded by threads (Pillow gives up the interpreter lock while it decodes and resizes)."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mmap_studio.data.images import ImageError, decode
from mmap_studio.data.reports import Skipped

Decoded = np.ndarray | Skipped
AHEAD = 4
"""Images in flight per worker: what bounds the memory."""


def decode_many(
    sources: Iterable[str | Path | bytes], size: int, workers: int | None = None
) -> Iterator[tuple[int, Decoded]]:
    """Yield (position, uint8 (size, size, 3) or Skipped) in the order of `sources`, which may be endless.

    workers : threads; as many as the process has cores if not given

    Closing the generator stops the work: images in hand are finished and dropped, no thread is left.
    """
    workers = max(1, workers or _cores())
    waiting: deque[Future[Decoded]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        position = 0
        for source in sources:
            waiting.append(pool.submit(_decode_or_skip, source, size))
            if len(waiting) >= workers * AHEAD:
                yield position, waiting.popleft().result()
                position += 1
        while waiting:
            yield position, waiting.popleft().result()
            position += 1
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _decode_or_skip(source: str | Path | bytes, size: int) -> Decoded:
    try:
        return decode(source, size)
    except ImageError as error:
        return Skipped("in memory" if isinstance(source, bytes) else str(source), error.reason)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1
