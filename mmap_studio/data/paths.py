"""Paths as a user or a project file writes them: ~, links, and what leads nowhere.

`Path.expanduser`, `Path.home` and `Path.resolve` raise a RuntimeError for a home folder that nobody knows and for links
without end. Here such a path stays as it is written: whoever opens it finds nothing there, and says so.
"""

import os
from pathlib import Path


def expanded(path: Path | str) -> Path:
    """With the home folder in place of ~ or ~name."""
    return Path(os.path.expanduser(path))


def home() -> Path:
    """The user's home folder; ~ where nobody knows it, as of a container's user without a name."""
    return expanded("~")


def real(path: Path | str) -> Path:
    """Absolute, links followed."""
    return Path(os.path.realpath(path))


def resolved(path: Path) -> Path:
    """As `real`; but a link to a file of another suffix keeps its own name: a hub's blobs have none."""
    found = real(path)
    return found if found.suffix == path.suffix or not os.path.isfile(found) else real(path.parent) / path.name


def is_unicode(path: Path | str) -> bool:
    """Whether a name can stand in a text or a digest: a file's may be any bytes, which arrive as lone surrogates."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
