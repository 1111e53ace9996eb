"""Images as `method.task.ImageSet`: in memory, in shards, or a selection of either.

All three digest the same bytes in the same order, so equal content has an equal digest wherever it is kept.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from mmap_studio.data.images.shard_cache import LoadShard, ShardCache
from mmap_studio.method.task import ImageSet

Indices = Sequence[int] | np.ndarray
CHUNK = 256
"""Images read at a time for a digest."""


class Images(ABC):
    """What the sets share: read-only labels, the digest, selections. A set adds where its pixels come from."""

    def __init__(self, labels: np.ndarray) -> None:
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"labels must be int64 (N,). Got {labels.dtype} {labels.shape} instead.")
        self.labels = _own(labels.astype(np.int64, copy=False))

    @abstractmethod
    def pixels(self, indices: Indices) -> np.ndarray:
        """uint8 (B, S, S, 3) of these images, in this order; the caller's own. Raises IndexError outside 0..N-1."""

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def digest(self) -> str:
        """Hex digest of shape, pixels and labels; reads every pixel, once."""
        first = min(len(self), CHUNK)
        chunk = self.pixels(np.arange(first))
        digest = hashlib.sha256(repr((len(self), *chunk.shape[1:])).encode())
        digest.update(chunk.data)
        for start in range(first, len(self), CHUNK):
            digest.update(self.pixels(np.arange(start, min(start + CHUNK, len(self)))).data)
        digest.update(self.labels.astype("<i8").data)
        return digest.hexdigest()

    def subset(self, indices: Indices) -> "Subset":
        """A selection that shares these pixels."""
        return Subset(self, indices)


class ArrayImages(Images):
    """Images in memory.

    pixels : uint8 (N, S, S, 3)   labels : int64 (N,)

    Both are kept read-only: a writeable array is copied, a read-only one is taken as it is. Raises ValueError for
    other shapes and types.
    """

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(labels)
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1] != pixels.shape[2] or pixels.shape[3] != 3:
            raise ValueError(f"pixels must be uint8 (N, S, S, 3). Got {pixels.dtype} {pixels.shape} instead.")
        if len(pixels) != len(labels):
            raise ValueError(f"labels must be as many as images, {len(pixels)}. Got {len(labels)} instead.")
        self._pixels = _own(pixels)

    def pixels(self, indices: Indices) -> np.ndarray:
        chosen: np.ndarray = self._pixels[_checked(indices, len(self))]
        return chosen


class ShardedImages(Images):
    """Images in shards of a store, read when asked for.

    labels : int64 (N,)   shard, row : int32 (N,), where each image is; a shard below 0: nowhere
    size : edge S of an image   load : shard number -> uint8 (n, S, S, 3), or None when it is lost
    again : int64 (k,) image numbers -> uint8 (k, S, S, 3), for images whose shard is lost   keep : shards at hand

    An image that is nowhere is black. `pixels` raises DataError for a shard that is not of its shape.
    """

    def __init__(
        self, labels: np.ndarray, shard: np.ndarray, row: np.ndarray, size: int, load: LoadShard,
        again: Callable[[np.ndarray], np.ndarray], *, keep: int = 4096,
    ) -> None:  # fmt: skip
        super().__init__(labels)
        self._shard, self._row, self._size = shard, row, size
        self._shards, self._again = ShardCache(size, load, keep), again

    def pixels(self, indices: Indices) -> np.ndarray:
        wanted = _checked(indices, len(self))
        shard, row = self._shard[wanted], self._row[wanted]
        out = np.zeros((len(wanted), self._size, self._size, 3), np.uint8)
        for number in np.unique(shard[shard >= 0]):
            here = np.flatnonzero(shard == number)
            found = self._shards.shard(int(number), int(row[here].max()) + 1)
            out[here] = self._decoded_again(wanted[here]) if found is None else found[row[here]]
        return out

    def _decoded_again(self, wanted: np.ndarray) -> np.ndarray:
        numbers, place = np.unique(wanted, return_inverse=True)
        return self._again(numbers)[place]


class Subset(Images):
    """Some images of another set, in an order of one's own; no pixel is copied before it is read."""

    def __init__(self, images: ImageSet, indices: Indices) -> None:
        self._images = images
        self._indices = _checked(indices, len(images))
        super().__init__(images.labels[self._indices])

    def pixels(self, indices: Indices) -> np.ndarray:
        return self._images.pixels(self._indices[_checked(indices, len(self))])


def _own(array: np.ndarray) -> np.ndarray:
    if not array.flags.writeable:
        return array
    mine = array.copy()
    mine.setflags(write=False)
    return mine


def _checked(indices: Indices, count: int) -> np.ndarray:
    """int64 (B,), a copy; negative ones are refused like any other outside 0..count-1."""
    found = np.array(indices, np.int64, ndmin=1)
    if len(found) and not (found.min() >= 0 and found.max() < count):
        raise IndexError(f"Image indices must lie in 0..{count - 1}. Got {found.min()}..{found.max()} instead.")
    return found
