"""The pictures among files and folders that a person names; no file is opened, nothing heavy imported."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from mmap_studio.data.listing import SUFFIXES

PATTERNS = tuple(f"*{suffix}" for suffix in SUFFIXES)
"""Of the names of pictures, as file dialogs take them."""


def pictures_in(paths: Iterable[Path], at_most: int) -> tuple[list[Path], bool]:
    """Files by their suffix, folders with all below them; and whether there are more than so many."""
    found = list(islice(_all(paths), at_most + 1))
    return sorted(found[:at_most]), len(found) > at_most


def _all(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if is_picture(file))
        elif is_picture(path):
            yield path


def is_picture(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in SUFFIXES
