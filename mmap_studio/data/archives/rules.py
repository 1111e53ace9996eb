"""What an archive may say of a member, and when it is not believed."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from mmap_studio.data.skipped import Skipped

MAX_MEMBERS = 4_000_000
MAX_BYTES = 64 * 2**20
"""Of one member, unpacked."""
MAX_RATIO = 200
"""Unpacked over packed: images are packed already, so they pack to about 1."""
MAX_PATH, MAX_DEPTH = 4096, 100
"""Letters of a member's path, and folders on it: no folder on a disk can have more letters."""
FREE = 2**20
"""Bytes below which the ratio says nothing: a drawing of one colour packs well."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, as the archive describes it."""

    path: str
    """Inside, parts joined by `/`."""
    size: int
    """Bytes, unpacked."""
    stamp: int
    """CRC-32 in a zip; in a tar a number of the modification times of member and archive."""


class ArchiveError(Exception):
    """A reason not to read an archive any further, on its way to a DataError."""


def left_out(name: str, reason: str) -> Skipped:
    """A member that is not used; of an endless name its beginning."""
    return Skipped(name[:MAX_PATH], reason)


def path_problem(name: str) -> str | None:
    """Why a member's path must not be used, whatever is in it."""
    if len(name) > MAX_PATH:
        return f"its path has {len(name):,} letters, more than the {MAX_PATH:,} allowed"
    if name.count("/") + name.count("\\") > MAX_DEPTH:
        return f"its path has more than the {MAX_DEPTH} folders allowed"
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:
            return "its name is not valid Unicode"
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        return "its path is absolute"
    if ".." in name.replace("\\", "/").split("/"):
        return "its path leaves the archive"
    return "its path has NUL in it" if "\0" in name else None


def plain_path(name: str) -> str:
    """A member's path as a folder scan would have it: single slashes, no `./`."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def size_problem(size: int, packed: int) -> str | None:
    """Why a member is too large to be an image."""
    if size > MAX_BYTES:
        return f"it has {size / 2**20:,.0f} MiB, more than the {MAX_BYTES // 2**20} allowed in an archive"
    if size > FREE and size > MAX_RATIO * max(packed, 1):
        return f"it unpacks to {size / max(packed, 1):,.0f} times its size, more than the {MAX_RATIO} allowed"
    return None


def is_hidden(name: str) -> bool:
    """Names no folder scan would mention either."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/") if part not in (".", "..", ""))


def without_doubles(found: Iterator[Member | Skipped]) -> Iterator[Member | Skipped]:
    """The first of several members of one name; ArchiveError when there are too many in all."""
    seen: set[str] = set()
    for number, one in enumerate(found):
        if number >= MAX_MEMBERS:
            raise ArchiveError(f"it has more than the {MAX_MEMBERS:,} members allowed")
        if one.path in seen:
            one = Skipped(one.path, "the archive has another file of this name")
        seen.add(one.path)
        yield one


class Metered(io.RawIOBase):
    """A stream that ends in ArchiveError when more comes out than `limit` bytes, or is asked for at once."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._limit = stream, limit
        self.last = b""
        """What was read last."""

    def read(self, size: int = -1) -> bytes:
        """At most `MAX_BYTES` at once."""
        if size < 0 or size > MAX_BYTES:
            raise ArchiveError(f"a header in it asks for {size:,} bytes")
        self.last = self._stream.read(size)
        self._check()
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Forward through what is packed in steps, so that the limit is heard in time."""
        target = offset if whence == io.SEEK_SET else self._stream.tell() + offset
        while target - self._stream.tell() > MAX_BYTES:
            before = self._stream.tell()
            self._stream.seek(before + MAX_BYTES)
            self._check()
            if self._stream.tell() == before:
                break
        self._stream.seek(target)
        self._check()
        return self._stream.tell()

    def tell(self) -> int:
        return self._stream.tell()

    def _check(self) -> None:
        if self._stream.tell() > self._limit:
            raise ArchiveError(f"it unpacks to more than {self._limit / 2**20:,.0f} MiB, which its size does not allow")
