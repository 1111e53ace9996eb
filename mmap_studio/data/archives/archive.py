"""Images inside zip and tar files, read where they are: nothing is ever unpacked to the disk.

An archive can lie about everything it says of itself. So paths that leave it, links and devices are passed over,
every number it declares is capped before it is believed, and a read takes no more bytes than were declared.
"""

import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from mmap_studio.data.archives.rules import ArchiveError, Member, without_doubles
from mmap_studio.data.archives.tar_archive import read_tar, tar_members
from mmap_studio.data.archives.zip_archive import read_zip, zip_members
from mmap_studio.data.file_kinds import START, what_else
from mmap_studio.data.skipped import Skipped
from mmap_studio.errors import DataError, StudioError
from mmap_studio.formatting import shown
from mmap_studio.storage.opener import ANY_SIZE, opened

EVERY = 1000
"""Members between two calls of a tick."""
KINDS = {b"PK\3\4": ".zip", b"\x1f\x8b": ".tar.gz", b"BZh": ".tar.bz2", b"\xfd7zXZ": ".tar.xz"}
"""First bytes -> as what an archive is packed."""
T = TypeVar("T")


def members(path: Path, tick: Callable[[int], None] | None = None) -> Iterator[Member | Skipped]:
    """Every file in an archive, in its order; what must not be read as `Skipped`.

    tick : called with the number so far every thousand members; what it raises ends the reading

    Raises DataError, in one sentence, for an archive that is none, is damaged, or holds more than it can.
    """
    found = zip_members(path) if path.suffix.lower() == ".zip" else tar_members(path)
    for number, one in enumerate(_in_one_sentence(path, without_doubles(found)), start=1):
        yield one
        if tick is not None and number % EVERY == 0:
            tick(number)


def read(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[int, bytes | Skipped]]:
    """The bytes of some members: path inside -> number, given back with the bytes, in the archive's own order.

    What cannot be read is `Skipped` by itself; DataError as `members`.
    """
    read_these = read_zip if path.suffix.lower() == ".zip" else read_tar
    yield from _in_one_sentence(path, read_these(path, wanted))


def _in_one_sentence(path: Path, found: Iterator[T]) -> Iterator[T]:
    try:
        yield from found
    except ArchiveError as error:
        raise DataError(
            f"Archive {shown(path)} must not be read: {error}; unpack it yourself if you trust it."
        ) from None
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise _damaged(path, error) from None
    except Exception as error:
        if type(error).__module__ not in ("zlib", "_lzma", "lzma", "bz2", "_bz2", "struct"):
            raise
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> DataError:
    reason = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
    start = _start(path)
    if what := what_else(start):
        again = "" if ";" in what or "," in what else "; get it again"
        return DataError(f"Archive {shown(path)} must be a whole zip or tar file, but is {what}{again}.")
    kind = next((kind for magic, kind in KINDS.items() if start.startswith(magic)), "")
    if not path.name.lower().endswith((kind, kind.replace("tar.", "t"))):
        return DataError(f"Archive {shown(path)} must be packed as its name says, but is packed as {kind}; call it so.")
    if start.startswith(b"PK\3\4") and isinstance(error, zipfile.BadZipFile):
        reason = "its table of contents, which is at its end, is not there: the download broke off"
    return DataError(
        f"Archive {shown(path)} must be a whole zip or tar file, but cannot be read ({reason}); get it again."
    )


def _start(path: Path) -> bytes:
    try:
        with opened(path, ANY_SIZE) as (file, _):
            return file.read(START)
    except StudioError:
        return b"?"
