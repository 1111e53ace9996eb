"""Predictions for image files; files that cannot be read are answered with the reason. Loads no torch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.data.file_kinds import COMMON
from mmap_studio.errors import InputError
from mmap_studio.session.dataset.image_files import is_image

if TYPE_CHECKING:
    from mmap_studio.session.run.classifier import Classifier

AT_ONCE = 256
"""Images in memory."""


@dataclass(frozen=True)
class FilePrediction:
    """The most probable class of one file, or why it cannot be read."""

    image: Path
    class_name: str | None = None
    probability: float | None = None
    """Softmax over the task's classes, in [0, 1]."""
    index: int | None = None
    """Of the class in the task's list."""
    error: str | None = None


def image_files(given: Iterable[Path]) -> list[Path]:
    """The files, and for a folder the images in it by name; InputError for what is not there."""
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if is_image(file) and file.is_file())
            if not inside:
                raise InputError(f"Folder {path} must hold images ({', '.join(COMMON)}), but holds none.")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"Image {path} must be there, but is not; check the path.")
    return files


def predict_files(classifier: "Classifier", files: Sequence[Path], task: str) -> list[FilePrediction]:
    """The most probable class of every file, in their order."""
    found: list[FilePrediction] = []
    for start in range(0, len(files), AT_ONCE):
        found += _predict(classifier, files[start : start + AT_ONCE], task)
    return found


def _predict(classifier: "Classifier", files: Sequence[Path], task: str) -> list[FilePrediction]:
    import numpy as np

    from mmap_studio.data.images.decode import decode_many

    decoded = [one for _, one in decode_many(enumerate(files), classifier.clip.geometry)]
    images = [one for one in decoded if isinstance(one, np.ndarray)]
    predicted = iter(classifier.predict(np.stack(images), task) if images else [])
    found = []
    for file, one in zip(files, decoded, strict=True):
        if isinstance(one, np.ndarray):
            best = next(predicted)
            found.append(FilePrediction(file, best.class_name, best.probability, best.index))
        else:
            found.append(FilePrediction(file, error=one.reason))
    return found
