"""The index of a domain's decoded images: one artifact a domain and size, updated when the folder changes.

For every file its path, size and time, the digest of its bytes, the digest of its pixels, and the shard they are in.
A file of the same path, size and time is taken to be the same, unless it could not be read; any other is read and found
by the digest of its bytes, so that a file that was only touched, renamed or copied back is not decoded again.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_table import FileTable
from mmap_studio.data.images.decode import NewImage
from mmap_studio.data.skipped import Skipped
from mmap_studio.session.cache.cache import Arrays, Cached, checked_array
from mmap_studio.storage.digest import digest_of
from mmap_studio.storage.documents import Document

NOT_CACHED, UNREADABLE = -1, -2
"""Instead of a shard's number."""
HASH = 32
"""Bytes of a sha256."""


class IndexMeta(Document):
    """The meta of an index."""

    fingerprint: str
    shards: list[Annotated[str, Field(pattern="^[0-9a-f]{8,64}$")]]
    bad: dict[str, str]


@dataclass(frozen=True)
class PixelIndex:
    """Columns over the N files of a domain."""

    files: FileTable
    fingerprint: str
    """The domain's when this was written."""
    contents: np.ndarray
    """uint8 (N, 32): sha256 of the file's bytes."""
    pixels: np.ndarray
    """uint8 (N, 32): sha256 of the pixels at this size; zeros where there are none."""
    shard: np.ndarray
    """int32 (N,): into `shards`; NOT_CACHED or UNREADABLE."""
    row: np.ndarray
    """int32 (N,): of the image in its shard."""
    shards: tuple[str, ...]
    """Digests under which the store has them."""
    bad: dict[int, str]
    """File number -> why it is UNREADABLE."""

    @classmethod
    def empty(cls, domain: Domain) -> "PixelIndex":
        n = len(domain.files)
        nowhere = np.full(n, NOT_CACHED, np.int32)
        blank = np.zeros((n, HASH), np.uint8)
        return cls(domain.files, domain.fingerprint, blank, blank.copy(), nowhere, np.zeros(n, np.int32), (), {})

    @cached_property
    def by_content(self) -> dict[bytes, int]:
        """Digest of a file's bytes -> its number, for files that have pixels."""
        return {self.contents[n].tobytes(): int(n) for n in np.flatnonzero(self.shard >= 0)}

    def without(self, gone: Iterable[int]) -> "PixelIndex":
        """The same, with the images in these shards no longer cached."""
        shard = np.where(np.isin(self.shard, list(gone)), NOT_CACHED, self.shard).astype(np.int32)
        return replace(self, shard=shard)

    def retrying(self) -> "PixelIndex":
        """The same, with what could not be read to be tried again: a disk or a share may have been away."""
        shard = np.where(self.shard == UNREADABLE, NOT_CACHED, self.shard).astype(np.int32)
        return replace(self, shard=shard, bad={})

    def carried_to(self, domain: Domain) -> "PixelIndex":
        """The index of the domain as it is now, with what this one says of files of the same path, size and time."""
        if domain.fingerprint == self.fingerprint:
            return self
        new = PixelIndex.empty(domain)
        old = {path: number for number, path in enumerate(self.files.paths())}
        was = np.fromiter((old.get(path, -1) for path in domain.files.paths()), np.int64, len(domain.files))
        here = np.flatnonzero(was >= 0)
        there = was[here]
        same = (self.files.sizes[there] == domain.files.sizes[here]) & (
            self.files.stamps[there] == domain.files.stamps[here]
        )
        here, there = here[same], there[same]
        for column, values in ((new.contents, self.contents), (new.pixels, self.pixels), (new.shard, self.shard),
                               (new.row, self.row)):  # fmt: skip
            column[here] = values[there]
        bad = {int(n): self.bad[int(o)] for n, o in zip(here, there, strict=True) if int(o) in self.bad}
        return PixelIndex(new.files, new.fingerprint, new.contents, new.pixels, new.shard, new.row, self.shards, bad)

    def as_arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """For the store; shards that no file is in any more are forgotten."""
        used, place = np.unique(self.shard[self.shard >= 0], return_inverse=True)
        shard = self.shard.copy()
        shard[self.shard >= 0] = place
        columns = {"contents": self.contents, "pixels": self.pixels, "shard": shard, "row": self.row}
        meta = {"fingerprint": self.fingerprint, "shards": [self.shards[n] for n in used]}
        bad = {str(number): reason for number, reason in self.bad.items()}
        return self.files.as_arrays() | columns, meta | {"bad": bad}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: dict[str, Any]) -> "PixelIndex":
        """Back from `as_arrays`; LookupError or ValueError for what is none."""
        files, about = FileTable.from_arrays(arrays), IndexMeta.model_validate(meta)
        n, shards = len(files), tuple(about.shards)
        contents, pixels = (checked_array(arrays, name, "u1", (n, HASH)) for name in ("contents", "pixels"))
        shard, row = (checked_array(arrays, name, "i4", (n,)) for name in ("shard", "row"))
        bad = {int(number): reason for number, reason in about.bad.items()}
        if n and not (shard.min() >= UNREADABLE and shard.max() < len(shards) and row.min() >= 0):
            raise ValueError("images in shards that there are none of")
        if any(not 0 <= number < n for number in bad):
            raise ValueError("unreadable files that there are none of")
        return cls(files, about.fingerprint, contents, pixels, shard, row, shards, bad)


