"""Files that are called like images and are none: empty ones, Git LFS pointers, web pages of a failed download.

Told before anything is decoded: only files of a few bytes are looked into, and of each only its beginning.
"""

from pathlib import Path

import numpy as np

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_kinds import START, what_else
from mmap_studio.errors import StudioError
from mmap_studio.formatting import counted, shown, some
from mmap_studio.storage.opener import ANY_SIZE, opened

SMALL = 1024
"""Bytes below which a file is looked into: a pointer has at most so many."""
EMPTY = "empty"
MOST = 2000
"""Files of a domain that are looked into."""


def placeholders(domain: Domain) -> dict[str, list[int]]:
    """What files are that are no images -> their rows. Files in archives and tables are not looked at."""
    found: dict[str, list[int]] = {}
    if domain.packed:
        return found
    small = np.flatnonzero(domain.files.sizes < SMALL)
    for row in small[:MOST].tolist():
        if what := _what(domain.paths[row]) if domain.files.sizes[row] else EMPTY:
            found.setdefault(what, []).append(row)
    return found


def placeholder_notices(domain: Domain, found: dict[str, list[int]]) -> list[str]:
    """A sentence for each kind of them."""
    total = len(domain.files)
    said = [
        f"Domain {shown(domain.name)}: {len(rows):,} of {counted(total, 'image')}, such as "
        f"{shown(domain.files.path(rows[0]))}, {'is' if len(rows) == 1 else 'are each'} {what}; a run leaves "
        f"{'it' if len(rows) == 1 else 'them'} out."
        for what, rows in found.items()
    ]
    here = np.delete(domain.files.classes, [row for rows in found.values() for row in rows])
    if empty := [domain.classes[n] for n in np.setdiff1d(domain.files.classes, here)]:
        of = "class has" if len(empty) == 1 else "classes have"
        said.append(f"Domain {shown(domain.name)}: {len(empty):,} {of} no other image: {some(empty)}.")
    return said


def _what(path: Path) -> str:
    try:
        with opened(path, ANY_SIZE) as (file, _):
            return what_else(file.read(START))
    except StudioError:
        return ""
