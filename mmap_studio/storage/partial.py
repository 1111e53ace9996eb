"""A partial download: it grows beside its target and gets its name when it is complete and verified.

What a crash, a cut line or a stop leaves is `FILE.<sha256>.part`, never FILE; the next attempt goes on from there.
The digest in its name keeps a newer version from being put on top of an older one's beginning.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmap_studio.errors import CorruptError
from mmap_studio.storage import atomic, disk
from mmap_studio.storage.no_links import standing_in
from mmap_studio.storage.opener import ANY_SIZE, opened
from mmap_studio.storage.os_errors import refusing

_STEP = 4 << 20
GIT = 40
"""Hex digits of git's digest of a file."""


def received_in(folder: Path) -> dict[str, int]:
    """Bytes received so far of every partial file in a folder, by any process."""
    found = {}
    for part in folder.glob("*.part"):
        with suppress(FileNotFoundError):  # it got its name meanwhile
            found[part.name] = part.stat().st_size
    return found


class Partial:
    """The arriving file of `size` bytes whose digest is known beforehand.

    digest : hex SHA-256; or hex SHA-1 as git makes it of a file, with its size in front
    """

    def __init__(self, path: Path, digest: str, size: int, within: Path | None = None) -> None:
        self.path, self.digest, self.size, self.within = path, digest, size, within
        self.part = path.with_name(f"{path.name}.{digest[:16]}.part")

    @property
    def received(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def restart(self) -> None:
        atomic.remove(self.part, self.within)

    @contextmanager
    def appending(self) -> Iterator[Callable[[bytes], None]]:
        """What adds bytes to the end; they are on the disk when the block is left. StorageError if the disk refuses."""
        atomic.make_folder(self.part.parent, self.within)
        self._clear_older()
        with refusing(self.part), disk.opened_to_append(self.part, self.within) as handle:
            try:
                yield lambda data: disk.write_all(handle, data)
            finally:
                disk.SYSTEM.fsync(handle)

    def finish(self, watch: Callable[[], None]) -> None:
        """Give the file its name; `watch` is called while it is read, and what it raises ends it.

        CorruptError if it is not the file that was announced; it is then deleted, as nothing of it can be trusted.
        """
        found = digest_like(self.digest, self.part, self.within, watch)
        if (self.received, found) != (self.size, self.digest):
            received, kind = self.received, "SHA-1" if len(self.digest) == GIT else "SHA-256"
            self.restart()
            raise CorruptError(
                f"{self.path.name} must be {self.size:,} bytes with {kind} {self.digest[:12]}. Received {received:,} "
                f"bytes with {found[:12]}; it was deleted."
            )
        with refusing(self.path), standing_in(self.path.parent, self.within) as folder:
            disk.rename(self.part, self.path, **disk.in_folder(folder))

    def _clear_older(self) -> None:
        """Parts of other versions will never be finished."""
        for entry in self.path.parent.iterdir():
            ours = entry.name.startswith(f"{self.path.name}.") and entry.name.endswith(".part")
            if ours and entry.name != self.part.name and os.path.isfile(entry):
                atomic.remove(entry, self.within)


def digest_like(digest: str, path: Path, within: Path | None = None, watch: Callable[[], None] = lambda: None) -> str:
    """The digest of a file, of the kind that `digest` is; see `Partial`. Errors as `opener.opened`.

    watch : called while it is read; what it raises ends it
    """
    with opened(path, ANY_SIZE, within) as (file, size):
        git = len(digest) == GIT
        found = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False) if git else hashlib.sha256()
        while block := file.read(_STEP):
            watch()
            found.update(block)
    return found.hexdigest()
