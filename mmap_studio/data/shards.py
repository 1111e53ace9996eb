"""A few shards of a large image array in memory, the rest where they came from."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import numpy as np

from mmap_studio.errors import DataError

LoadShard = Callable[[int], np.ndarray]
"""Shard number -> uint8 (n, S, S, 3)."""


class ShardCache:
    """The most recently used shards. May be read by several threads; two may load the same shard at once.

    count : images in all   size : images a shard, the last may have fewer   keep : shards kept, 1 or more
    """

    def __init__(self, count: int, size: int, load: LoadShard, keep: int) -> None:
        if size < 1 or keep < 1:
            raise ValueError(f"shard_size and keep must be 1 or more. Got {size} and {keep} instead.")
        self._count, self._size, self._load, self._keep = count, size, load, keep
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = Lock()

    def pixels(self, indices: np.ndarray) -> np.ndarray:
        """uint8 (B, S, S, 3) of these images, in this order; every shard is asked for once.

        indices : int64 (B,), each in 0..count - 1. Raises DataError for a shard that is not what it should be.
        """
        shard_of, row = np.divmod(indices, self._size)
        edge = self._shard(int(shard_of[0]) if len(indices) else 0).shape[1] if self._count else 0
        out = np.empty((len(indices), edge, edge, 3), np.uint8)
        for number in np.unique(shard_of):
            here = shard_of == number
            shard = self._shard(int(number))
            if shard.shape[1] != edge:
                raise DataError(f"Image shard {number} holds {shard.shape[1]} px images, others {edge} px; rebuild it.")
            out[here] = shard[row[here]]
        return out

    def _shard(self, number: int) -> np.ndarray:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        shard = self._checked(number, self._load(number))
        with self._lock:
            self._kept[number] = shard
            self._kept.move_to_end(number)
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        return shard

    def _checked(self, number: int, shard: np.ndarray) -> np.ndarray:
        required = min(self._size, self._count - number * self._size)
        square = shard.ndim == 4 and shard.shape[1] == shard.shape[2] and shard.shape[3] == 3
        if shard.dtype == np.uint8 and square and len(shard) == required:
            return shard
        raise DataError(
            f"Image shard {number} must hold uint8 ({required}, S, S, 3). Got {shard.dtype} {shard.shape} instead; "
            "rebuild it."
        )
