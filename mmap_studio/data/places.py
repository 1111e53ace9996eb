"""Where something is, under the name that says what it is."""

from pathlib import Path


def resolved(path: Path) -> Path:
    """Absolute, links followed; but a link to a file of another suffix keeps its own name: a hub's blobs have none."""
    real = path.resolve()
    return real if real.suffix == path.suffix or not real.is_file() else path.parent.resolve() / path.name