class PixelWriter:
    """Takes decoded images one by one, stores them in shards, and gives the index with them.

    index : of the files that have not changed   before : of all files as they were; the same shards
    per_shard : images a shard

    A thread writes a shard while the images of the next one are taken, so that nobody who decodes waits for the disk;
    at most two shards are in memory. Used as a context, which ends the thread.
    """

    def __init__(self, cached: Cached, index: PixelIndex, before: PixelIndex, per_shard: int) -> None:
        self._cached, self._from, self._per_shard = cached, index, per_shard
        self._contents, self._pixels = index.contents.copy(), index.pixels.copy()
        self._shard, self._row = index.shard.copy(), index.row.copy()
        self._shards, self._bad = list(index.shards), dict(index.bad)
        self._before, self._cached_as = before, before.by_content
        self._open: list[tuple[int, np.ndarray]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pixels")
        self._writing: tuple[Future[str], np.ndarray] | None = None
        """What is being stored, and the numbers of its images."""

    def __enter__(self) -> "PixelWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True)

    def has(self, content: bytes) -> bool:
        """Whether there are pixels of a file with these bytes. May be asked from any thread."""
        return content in self._cached_as

    def take(self, number: int, found: NewImage | Skipped) -> None:
        """One file's digest and pixels; without pixels, those of the file of the same bytes; or why there are none."""
        if isinstance(found, Skipped):
            self._shard[number], self._bad[number] = UNREADABLE, found.reason
            return
        self._contents[number] = np.frombuffer(found.content, np.uint8)
        if found.pixels is None:
            same = self._cached_as[found.content]
            self._pixels[number] = self._before.pixels[same]
            self._shard[number], self._row[number] = self._before.shard[same], self._before.row[same]
            return
        self._pixels[number] = np.frombuffer(found.digest, np.uint8)
        self._open.append((number, found.pixels))
        if len(self._open) == self._per_shard:
            self._store()

    def flush(self) -> None:
        """Store the images that have no shard yet, and wait for it. StorageError as the store's."""
        self._store()
        self._settle()

    def _store(self) -> None:
        """Begin to store the images that have no shard yet, once the shard before is there."""
        self._settle()
        if not self._open:
            return
        numbers = np.array([number for number, _ in self._open])
        images, self._open = [pixels for _, pixels in self._open], []
        digest = digest_of(what="pixels shard", hashes=self._pixels[numbers])
        self._writing = self._thread.submit(self._put, digest, images), numbers

    def _put(self, digest: str, images: list[np.ndarray]) -> str:
        self._cached.put("pixels", digest, {"pixels": np.stack(images)}, {})
        return digest

    def _settle(self) -> None:
        """Wait for the shard that is being stored; only then the index says that its images are there."""
        if self._writing is None:
            return
        (stored, numbers), self._writing = self._writing, None
        digest = stored.result()
        self._shard[numbers], self._row[numbers] = len(self._shards), np.arange(len(numbers))
        self._shards.append(digest)

    @property
    def index(self) -> PixelIndex:
        columns = self._contents, self._pixels, self._shard, self._row
        return PixelIndex(self._from.files, self._from.fingerprint, *columns, tuple(self._shards), self._bad)
