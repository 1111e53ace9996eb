"""The file that an image of a task comes from, and all of the image, as large as it is there."""

from pathlib import Path

import numpy as np

from mmap_studio.data.images.decode import read_rgb
from mmap_studio.method.task import ImageSet
from mmap_studio.session.dataset.pixels import DecodedImages

LARGEST = 4096
"""Pixels of the longer side that are kept: more than a screen shows."""


def path_of(images: ImageSet, index: int) -> Path | None:
    """The file of one image; None where there is none, as for images that ship with the studio."""
    return images.path(index) if isinstance(images, DecodedImages) else None


def original(path: Path) -> np.ndarray | None:
    """uint8 (H, W, 3): all of it, upright; None in an archive or table. DataError where it cannot be read."""
    if any(above.is_file() for above in path.parents):
        return None
    image = read_rgb(path)
    image.thumbnail((LARGEST, LARGEST))
    return np.asarray(image)
