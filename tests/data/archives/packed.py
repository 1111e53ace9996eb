"""Archives of every kind, and what was found in them."""

import io
import tarfile
import zipfile
from pathlib import Path

from mmap_studio.data.archives.archive import members
from mmap_studio.data.images.decode import decode_many
from mmap_studio.data.images.sources import sources
from mmap_studio.data.skipped import Skipped
from mmap_studio.method.task import Geometry
from tests.data.images import image_files as p

KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")
RUST = p.save(p.solid())
TREE = [f"{d}/{c}/{n}.png" for d in ("Art", "Clip") for c in ("cat", "dog") for n in range(2)]


def pack(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def different(names):
    """Every image of a colour of its own."""
    return {name: p.save(p.solid("RGB", (20 * n, 10, 200 - 20 * n))) for n, name in enumerate(names)}


def reasons(path):
    return {one.path: one.reason for one in members(path) if isinstance(one, Skipped)}


def colours(domain):
    """Path -> colour of the decoded image."""
    found = {}
    for row, pixels in decode_many(sources(domain, range(len(domain.files))), Geometry(4), 2):
        found[domain.files.path(row)] = tuple(int(v) for v in pixels[0, 0])
    return found
