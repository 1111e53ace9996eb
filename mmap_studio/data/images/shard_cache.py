"""Images in the shards of a store: a few are known by their place, most stay on the disk."""

import weakref
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from threading import Lock

import numpy as np

from mmap_studio.errors import DataError

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

LoadShard = Callable[[int], np.ndarray | None]
"""Shard number -> uint8 (n, S, S, 3), perhaps a view of a file; None when the store has lost it."""
MOST, LEAST = 4096, 16
"""Shards kept at hand by all caches of the process together, where nothing else is said."""
SHARE = 4
"""A view of a file keeps it open: shards take at most one in so many of the files that the process may open."""
_RECENT: "OrderedDict[tuple[int, int], weakref.ref[ShardCache]]" = OrderedDict()
"""(cache, shard) -> the cache: all that is kept, the least recently used first."""
_LOCK = Lock()
_IDS = count()


def most_at_hand() -> int:
    """Shards that all caches together may keep, by the limit of open files as it is now."""
    if resource is None:
        return MOST
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, max(LEAST, soft // SHARE))


class ShardCache:
    """The most recently used shards. May be read by several threads; two may load the same shard at once.

    edge : pixels S of an image   load : where shards come from   keep : shards kept at hand, 1 or more; all caches
    of the process together keep at most `most_at_hand()`

    What is kept of a shard that is a view of a file is the view: its pages belong to the system.
    """

    def __init__(self, edge: int, load: LoadShard, keep: int) -> None:
        if keep < 1:
            raise ValueError(f"keep must be 1 or more. Got {keep} instead.")
        self._edge, self._load, self._keep = edge, load, keep
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._id = next(_IDS)

    def shard(self, number: int, rows: int) -> np.ndarray | None:
        """uint8 (n, S, S, 3) with at least `rows` images; None when it is lost. DataError for anything else."""
        with _LOCK:
            if number in self._kept:
                self._use(number)
                return self._kept[number]
        shard = self._load(number)
        if shard is None:
            return None
        self._check(number, shard, rows)
        with _LOCK:
            self._kept[number] = shard
            self._use(number)
            while len(self._kept) > self._keep:
                _RECENT.pop((self._id, self._kept.popitem(last=False)[0]), None)
            _forget_beyond(most_at_hand())
        return shard

    def _use(self, number: int) -> None:
        """Note that it was used last; the lock is held."""
        self._kept.move_to_end(number)
        _RECENT[self._id, number] = weakref.ref(self)
        _RECENT.move_to_end((self._id, number))

    def _check(self, number: int, shard: np.ndarray, rows: int) -> None:
        square = shard.ndim == 4 and shard.shape[1:] == (self._edge, self._edge, 3)
        if shard.dtype != np.uint8 or not square or len(shard) < rows:
            raise DataError(
                f"Image shard {number} must hold uint8 ({rows} or more, {self._edge}, {self._edge}, 3). "
                f"Got {shard.dtype} {shard.shape} instead; rebuild it."
            )


def _forget_beyond(most: int) -> None:
    """Let go of what was used least recently by any cache; the lock is held."""
    while len(_RECENT) > most:
        (_, number), owner = _RECENT.popitem(last=False)
        cache = owner()
        if cache is not None:
            cache._kept.pop(number, None)
