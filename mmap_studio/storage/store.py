"""Stores of arrays: what was computed once is looked up by the digest of everything it depends on.

The contract is small on purpose, and `tests/storage/test_store.py` runs it over every store there is.
"""

import logging
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.hdf5 import Artifact, pack, unpack, unpack_mapped

CACHE_VARIABLE = "MMAP_STUDIO_CACHE"
"""Environment variable that names another cache folder."""
TURNS = "turns"
"""Folder, in a store's, of the files that say who makes what."""
log = logging.getLogger(__name__)
_NAME = re.compile(r"(?P<kind>[a-z][a-z0-9_-]{0,40})/(?P<digest>[0-9a-f]{8,64})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored artifact."""

    kind: str
    """What it is, such as "prompts"; a store takes any kind."""
    digest: str
    """Hex digest of everything it depends on."""
    bytes: int
    """Size in the store."""
    modified: datetime
    """When it was put there (UTC)."""
    path: Path | None
    """Its file; None when it lives in memory."""


class ArrayStore(ABC):
    """Artifacts by kind and digest. What `get` returns is the caller's own: the store never shares memory."""

    @abstractmethod
    def get(self, kind: str, digest: str) -> Artifact | None:
        """The artifact, or None when it is not there or turned out to be damaged (it is then set aside)."""

    @abstractmethod
    def put(self, kind: str, digest: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> None:
        """Store, whole or not at all; replaces what is there. StorageError when the disk refuses."""

    @abstractmethod
    def remove(self, kind: str, digest: str) -> None:
        """Forget the artifact; none there is fine."""

    @abstractmethod
    def entries(self) -> list[Entry]:
        """All there is, by kind and digest."""

    def mapped(self, kind: str, digest: str) -> Artifact | None:
        """As `get`, but arrays of a file may stay on the disk and be read as they are used; still read-only."""
        return self.get(kind, digest)

    def has(self, kind: str, digest: str) -> bool:
        """Whether there is an artifact; only `get` finds out whether it is sound."""
        return any((entry.kind, entry.digest) == (kind, digest) for entry in self.entries())

    def refuse(self, kind: str, digest: str, why: str) -> None:
        """Put away an artifact that is sound but not what its name says, so that it is made again."""
        self.remove(kind, digest)

    def turn_file(self, kind: str, digest: str) -> tuple[Path | None, Path | None]:
        """The file that whoever makes the artifact locks, and the store's folder; none where nobody shares it."""
        return None, None

    def verify(self) -> list[Entry]:
        """Read everything; the damaged ones, which were set aside and will be made again."""
        return [entry for entry in self.entries() if self.get(entry.kind, entry.digest) is None]

    def prune(
        self, max_bytes: int | None = None, older_than: timedelta | None = None, everything: bool = False
    ) -> list[Entry]:
        """Remove everything, or what is older, and then the oldest until at most `max_bytes` are left; the removed."""
        limit = datetime.now(UTC) - older_than if older_than is not None else None
        entries = sorted(self.entries(), key=lambda entry: entry.modified)
        left, removed = sum(entry.bytes for entry in entries), []
        for entry in entries:
            stale = everything or (limit is not None and entry.modified < limit)
            if stale or (max_bytes is not None and left > max_bytes):
                self.remove(entry.kind, entry.digest)
                removed.append(entry)
                left -= entry.bytes
        return removed


class MemoryStore(ArrayStore):
    """Artifacts in memory, in the same bytes as on disk."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], tuple[datetime, bytes]] = {}

    def get(self, kind: str, digest: str) -> Artifact | None:
        _checked(kind, digest)
        if (kind, digest) not in self.files:
            return None
        try:
            return _checked_name(unpack(self.files[kind, digest][1]), "these bytes", kind, digest)
        except CorruptError:
            del self.files[kind, digest]
            return None

    def put(self, kind: str, digest: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> None:
        self.files[_checked(kind, digest)] = (datetime.now(UTC), _packed(kind, digest, arrays, meta))

    def remove(self, kind: str, digest: str) -> None:
        self.files.pop(_checked(kind, digest), None)

    def entries(self) -> list[Entry]:
        return [Entry(*key, len(data), when, None) for key, (when, data) in sorted(self.files.items())]


class FolderStore(ArrayStore):
    """Artifacts as `<root>/<kind>/<digest>.h5`. Several processes may share one: every file is whole or absent.

    Parameters
    ----------
    root : the folder; made when something is first put there.
    notify : told, in one sentence each, which damaged files were set aside. Default: the log.
    """

    def __init__(self, root: Path | str, notify: Callable[[str], None] = log.warning) -> None:
        self.root = Path(root)
        self.notify = notify

    def path(self, kind: str, digest: str) -> Path:
        """Where the artifact is, or would be."""
        _checked(kind, digest)
        return self.root / kind / f"{digest}.h5"

    def get(self, kind: str, digest: str) -> Artifact | None:
        return self._read(kind, digest, partial(unpack, within=self.root))

    def mapped(self, kind: str, digest: str) -> Artifact | None:
        return self._read(kind, digest, partial(unpack_mapped, within=self.root))

    def _read(self, kind: str, digest: str, parse: Callable[[Path], Artifact]) -> Artifact | None:
        path = self.path(kind, digest)
        if not os.path.lexists(path):
            return None
        try:
            return _checked_name(parse(path), str(path), kind, digest)
        except CorruptError as error:
            self._set_aside(path, error)
            return None
        except StorageError:
            if os.path.lexists(path):
                raise
            return None  # removed by another process between the two lines

    def has(self, kind: str, digest: str) -> bool:
        return self.path(kind, digest).is_file()

    def put(self, kind: str, digest: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> None:
        path = self.path(kind, digest)
        data = _packed(kind, digest, arrays, meta)
        atomic.make_folder(self.root)
        atomic.make_folder(path.parent, self.root)
        atomic.write_bytes(path, data, self.root)

    def remove(self, kind: str, digest: str) -> None:
        atomic.remove(self.path(kind, digest), self.root)

    def turn_file(self, kind: str, digest: str) -> tuple[Path | None, Path | None]:
        _checked(kind, digest)
        return self.root / TURNS / f"{kind}-{digest}.lock", self.root

    def entries(self) -> list[Entry]:
        found = (self._entry(path) for path in sorted(self._folders("*.h5")))
        return [entry for entry in found if entry is not None]

    def prune(
        self, max_bytes: int | None = None, older_than: timedelta | None = None, everything: bool = False
    ) -> list[Entry]:
        """As every store's; damaged files that were set aside go in any case."""
        self.sweep()
        for folder in self._folders(atomic.QUARANTINE):
            atomic.remove(folder, self.root)
        return super().prune(max_bytes, older_than, everything)

    def _folders(self, pattern: str) -> Iterator[Path]:
        """What matches in the folders of all kinds, of which none is a link."""
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if not folder.is_symlink():
                yield from folder.glob(pattern)

    def refuse(self, kind: str, digest: str, why: str) -> None:
        path = self.path(kind, digest)
        self._set_aside(path, CorruptError(f"{path} must hold what was stored under its name. Found {why}."))

    def sweep(self) -> None:
        """Delete what killed processes left half-written; for start-up, never raises."""
        with suppress(OSError):
            for folder in (self.root, *self.root.iterdir()) if self.root.is_dir() else ():
                atomic.sweep(folder, self.root)

    def _entry(self, path: Path) -> Entry | None:
        match = _NAME.fullmatch(f"{path.parent.name}/{path.stem}")
        with suppress(FileNotFoundError):
            about = path.stat()
            if match:
                return Entry(**match.groupdict(), bytes=about.st_size, modified=_when(about.st_mtime), path=path)
        return None

    def _set_aside(self, path: Path, error: CorruptError) -> None:
        try:
            self.notify(f"{error} It was moved to {atomic.set_aside(path, self.root)}.")
        except StorageError as refusal:
            self.notify(f"{error} It could not be moved away: {refusal}")


def cache_folder() -> Path:
    """The user's cache folder of this system, or what `CACHE_VARIABLE` names."""
    import platformdirs

    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("mmap-studio", appauthor=False))


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _checked(kind: str, digest: str) -> tuple[str, str]:
    """Kind and digest become parts of a path: nothing else may get there."""
    if not _NAME.fullmatch(f"{kind}/{digest}"):
        raise ValueError(f"an artifact must be named by a lower-case kind and a hex digest. Got {kind!r}, {digest!r}.")
    return kind, digest


def _packed(kind: str, digest: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> bytes:
    return pack(arrays, {"kind": kind, "digest": digest, "meta": meta})


def _checked_name(artifact: Artifact, where: str, kind: str, digest: str) -> Artifact:
    """The artifact; CorruptError for a sound one that was put under another one's name."""
    meta = artifact.meta
    if set(meta) != {"kind", "digest", "meta"} or (meta["kind"], meta["digest"]) != (kind, digest):
        raise CorruptError(f"{where} must hold {kind} {digest}. Found another artifact under its name.")
    return Artifact(artifact.arrays, meta["meta"])


def user_cache(notify: Callable[[str], None] = log.warning) -> FolderStore:
    """The user's cache, cleared of what killed processes left half-written."""
    store = FolderStore(cache_folder(), notify)
    store.sweep()
    return store
