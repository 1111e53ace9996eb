"""zip files: a table of contents at the end, then any member by itself."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmap_studio.data.archives.rules import (
    MAX_RATIO,
    ArchiveError,
    Member,
    is_hidden,
    left_out,
    path_problem,
    plain_path,
    size_problem,
)
from mmap_studio.data.skipped import Skipped
from mmap_studio.formatting import counted, shown
from mmap_studio.storage.opener import ANY_SIZE, opened

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
IS_ENCRYPTED, UTF_8 = 0x1, 0x800
ENCRYPTED, ODD_METHOD = "it is encrypted", "it is packed in a way that is not read"
UNICODE_PATH = 0x7075
"""Extra field: the name in UTF-8 beside one in the encoding of the system that packed it."""


def zip_members(path: Path) -> Iterator[Member | Skipped]:
    """Every file in its order; ArchiveError for an archive that unpacks to far more than it can hold."""
    with opened(path, ANY_SIZE) as (file, _), zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
    _name(infos)
    declared, there = sum(info.file_size for info in infos), path.stat().st_size
    if declared > MAX_RATIO * max(there, 2**20):
        raise ArchiveError(f"it says that its {there:,} bytes unpack to {declared:,}")
    for info in infos:
        name = _path(info)
        if info.filename.endswith(("/", "\\")) or is_hidden(name):
            continue
        reason = _problem(info)
        raw = info.filename.removeprefix("./")
        yield left_out(raw, reason) if reason else Member(name, info.file_size, info.CRC)


def read_zip(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[int, bytes | Skipped]]:
    """The bytes of the wanted members, each once, in the order in which they lie in the file."""
    left = dict(wanted)
    with opened(path, ANY_SIZE) as (file, _), zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        _name(infos)
        for info in sorted(infos, key=lambda info: info.header_offset):
            row = left.pop(_path(info), None)
            if row is not None:
                yield row, _bytes(archive, info)
    for name, row in left.items():
        yield row, Skipped(name, "it is no longer in the archive")


def _name(infos: list[zipfile.ZipInfo]) -> None:
    """Give every member the name it was packed with, where the archive does not mark it as UTF-8.

    zipfile takes such a name for CP437, which only DOS wrote: here it is what the field of the name in UTF-8 says, or
    UTF-8 where all of them are. ArchiveError where a folder, which is a class, is in another encoding: nothing says
    in which.
    """
    unmarked = [info for info in infos if not info.flag_bits & UTF_8 and not info.orig_filename.isascii()]
    raw = {id(info): info.orig_filename.encode("cp437") for info in unmarked}
    left = []
    for info in unmarked:
        name = _unicode_path(info.extra, raw[id(info)])
        if name is None:
            left.append(info)
        else:
            info.filename = name
    try:
        utf_8 = [raw[id(info)].decode() for info in left]
    except UnicodeDecodeError:
        folders = [info for info in left if not _path(info).rpartition("/")[0].isascii()]
        if folders:
            raise ArchiveError(
                f"it has {counted(len(folders), 'name')} in an encoding that it does not name, such as "
                f"{shown(folders[0].filename)}, which would be wrong names of classes"
            ) from None
    else:
        for info, name in zip(left, utf_8, strict=True):
            info.filename = name


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """What the extra field of a member says of its name; None where it has none, or one of another name."""
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            (checksum,) = struct.unpack("<L", field[1:5])
            try:
                return field[5:].decode() if checksum == zlib.crc32(raw) else None
            except UnicodeDecodeError:
                return None
    return None


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
    return left_out(info.filename, reason)


def _problem(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if reason := path_problem(info.filename):
        return reason
    if kind not in (0, stat.S_IFREG):
        return "it is not a regular file"
    if info.flag_bits & IS_ENCRYPTED:
        return ENCRYPTED
    if info.compress_type not in METHODS:
        return f"{ODD_METHOD} (method {info.compress_type})"
    return size_problem(info.file_size, info.compress_size)
