"""The images among files and folders that a user names; no file is opened, nothing heavy imported."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from mmap_studio.data.file_kinds import ARCHIVES, IMAGES, TABLES

DATA_SUFFIXES = (*ARCHIVES, *TABLES)
"""How the names of archives and tables end, which are read as folders are."""
PATTERNS = tuple(f"*{suffix}" for suffix in IMAGES)
"""Of the names of images, as file dialogs take them."""


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
    """By its name."""
    return path.suffix.lower() in IMAGES
