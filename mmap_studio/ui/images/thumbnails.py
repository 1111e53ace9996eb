"""Thumbnails, loaded a few at a time between two events of the window, and bounded in memory."""

import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from mmap_studio.method.task import TaskSpec
from mmap_studio.session.explore.selection import ImageRef, Place

LIMIT_BYTES = 64_000_000
SLICE_MS = 10
"""Milliseconds that one slice of loading may take."""
BATCH = 8
"""Images read in one call."""
WAITING = 1024
"""Requests kept; older ones have been scrolled away."""
SIDE = 160
"""Largest side of a thumbnail, pixels: the usual size at twice the resolution."""


class Thumbnails(QObject):
    """Ask with `get`; `arrived` says that images which were not loaded yet have come."""

    arrived = Signal()

    def __init__(self, parent: QObject | None = None, limit: int = LIMIT_BYTES) -> None:
        super().__init__(parent)
        self._tasks: dict[str, TaskSpec] = {}
        self._kept: OrderedDict[ImageRef, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[ImageRef, None] = OrderedDict()
        self._limit, self._bytes = limit, 0
        self._slice = QTimer(self, singleShot=True, interval=0)
        self._slice.timeout.connect(self._load_slice)

    def show_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """Set the tasks that images come from, and forget all thumbnails."""
        self._tasks = {task.name: task for task in tasks}
        self._kept.clear()
        self._waiting.clear()
        self._slice.stop()
        self._bytes = 0

    def get(self, image: ImageRef) -> QPixmap | None:
        """The thumbnail; None while it is not loaded, and then it is requested."""
        found = self._kept.get(image)
        if found is not None:
            self._kept.move_to_end(image)
            return found
        self._waiting[image] = None
        self._waiting.move_to_end(image)
        while len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)
        if not self._slice.isActive():
            self._slice.start()
        return None

    @property
    def bytes(self) -> int:
        return self._bytes

    def _load_slice(self) -> None:
        end = time.perf_counter() + SLICE_MS / 1000
        while self._waiting and time.perf_counter() < end:
            place, images = self._next_batch()
            for image, pixels in zip(images, self._read(place, images), strict=True):
                self._keep(image, to_pixmap(pixels, SIDE))
        if self._waiting:
            self._slice.start()
        self.arrived.emit()

    def _next_batch(self) -> tuple[Place, list[ImageRef]]:
        """The newest request, and others of its split."""
        newest = next(reversed(self._waiting))
        place = newest.task, newest.split
        same = (image for image in reversed(self._waiting) if (image.task, image.split) == place)
        images = [image for image, _ in zip(same, range(BATCH), strict=False)]
        for image in images:
            del self._waiting[image]
        return place, images

    def _read(self, place: Place, images: Sequence[ImageRef]) -> Iterator[np.ndarray]:
        task = self._tasks.get(place[0])
        if task is None:
            return iter([np.zeros((1, 1, 3), dtype=np.uint8)] * len(images))
        return iter(task.split(place[1]).pixels(np.array([image.index for image in images])))

    def _keep(self, image: ImageRef, pixmap: QPixmap) -> None:
        self._kept[image] = pixmap
        self._bytes += _size(pixmap)
        while self._bytes > self._limit and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= _size(old)


def to_pixmap(pixels: np.ndarray, largest: int | None = None) -> QPixmap:
    """uint8 (H, W, 3) as a pixmap whose sides have `largest` pixels at most."""
    height, width = pixels.shape[:2]
    image = QImage(np.ascontiguousarray(pixels).tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    if largest is not None and max(height, width) > largest:
        size = QSize(largest, largest)
        image = image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return QPixmap.fromImage(image)


def _size(pixmap: QPixmap) -> int:
    return 4 * pixmap.width() * pixmap.height()
