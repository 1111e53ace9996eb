"""Pictures in the shards of a store: a few are known by their place, most stay on the disk."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import numpy as np

from mmap_studio.errors import DataError

LoadShard = Callable[[int], np.ndarray | None]
"""Shard number -> uint8 (n, S, S, 3), perhaps a view of a file; None when the store has lost it."""


class ShardCache:
    """The most recently used shards. May be read by several threads; two may load the same shard at once.

    edge : pixels S of a picture   load : where shards come from   keep : shards kept at hand, 1 or more

    What is kept of a shard that is a view of a file is the view: its pages belong to the system.
    """

    def __init__(self, edge: int, load: LoadShard, keep: int) -> None:
        if keep < 1:
            raise ValueError(f"keep must be 1 or more. Got {keep} instead.")
        self._edge, self._load, self._keep = edge, load, keep
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = Lock()

    def shard(self, number: int, rows: int) -> np.ndarray | None:
        """uint8 (n, S, S, 3) with at least `rows` pictures; None when it is lost. DataError for anything else."""
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        shard = self._load(number)
        if shard is None:
            return None
        self._check(number, shard, rows)
        with self._lock:
            self._kept[number] = shard
            self._kept.move_to_end(number)
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        return shard

    def _check(self, number: int, shard: np.ndarray, rows: int) -> None:
        square = shard.ndim == 4 and shard.shape[1:] == (self._edge, self._edge, 3)
        if shard.dtype != np.uint8 or not square or len(shard) < rows:
            raise DataError(
                f"Image shard {number} must hold uint8 ({rows} or more, {self._edge}, {self._edge}, 3). "
                f"Got {shard.dtype} {shard.shape} instead; rebuild it."
            )
