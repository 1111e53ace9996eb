"""Many images, decoded by threads (Pillow gives up the interpreter lock while it decodes and resizes)."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from mmap_studio.data.images.decode import ImageError, decode, decode_unless
from mmap_studio.data.reports import Skipped
from mmap_studio.method.task import Geometry

Decoded = np.ndarray | Skipped
Source = str | Path | bytes | Skipped
"""A file, the bytes of one, or why there are none."""
AHEAD = 4
"""Images in flight per worker: what bounds the memory."""
S = TypeVar("S")
D = TypeVar("D")


def decode_many(sources: Iterable[Source], to: Geometry, workers: int | None = None) -> Iterator[tuple[int, Decoded]]:
    """Yield (position, uint8 (S, S, 3) or Skipped) in the order of `sources`, which may be endless.

    workers : threads; as many as the process has cores if not given

    Closing the generator stops the work: images in hand are finished and dropped, no thread is left.
    """
    yield from enumerate(_in_order(sources, partial(_decode_or_skip, to=to), workers))


def decode_new(
    sources: Iterable[Source], to: Geometry, known: Callable[[bytes], bool], workers: int | None = None
) -> Iterator[tuple[int, tuple[bytes, np.ndarray | None] | Skipped]]:
    """As `decode_many`, with the sha256 of every file, and no pixels where `known` says that its digest is known."""
    yield from enumerate(_in_order(sources, partial(_decode_if_new, to=to, known=known), workers))


def _in_order(sources: Iterable[S], work: Callable[[S], D], workers: int | None) -> Iterator[D]:
    workers = max(1, workers or _cores())
    waiting: deque[Future[D]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        for source in sources:
            waiting.append(pool.submit(work, source))
            if len(waiting) >= workers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _decode_or_skip(source: Source, to: Geometry) -> Decoded:
    if isinstance(source, Skipped):
        return source
    try:
        return decode(source, to)
    except ImageError as error:
        return _skipped(source, error)


def _decode_if_new(
    source: Source, to: Geometry, known: Callable[[bytes], bool]
) -> tuple[bytes, np.ndarray | None] | Skipped:
    if isinstance(source, Skipped):
        return source
    try:
        return decode_unless(known, source, to)
    except ImageError as error:
        return _skipped(source, error)


def _skipped(source: str | Path | bytes, error: ImageError) -> Skipped:
    return Skipped("in memory" if isinstance(source, bytes) else str(source), error.reason)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1
