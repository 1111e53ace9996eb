"""Predictions for image files; files that cannot be read are answered with the reason. Loads no torch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.data.file_kinds import COMMON
from mmap_studio.data.listing import Walk, every_image
from mmap_studio.data.skipped import Skipped
from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, some

if TYPE_CHECKING:
    from mmap_studio.session.run.classifier import Classifier, Prediction

DEEPEST = 100
"""Folders below one that was given; further down nothing is read, and said so."""
REASONS = 4
"""To leave something out that are named."""

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
    top: "tuple[Prediction, ...]" = ()
    """The most probable classes, the best first; as many as were asked for."""


def image_files(given: Iterable[Path]) -> tuple[list[Path], list[Skipped]]:
    """The files, and for a folder the images in it by name; and what in those folders is left out, as `new` leaves it.

    InputError for what is not there.
    """
    files: list[Path] = []
    left_out: list[Skipped] = []
    for path in given:
        if path.is_dir():
            walk = Walk(path)
            inside = sorted(path / one.path for one in every_image(walk.read(depth=DEEPEST)))
            left_out += [Skipped(str(path / one.path), one.reason) for one in walk.skipped]
            if not inside:
                more = f" ({left_out_text(left_out)})" if left_out else ""
                raise InputError(f"Folder {path} must hold images ({', '.join(COMMON)}), but holds none{more}.")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"Image {path} must be there, but is not; check the path.")
    return files, left_out


def left_out_text(left_out: Sequence[Skipped]) -> str:
    """How many entries were left out, and for every reason how many, with an example."""
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one.path)
    said = [f"{len(paths):,} since {_since(reason)}: {some(paths, 1)}" for reason, paths in by_reason.items()]
    more = f"; and {counted(len(said) - REASONS, 'more reason')}" if len(said) > REASONS else ""
    return f"{counted(len(left_out), 'entry', 'entries')} left out, {'; '.join(said[:REASONS])}{more}"


def _since(reason: str) -> str:
    return f"it is {reason}" if reason.startswith("not ") else reason


def predict_files(
    classifier: "Classifier", files: Sequence[Path], task: str, top: int = 1, classes: Sequence[str] | None = None
) -> list[FilePrediction]:
    """The most probable classes of every file, in their order; `top` and `classes` as `Classifier.top` has them."""
    found: list[FilePrediction] = []
    for start in range(0, len(files), AT_ONCE):
        found += _predict(classifier, files[start : start + AT_ONCE], task, top, classes)
    return found


def _predict(
    classifier: "Classifier", files: Sequence[Path], task: str, top: int, classes: Sequence[str] | None
) -> list[FilePrediction]:
    import numpy as np

    from mmap_studio.data.images.decode import decode_many

    decoded = [one for _, one in decode_many(enumerate(files), classifier.clip.geometry)]
    images = [one for one in decoded if isinstance(one, np.ndarray)]
    predicted = iter(classifier.top(np.stack(images), top, task, classes) if images else [])
    found = []
    for file, one in zip(files, decoded, strict=True):
        if isinstance(one, np.ndarray):
            best = next(predicted)
            found.append(FilePrediction(file, best[0].class_name, best[0].probability, best[0].index, None, best))
        else:
            found.append(FilePrediction(file, error=one.reason))
    return found
