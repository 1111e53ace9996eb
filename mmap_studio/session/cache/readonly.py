"""A read-only view of a store: what is not cached is not computed, except the decoding of images."""

from collections.abc import Mapping

import numpy as np

from mmap_studio.storage.hdf5 import Artifact
from mmap_studio.storage.store import ArrayStore, Entry

MAY_BE_MADE = ("pixels",)
"""Kinds that are made all the same: quick, and needed to show anything."""


class NotThere(Exception):  # noqa: N818  not an error: the run ends here
    """An artifact is not cached and would have to be computed."""


class ReadOnlyStore(ArrayStore):
    """Another store, read only."""

    def __init__(self, store: ArrayStore) -> None:
        self._store = store

    def get(self, kind: str, digest: str) -> Artifact | None:
        """The artifact; `NotThere` where it would have to be computed."""
        return self._found(self._store.get(kind, digest), kind, digest)

    def mapped(self, kind: str, digest: str) -> Artifact | None:
        return self._found(self._store.mapped(kind, digest), kind, digest)

    def refuse(self, kind: str, digest: str, why: str) -> None:
        """Put away, as the other store does; `NotThere` where it would have to be computed."""
        self._store.refuse(kind, digest, why)
        if kind not in MAY_BE_MADE:
            raise NotThere(f"{kind}/{digest}")

    def has(self, kind: str, digest: str) -> bool:
        return self._store.has(kind, digest)

    def put(self, kind: str, digest: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> None:
        """Keep what may be made."""
        self._store.put(kind, digest, arrays, meta)

    def remove(self, kind: str, digest: str) -> None:
        raise NotThere(f"{kind}/{digest}")

    def entries(self) -> list[Entry]:
        return self._store.entries()

    def _found(self, artifact: Artifact | None, kind: str, digest: str) -> Artifact | None:
        if artifact is None and kind not in MAY_BE_MADE:
            raise NotThere(f"{kind}/{digest}")
        return artifact
