"""Files that are called like images and are none: empty ones, Git LFS pointers, web pages of a failed download.

Told before anything is decoded: only files of a few bytes are looked into, and of each only its beginning. Of
those, and of images that turn out unreadable in a run, one sentence says the same.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_kinds import START, what_else
from mmap_studio.errors import StudioError
from mmap_studio.formatting import counted, shown
from mmap_studio.storage.opener import ANY_SIZE, opened

SMALL = 1024
"""Bytes below which a file is looked into: a pointer has at most so many."""
EMPTY = "the file is empty"
MOST = 2000
"""Files of a domain that are looked into, unless one of them is no image: then all are."""
NAMED = 5
"""Files that are named; the rest are counted."""


def placeholders(domain: Domain) -> dict[int, str]:
    """Row -> why a file is no image, as a run says it. Files in archives and tables are not looked at."""
    if domain.packed:
        return {}
    sizes = domain.files.sizes
    small = np.flatnonzero((sizes < SMALL) & (sizes > 0))
    found = _pointers(domain, small[:MOST]) or {}
    found |= _pointers(domain, small[MOST:]) if found else {}
    return dict(sorted((found | dict.fromkeys(np.flatnonzero(sizes == 0).tolist(), EMPTY)).items()))


def unreadable_notice(task: str, domain: Domain, reasons: Mapping[int, str]) -> str:
    """What an import and a run say of the images of a task that cannot be read; row -> why, at least one."""
    named = "; ".join(f"{shown(domain.files.path(row))}: {reasons[row]}" for row in sorted(reasons)[:NAMED])
    more = f"; and {len(reasons) - NAMED:,} more" if len(reasons) > NAMED else ""
    is_, total = "is" if len(reasons) == 1 else "are", counted(len(domain.files), "image")
    return f"Task {shown(task)}: {len(reasons):,} of {total} cannot be read and {is_} left out ({named}{more})."


def _pointers(domain: Domain, rows: np.ndarray) -> dict[int, str]:
    """Of small files those that stand for another -> as what."""
    found = {row: _what(domain.paths[row]) for row in rows.tolist()}
    return {row: f"it is {what}" for row, what in found.items() if what}


def _what(path: Path) -> str:
    try:
        with opened(path, ANY_SIZE) as (file, _):
            return what_else(file.read(START))
    except StudioError:
        return ""
