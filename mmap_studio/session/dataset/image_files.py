"""Image files on disk: those among files and folders that a user names, and a whole one. Imports nothing heavy."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.data.file_kinds import ARCHIVES, IMAGES, TABLES

if TYPE_CHECKING:
    import numpy as np

DATA_SUFFIXES = (*ARCHIVES, *TABLES)
"""How the names of archives and tables end, which are read as folders are."""
PATTERNS = tuple(f"*{suffix}" for suffix in IMAGES)
"""Of the names of images, as file dialogs take them."""

LARGEST = 4096
"""Pixels of the longer side that are kept: more than a screen shows."""


def images_in(paths: Iterable[Path], at_most: int) -> tuple[list[Path], bool]:
    """Files by their suffix, folders with all below them; and whether there are more than so many."""
    found = list(islice(_all(paths), at_most + 1))
    return sorted(found[:at_most]), len(found) > at_most


def _all(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if is_image(file))
        elif is_image(path):
            yield path


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGES


def original(path: Path) -> "np.ndarray | None":
    """uint8 (H, W, 3): all of an image, upright; None in an archive or table. DataError where it cannot be read."""
    if any(above.is_file() for above in path.parents):
        return None
    import numpy as np

    from mmap_studio.data.images.decode import read_rgb

    image = read_rgb(path)
    image.thumbnail((LARGEST, LARGEST))
    return np.asarray(image)
