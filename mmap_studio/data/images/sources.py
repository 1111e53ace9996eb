"""Where the bytes of images come from: files by their paths, members of archives and rows of tables in one pass
over each."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mmap_studio.data.archives.archive import read
from mmap_studio.data.domains import Domain
from mmap_studio.data.file_kinds import ARCHIVES, COLUMNAR, is_columnar
from mmap_studio.data.images.decode import Source
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.image_tables import read_images
from mmap_studio.errors import DataError

_PACKED = (*ARCHIVES, *COLUMNAR)
"""How a file is called that images are in."""


def sources(domain: Domain, rows: Iterable[int]) -> Iterator[tuple[int, Source]]:
    """(row, source) for some rows of a domain; archives one after the other, each in its own order."""
    packed: dict[Path, dict[str, int]] = {}
    for row in rows:
        path = domain.paths[row]
        inside = split_path(path) if domain.packed else None
        if inside is None:
            yield row, path
        else:
            packed.setdefault(inside[0], {})[inside[1]] = row
    for archive, wanted in packed.items():
        yield from _read(archive, wanted)


def split_path(path: Path) -> tuple[Path, str] | None:
    """The archive or table that a path leads into, and the path inside; None for a path that leads into none."""
    text, begin = path.as_posix(), 0
    while (end := text.find("/", begin)) >= 0:
        if text[begin:end].lower().endswith(_PACKED) and (archive := Path(text[:end])).is_file():
            return archive, text[end + 1 :]  # a folder may be called like an archive
        begin = end + 1
    return None


def _read(archive: Path, wanted: dict[str, int]) -> Iterator[tuple[int, Source]]:
    """The members of one archive; when it breaks off, what was not reached is skipped with the reason."""
    reached: set[int] = set()
    found = read_images(archive, wanted) if is_columnar(archive.name) else read(archive, wanted)
    try:
        for row, data in found:
            reached.add(row)
            yield row, data
    except DataError as error:
        for name, row in wanted.items():
            if row not in reached:
                yield row, Skipped(name, str(error).rstrip("."))
