"""The preview image of a task: one that it has read, or, before that, one from the disk."""

import json
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QImageReader, QPixmap

from mmap_studio.method.task import TaskSpec
from mmap_studio.resources import resource, resource_text
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry

SIDE = 64
"""Side of a preview, pixels: sharp at 2x where 32 are shown."""
LOOK_AT = 200
"""Directory entries searched for a first image; a folder of millions must not hold up the window."""
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}


def from_task(task: TaskSpec) -> QPixmap:
    images = task.test if len(task.test) else task.train
    if not len(images):
        return QPixmap()
    pixels = images.pixels([0])[0]
    side = pixels.shape[0]
    image = QImage(pixels.tobytes(), side, side, 3 * side, QImage.Format.Format_RGB888).copy()
    return QPixmap.fromImage(_fitted(image))


def from_entry(project: Project, entry: TaskEntry) -> QImage:
    """An image straight from the disk, before anything heavy is loaded; may be called in any thread."""
    if entry.folder.startswith("starter:"):
        return _from_sheet(entry.folder.removeprefix("starter:"))
    if entry.part:
        return QImage()  # the folder holds other tasks too: the first image the task has read stands for it
    path = _first_image(project.folder_of(entry))
    if path is None:
        return QImage()
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() < 50_000_000:
        reader.setScaledSize(size.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
        return _fitted(reader.read())
    return QImage()


@lru_cache(maxsize=32)
def _from_sheet(name: str) -> QImage:
    facts = json.loads(resource_text("starter/data.json"))
    sheet = next((task["sheet"] for task in facts["tasks"] if task["name"] == name), None)
    if sheet is None:
        return QImage()
    side, columns = facts["size"], facts["columns"]
    codes = facts["pictograms"]["code"]
    place = codes.index("1f98a") if "1f98a" in codes else 0  # the fox is in every style
    reader = QImageReader(str(resource("starter") / sheet))
    reader.setClipRect(QRect(place % columns * side, place // columns * side, side, side))
    return _fitted(reader.read())


def _first_image(folder: Path) -> Path | None:
    with suppress(OSError):
        return next((path for path in islice(folder.rglob("*"), LOOK_AT) if path.suffix.lower() in ENDINGS), None)
    return None


def _fitted(image: QImage) -> QImage:
    if image.isNull():
        return image
    mode = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    scaled = image.scaled(SIDE, SIDE, mode, Qt.TransformationMode.SmoothTransformation)
    left, top = (scaled.width() - SIDE) // 2, (scaled.height() - SIDE) // 2
    return scaled.copy(left, top, SIDE, SIDE)
