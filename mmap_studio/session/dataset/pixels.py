"""A domain's images, decoded once: uint8 in the backbone's geometry, in shards in the store.

The domain's pixel index says which files are cached; only the others are decoded, and what was decoded before a stop is
kept. What is computed from images later depends on the hash of their pixels, so a copied folder is decoded again but
nothing is trained again.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from mmap_studio.data.domains import Domain, Paths
from mmap_studio.data.images.decode import decode_many, decode_many_new, hash_of
from mmap_studio.data.images.image_sets import Images, Indices, ShardedImages
from mmap_studio.data.images.placeholders import unreadable_notice
from mmap_studio.data.images.sources import sources
from mmap_studio.data.skipped import Skipped
from mmap_studio.errors import DataError, StorageError
from mmap_studio.formatting import counted
from mmap_studio.method.task import Geometry, ImageSet
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.pixel_index import NOT_CACHED, PixelIndex, PixelWriter
from mmap_studio.session.events import ImagesUnread, Notice, Progress, Steps
from mmap_studio.storage.digest import digest_of

DECODER = 2
"""Raise when decoding gives other pixels than before, or the index other columns."""
SHARD_BYTES = 24 * 2**20
LEAST = 16
"""Images a shard, however large they are."""


class DecodedImages(Images):
    """Some images of a decoded domain, with a digest that reads no pixel."""

    def __init__(
        self, whole: Images, hashes: np.ndarray, rows: np.ndarray, labels: np.ndarray, place: str,
        paths: Paths | Sequence[Path] = (),
    ) -> None:  # fmt: skip
        super().__init__(labels)
        self._whole, self._rows, self._paths = whole, rows, paths
        self.hashes = hashes[rows]
        """uint8 (N, 32): of the pixels."""
        self.place = place
        """The domain's."""
        parts = [self.hashes.tobytes(), self.labels.astype("<i8").tobytes()]
        self.digest = hashlib.sha256(b"".join(parts)).hexdigest()

    def pixels(self, indices: Indices) -> np.ndarray:
        """uint8 (B, S, S, 3)."""
        return self._whole.pixels(self._rows[np.asarray(indices)])

    def path(self, index: int) -> Path | None:
        """The file it was read from, which may lie in an archive; None where that is not known."""
        return self._paths[int(self._rows[index])] if len(self._paths) else None

    def name(self, index: int) -> str:
        """The file's path in its domain, parts joined by `/`; empty where it is not known."""
        if isinstance(self._paths, Paths):
            return self._paths.files.path(int(self._rows[index]))
        return self._paths[int(self._rows[index])].name if len(self._paths) else ""


def path_of(images: ImageSet, index: int) -> Path | None:
    """The file of one image; None where there is none, as for images that ship with the studio."""
    return images.path(index) if isinstance(images, DecodedImages) else None


def name_of(images: ImageSet, index: int) -> str:
    """What an image is called however images are split: its path in the domain, or else the hash of its pixels."""
    name = images.name(index) if isinstance(images, DecodedImages) else ""
    return name or f"pixels:{hash_of(images.pixels([index])[0]).hex()[:24]}"


def decode_domain(cached: Cached, domain: Domain, to: Geometry) -> Steps:
    """Returns (all images, uint8 hashes (N, 32), rows that could not be read)."""
    key = digest_of(what="scan index", decoder=DECODER, size=to.size, place=domain.place, **to.unusual())
    found = cached.read("pixels", key, PixelIndex.from_arrays)
    index = PixelIndex.empty(domain) if found is None else found
    written = index.fingerprint if found is not None else ""
    lost = [n for n, shard in enumerate(index.shards) if not cached.store.has("pixels", shard)]  # pruned, set aside
    before = index.without(lost)
    carried = before.carried_to(domain)
    index = carried.retrying()
    missing = np.flatnonzero(index.shard == NOT_CACHED)
    if len(missing):
        index = yield from _completed(cached, domain, to, index, before, key)
    elif index.fingerprint != written:
        cached.put("pixels", key, *index.as_arrays())
    if found is not None and (fresh := len(missing) - len(carried.bad)):
        what = counted(fresh, "new or changed image was", "new or changed images were")
        rest = len(domain.files) - fresh
        kept = f"; {counted(rest, 'other was', 'others were')} not read again" if rest else ""
        yield Notice(f"Task {domain.name!r}: {what} read{kept}.")
    if index.bad:
        yield Notice(unreadable_notice(domain.name, domain, index.bad), "warning")
        yield ImagesUnread(domain.name, len(index.bad), len(domain.files))
    return _stored(cached, domain, to, index), index.pixels, sorted(index.bad)


def _stored(cached: Cached, domain: Domain, to: Geometry, index: PixelIndex) -> ShardedImages:
    """The images where they are: in shards that stay on the disk and are read as they are used."""

    def load(number: int) -> np.ndarray | None:
        shard = cached.store.mapped("pixels", index.shards[number])
        return None if shard is None else shard.arrays.get("pixels")

    def again(rows: np.ndarray) -> np.ndarray:
        return _again(domain, to, rows, index.pixels)

    return ShardedImages(domain.labels, index.shard, index.row, to.size, load, again)


def _completed(cached: Cached, domain: Domain, to: Geometry, index: PixelIndex, before: PixelIndex, key: str) -> Steps:
    """The index with every file that was not cached; what there is of it is kept if the work is stopped."""
    missing = np.flatnonzero(index.shard == NOT_CACHED)
    with PixelWriter(cached, index, before, max(LEAST, SHARD_BYTES // (to.size**2 * 3))) as writer:
        try:
            new = decode_many_new(sources(domain, missing.tolist()), to, writer.has)
            for done, (row, one) in enumerate(new, start=1):
                writer.take(row, one)
                yield Progress("tasks", done, len(missing), "images", domain.name)
            writer.flush()
        except BaseException:
            with suppress(StorageError):
                writer.flush()
                cached.put("pixels", key, *writer.index.as_arrays())
            raise
    if before.fingerprint != domain.fingerprint or not np.array_equal(before.shard, writer.index.shard):
        cached.put("pixels", key, *writer.index.as_arrays())
    return writer.index


def _again(domain: Domain, to: Geometry, rows: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Images whose shard went while it was in use, decoded again; they must be what they were. uint8 (n, S, S, 3)."""
    place = {int(row): number for number, row in enumerate(rows)}
    out = np.zeros((len(rows), to.size, to.size, 3), np.uint8)
    for row, one in decode_many(sources(domain, place), to):
        if isinstance(one, Skipped) or hash_of(one) != hashes[row].tobytes():
            raise DataError(f"Image {domain.paths[row]} changed while it was in use; start the run again.")
        out[place[row]] = one
    return out
