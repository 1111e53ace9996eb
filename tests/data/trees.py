"""Folder trees for import tests: a list of paths becomes empty files, links are written `path -> target`."""

import os
from collections.abc import Iterable
from pathlib import Path


def grow(root: Path, paths: Iterable[str]) -> Path:
    """Create the files (and, ending in `/`, folders) below root; no file has content, a scan opens none."""
    root.mkdir(parents=True, exist_ok=True)
    for path in paths:
        name, _, target = path.partition(" -> ")
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if target:
            place.symlink_to(target)
        elif name.endswith("/"):
            place.mkdir(exist_ok=True)
        else:
            place.touch()
    return root


def images(folder: str, count: int = 1, suffix: str = ".jpg") -> list[str]:
    return [f"{folder}/{i}{suffix}" for i in range(count)]


def domain(name: str, classes: Iterable[str] = ("cat", "dog"), count: int = 1) -> list[str]:
    return [path for kind in classes for path in images(f"{name}/{kind}" if name else kind, count)]


def list_below(root: Path) -> list[str]:
    """Everything below root, links not followed: to see that a scan wrote nothing."""
    return sorted(os.path.join(here, name) for here, folders, files in os.walk(root) for name in (*folders, *files))
