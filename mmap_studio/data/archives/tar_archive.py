"""tar files, packed or not: headers and contents in turn, read from front to back and never extracted."""

import bz2
import gzip
import hashlib
import lzma
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mmap_studio.data.archives.rules import (
    FREE,
    MAX_RATIO,
    Member,
    Metered,
    is_hidden,
    left_out,
    path_problem,
    plain_path,
    size_problem,
)
from mmap_studio.data.skipped import Skipped
from mmap_studio.storage.opener import ANY_SIZE, opened

_MAGIC = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
"""First bytes -> how the rest is unpacked; the name of a file proves nothing."""


def tar_members(path: Path) -> Iterator[Member | Skipped]:
    """Every file in its order.

    ReadError for a damaged one; ArchiveError as soon as a packed one unpacks to far more than its size allows.
    """
    about = path.stat()
    with _opened(path) as archive:
        for info in _headers(archive):
            if info.isdir() or is_hidden(info.name):
                continue
            reason = _problem(info)
            name = plain_path(info.name)
            raw = info.name.removeprefix("./")
            yield left_out(raw, reason) if reason else Member(name, info.size, _stamp(info, about))


def read_tar(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[int, bytes | Skipped]]:
    """The bytes of the wanted members, each once, in one pass."""
    left = dict(wanted)
    with _opened(path) as archive:
        for info in _headers(archive):
            row = left.pop(plain_path(info.name), None)
            if row is not None:
                yield row, _bytes(archive, info)
            if not left:
                break
    for name, row in left.items():
        yield row, Skipped(name, "it is no longer in the archive")


def _stamp(info: tarfile.TarInfo, about: os.stat_result) -> int:
    """63 bits that change with the member's time or with the archive: a time in whole seconds says too little."""
    seen = f"{info.mtime} {about.st_size} {about.st_mtime_ns}"
    return int.from_bytes(hashlib.sha256(seen.encode()).digest()[:8]) >> 1


def _headers(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Every header; ReadError where they break off before the end, which tarfile takes for the end."""
    while (info := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # tarfile would keep all of them
        if info.size < 0:  # it would step back onto this header for ever
            raise tarfile.ReadError(f"a header in it gives {info.size:,} bytes as a size")
        yield info
    stream = archive.fileobj
    assert isinstance(stream, Metered)
    if stream.last.strip(b"\0"):
        raise tarfile.ReadError(f"it is damaged after {archive.offset:,} bytes")


def _bytes(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes | Skipped:
    reason = _problem(info)
    if reason is None:
        file = archive.extractfile(info)
        data = file.read(info.size) if file is not None else b""
        if len(data) == info.size:
            return data
        reason = "the archive ends in the middle of it"
    return left_out(info.name, reason)


def _problem(info: tarfile.TarInfo) -> str | None:
    if reason := path_problem(info.name):
        return reason
    if not info.isreg() or info.issparse():
        return "it is not a regular file"
    return size_problem(info.size, info.size)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    with opened(path, ANY_SIZE) as (file, _):
        start = file.read(6)
        file.seek(0)
        unpack = next((opener for magic, opener in _MAGIC if start.startswith(magic)), None)
        stream: IO[bytes] = unpack(file) if unpack else file  # type: ignore[assignment]
        limit = path.stat().st_size * (MAX_RATIO if unpack else 1) + FREE
        with tarfile.open(fileobj=Metered(stream, limit), mode="r:", errors="surrogateescape") as archive:
            yield archive
