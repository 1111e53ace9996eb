"""A scan index while images are being decoded: the only place where one changes."""

import hashlib

import numpy as np

from mmap_studio.data.skipped import Skipped
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.pixel_index import UNREADABLE, ScanIndex
from mmap_studio.storage.digest import digest_of


class GrowingIndex:
    """Takes images one by one, fills shards and stores them.

    index : what is known of the files that have not changed   before : of all files as they were; the same shards
    per_shard : images a shard
    """

    def __init__(self, cached: Cached, index: ScanIndex, before: ScanIndex, per_shard: int) -> None:
        self._cached, self._from, self._per_shard = cached, index, per_shard
        self._contents, self._pixels = index.contents.copy(), index.pixels.copy()
        self._shard, self._row = index.shard.copy(), index.row.copy()
        self._shards, self._bad = list(index.shards), dict(index.bad)
        self._before, self._known = before, before.by_content
        self._open: list[tuple[int, np.ndarray]] = []

    def knows(self, content: bytes) -> bool:
        """Whether there are pixels of a file with these bytes. May be asked from any thread."""
        return content in self._known

    def take(self, number: int, found: tuple[bytes, np.ndarray | None] | Skipped) -> None:
        """One file's digest and pixels; without pixels, those of the file of the same bytes; or why there are none."""
        if isinstance(found, Skipped):
            self._shard[number], self._bad[number] = UNREADABLE, found.reason
            return
        content, pixels = found
        self._contents[number] = np.frombuffer(content, np.uint8)
        if pixels is None:
            same = self._known[content]
            self._pixels[number] = self._before.pixels[same]
            self._shard[number], self._row[number] = self._before.shard[same], self._before.row[same]
            return
        self._pixels[number] = np.frombuffer(hash_of(pixels), np.uint8)
        self._open.append((number, pixels))
        if len(self._open) == self._per_shard:
            self.flush()

    def flush(self) -> None:
        """Store the images that have no shard yet; only then the index says that they are there."""
        if not self._open:
            return
        numbers = np.array([number for number, _ in self._open])
        digest = digest_of(what="pixels shard", hashes=self._pixels[numbers])
        self._cached.put("pixels", digest, {"pixels": np.stack([pixels for _, pixels in self._open])}, {})
        self._shard[numbers], self._row[numbers] = len(self._shards), np.arange(len(numbers))
        self._shards.append(digest)
        self._open = []

    @property
    def index(self) -> ScanIndex:
        """As it is now."""
        columns = self._contents, self._pixels, self._shard, self._row
        return ScanIndex(self._from.files, self._from.fingerprint, *columns, tuple(self._shards), self._bad)


def hash_of(pixels: np.ndarray) -> bytes:
    """By which an image is known after decoding."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).digest()
