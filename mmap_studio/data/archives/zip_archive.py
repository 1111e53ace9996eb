"""zip files: a table of contents at the end, then any member by itself."""

import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmap_studio.data.archives.rules import (
    MAX_RATIO,
    ArchiveError,
    Member,
    is_hidden,
    path_problem,
    plain_path,
    size_problem,
)
from mmap_studio.data.skipped import Skipped
from mmap_studio.storage.opener import ANY_SIZE, opened

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ENCRYPTED = 0x1


def zip_members(path: Path) -> Iterator[Member | Skipped]:
    """Every file in its order; ArchiveError for an archive that unpacks to far more than it can hold."""
    with opened(path, ANY_SIZE) as (file, _), zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
    declared, there = sum(info.file_size for info in infos), path.stat().st_size
    if declared > MAX_RATIO * max(there, 2**20):
        raise ArchiveError(f"it says that its {there:,} bytes unpack to {declared:,}")
    for info in infos:
        name = _path(info)
        if info.filename.endswith(("/", "\\")) or is_hidden(name):
            continue
        reason = _problem(info)
        yield Skipped(info.filename.removeprefix("./"), reason) if reason else Member(name, info.file_size, info.CRC)


def read_zip(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[int, bytes | Skipped]]:
    """The bytes of the wanted members, each once, in the order in which they lie in the file."""
    left = dict(wanted)
    with opened(path, ANY_SIZE) as (file, _), zipfile.ZipFile(file) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            row = left.pop(_path(info), None)
            if row is not None:
                yield row, _bytes(archive, info)
    for name, row in left.items():
        yield row, Skipped(name, "it is no longer in the archive")


def _path(info: zipfile.ZipInfo) -> str:
    """The format knows only `/`, but some programs on Windows write backslashes."""
    return plain_path(info.filename.replace("\\", "/"))


def _bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | Skipped:
    """The declared number of bytes and not one more; zipfile checks the CRC at their end."""
    reason = _problem(info)
    if reason is None:
        try:
            with archive.open(info) as member:
                data = member.read(info.file_size)
                if len(data) == info.file_size and not member.read(1):
                    return data
            reason = "the archive holds more or less of it than it says"
        except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            reason = f"it cannot be unpacked ({error})"
        except Exception as error:  # zlib.error, lzma.LZMAError: every method has its own
            reason = f"it cannot be unpacked ({type(error).__name__}: {error})"
    return Skipped(info.filename, reason)


def _problem(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if reason := path_problem(info.filename):
        return reason
    if kind not in (0, stat.S_IFREG):
        return "it is not a regular file"
    if info.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if info.compress_type not in METHODS:
        return f"it is packed in a way that is not read (method {info.compress_type})"
    return size_problem(info.file_size, info.compress_size)
