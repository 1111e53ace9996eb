"""A domain's pictures, decoded once: uint8 at the backbone's size, in shards in the store.

The store knows them by the folder's fingerprint (names, sizes, times); what is computed from them later is known by
the hash of each picture's pixels, so a copied folder is decoded again but nothing is trained again.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from mmap_studio.data.decode_all import decode_many
from mmap_studio.data.importing import Domain
from mmap_studio.data.reports import Skipped
from mmap_studio.data.sets import Images, Indices, ShardedImages
from mmap_studio.errors import DataError
from mmap_studio.session.cache import Cached
from mmap_studio.session.events import Notice, Progress
from mmap_studio.session.phases import Steps
from mmap_studio.storage.digest import digest_of

DECODER = 1
"""Raise when decoding gives other pixels than before."""
SHARD_BYTES = 24 * 2**20
NAMED = 5
"""Unreadable files named one by one; the rest are counted."""


class Pictures(Images):
    """Some pictures of a decoded domain, with a digest that reads no pixel."""

    def __init__(self, whole: Images, hashes: np.ndarray, rows: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(labels)
        self._whole, self._rows = whole, rows
        parts = [hashes[rows].tobytes(), self.labels.astype("<i8").tobytes()]
        self.digest = hashlib.sha256(b"".join(parts)).hexdigest()

    def pixels(self, indices: Indices) -> np.ndarray:
        """uint8 (B, S, S, 3)."""
        return self._whole.pixels(self._rows[np.asarray(indices)])


def decoded(cached: Cached, domain: Domain, size: int) -> Steps:
    """Returns (all pictures, uint8 hashes (N, 32), rows that could not be read)."""
    key = digest_of(what="pixels", decoder=DECODER, size=size, files=domain.fingerprint)
    per_shard = max(16, SHARD_BYTES // (size * size * 3))
    found = cached.get("pixels", key)
    if found is None:
        hashes, bad = yield from _decode(cached, domain, size, key, per_shard)
        meta = {"bad": {str(row): reason for row, reason in bad.items()}}
        cached.put("pixels", key, {"hashes": hashes}, meta)
    else:
        hashes, bad = found[0]["hashes"], {int(row): reason for row, reason in found[1]["bad"].items()}
    yield from _tell(domain, bad)

    def load(number: int) -> np.ndarray:
        shard = cached.get("pixels", _shard(key, number))
        return shard[0]["pixels"] if shard is not None else _again(domain, size, number, per_shard, hashes)

    return ShardedImages(domain.labels, per_shard, load), hashes, sorted(bad)


def _decode(cached: Cached, domain: Domain, size: int, key: str, per_shard: int) -> Steps:
    """Decode and store everything; returns hashes and the reasons of the unreadable rows."""
    bad: dict[int, str] = {}
    hashes = np.zeros((len(domain.files), 32), dtype=np.uint8)
    shard: list[np.ndarray] = []
    for row, one in decode_many(domain.paths, size):
        if isinstance(one, Skipped):
            bad[row] = one.reason
        shard.append(_or_black(one, size))
        hashes[row] = np.frombuffer(_hash(shard[-1]), dtype=np.uint8)
        if len(shard) == per_shard or row + 1 == len(domain.files):
            cached.put("pixels", _shard(key, row // per_shard), {"pixels": np.stack(shard)}, {})
            shard = []
        yield Progress("tasks", row + 1, len(domain.files), "images", domain.name)
    return hashes, bad


def _again(domain: Domain, size: int, number: int, per_shard: int, hashes: np.ndarray) -> np.ndarray:
    """A shard that went from the store meanwhile (pruned, damaged), decoded again; it must be what it was."""
    rows = range(number * per_shard, min((number + 1) * per_shard, len(domain.files)))
    paths = [domain.paths[row] for row in rows]
    pixels = np.stack([_or_black(one, size) for _, one in decode_many(paths, size)])
    for row, picture in zip(rows, pixels, strict=True):
        if _hash(picture) != hashes[row].tobytes():
            raise DataError(f"Image {domain.paths[row]} changed while it was in use; start the run again.")
    return pixels


def _hash(picture: np.ndarray) -> bytes:
    return hashlib.sha256(picture.tobytes()).digest()


def _shard(key: str, number: int) -> str:
    return digest_of(what="pixels shard", of=key, number=number)


def _or_black(one: np.ndarray | Skipped, size: int) -> np.ndarray:
    """An unreadable picture keeps its row, so that rows stay those of the files; no split contains it."""
    return np.zeros((size, size, 3), np.uint8) if isinstance(one, Skipped) else one


def _tell(domain: Domain, bad: dict[int, str]) -> Steps:
    if not bad:
        return
    some: Sequence[tuple[int, str]] = sorted(bad.items())[:NAMED]
    named = "; ".join(f"{domain.files[row].path}: {reason}" for row, reason in some)
    more = f"; and {len(bad) - len(some)} more" if len(bad) > len(some) else ""
    yield Notice(f"Task {domain.name!r}: {len(bad)} unreadable images are skipped ({named}{more}).", "warning")
