"""Predictions for files, of which some may not be readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmap_studio.data.images.decode import decode_many
from mmap_studio.session.run.classifier import PromptedClassifier

AT_ONCE = 256
"""Images in memory."""


@dataclass(frozen=True)
class FilePrediction:
    """What the prompts say of one file, or why it cannot be read."""

    image: Path
    class_name: str | None = None
    probability: float | None = None
    """Softmax over the task's classes, in [0, 1]."""
    index: int | None = None
    """Of the class in the task's list."""
    error: str | None = None


def predict_files(
    prompts: Path, files: Sequence[Path], task: str, backbone: str | None = None, device: str = "auto"
) -> list[FilePrediction]:
    """One answer a file, in order."""
    classifier = PromptedClassifier.load(prompts, backbone, device)
    found: list[FilePrediction] = []
    for start in range(0, len(files), AT_ONCE):
        found += _some(classifier, files[start : start + AT_ONCE], task)
    return found


def _some(classifier: PromptedClassifier, files: Sequence[Path], task: str) -> list[FilePrediction]:
    decoded = [one for _, one in decode_many(enumerate(files), classifier.clip.geometry)]
    sound = [one for one in decoded if isinstance(one, np.ndarray)]
    said = iter(classifier.predict(np.stack(sound), task) if sound else [])
    given = []
    for file, one in zip(files, decoded, strict=True):
        if isinstance(one, np.ndarray):
            best = next(said)
            given.append(FilePrediction(file, best.class_name, best.probability, best.index))
        else:
            given.append(FilePrediction(file, error=one.reason))
    return given
