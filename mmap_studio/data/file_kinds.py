"""What a file is by its name: an image, an archive, a table."""

from pathlib import Path

IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
PARQUET = ".parquet"
TABLES = (".csv", ".tsv", PARQUET)
LISTS = ".txt"


def is_image(name: str) -> bool:
    """Whether a name ends as images do."""
    return name.lower().endswith(IMAGES)


def is_archive(name: str) -> bool:
    """Whether a name ends as archives do."""
    return name.lower().endswith(ARCHIVES)


def is_parquet(name: str) -> bool:
    """Whether a name ends as Parquet tables do."""
    return name.lower().endswith(PARQUET)


def without_archive_suffix(name: str) -> str:
    """The name of an archive as that of a folder: ``art.tar.gz`` is ``art``."""
    suffix = max((s for s in ARCHIVES if name.lower().endswith(s)), key=len, default="")
    return name[: len(name) - len(suffix)]


def resolved(path: Path) -> Path:
    """Absolute, links followed; but a link to a file of another suffix keeps its own name: a hub's blobs have none."""
    real = path.resolve()
    return real if real.suffix == path.suffix or not real.is_file() else path.parent.resolve() / path.name
