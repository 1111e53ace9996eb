"""What is known of a domain's files from earlier: one artifact a domain and size, updated when the folder changes.

For every file its path, size and time, the digest of its bytes, the digest of its pixels, and the shard they are in.
A file of the same path, size and time is taken to be the same, unless it could not be read; any other is read and known
by the digest of its bytes, so that a file that was only touched, renamed or copied back is not decoded again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_table import FileTable
from mmap_studio.session.cache.cache import Arrays

UNKNOWN, UNREADABLE = -1, -2
"""Instead of a shard's number."""
HASH = 32
"""Bytes of a sha256."""


@dataclass(frozen=True)
class ScanIndex:
    """Columns over the N files of a domain."""

    files: FileTable
    fingerprint: str
    """The domain's when this was written."""
    contents: np.ndarray
    """uint8 (N, 32): sha256 of the file's bytes."""
    pixels: np.ndarray
    """uint8 (N, 32): sha256 of the pixels at this size; zeros where there are none."""
    shard: np.ndarray
    """int32 (N,): into `shards`; UNKNOWN or UNREADABLE."""
    row: np.ndarray
    """int32 (N,): of the image in its shard."""
    shards: tuple[str, ...]
    """Digests under which the store has them."""
    bad: dict[int, str]
    """File number -> why it is UNREADABLE."""

    @classmethod
    def empty(cls, domain: Domain) -> "ScanIndex":
        """Nothing is known yet."""
        n = len(domain.files)
        unknown = np.full(n, UNKNOWN, np.int32)
        blank = np.zeros((n, HASH), np.uint8)
        return cls(domain.files, domain.fingerprint, blank, blank.copy(), unknown, np.zeros(n, np.int32), (), {})

    @cached_property
    def by_content(self) -> dict[bytes, int]:
        """Digest of a file's bytes -> its number, for files that have pixels."""
        return {self.contents[n].tobytes(): int(n) for n in np.flatnonzero(self.shard >= 0)}

    def without(self, gone: Iterable[int]) -> "ScanIndex":
        """The same, knowing nothing of images in these shards any more."""
        shard = np.where(np.isin(self.shard, list(gone)), UNKNOWN, self.shard).astype(np.int32)
        return replace(self, shard=shard)

    def retrying(self) -> "ScanIndex":
        """The same, with what could not be read to be tried again: a disk or a share may have been away."""
        shard = np.where(self.shard == UNREADABLE, UNKNOWN, self.shard).astype(np.int32)
        return replace(self, shard=shard, bad={})

    def carried_to(self, domain: Domain) -> "ScanIndex":
        """What is known of the domain as it is now: of files that have the same path, size and time."""
        if domain.fingerprint == self.fingerprint:
            return self
        new = ScanIndex.empty(domain)
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
        return ScanIndex(new.files, new.fingerprint, new.contents, new.pixels, new.shard, new.row, self.shards, bad)

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
    def from_arrays(cls, arrays: Arrays, meta: dict[str, Any]) -> "ScanIndex":
        """Back from `as_arrays`."""
        contents, pixels, shard, row = (arrays[name] for name in ("contents", "pixels", "shard", "row"))
        bad = {int(number): reason for number, reason in meta["bad"].items()}
        files, shards = FileTable.from_arrays(arrays), tuple(meta["shards"])
        return cls(files, meta["fingerprint"], contents, pixels, shard, row, shards, bad)
