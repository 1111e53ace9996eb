"""How well prompts classify: top-1, macro-F1, per-class accuracy, confusion, calibration; and plain zero-shot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.task import ImageSet, TaskSpec

BATCH_SIZE = 64
"""Images per pass. Part of the result's last bits: whoever repeats a test uses the same."""

ENSEMBLE = (
    "a photo of a {}.",
    "a picture of a {}.",
    "an image of a {}.",
    "a drawing of a {}.",
    "an icon of a {}.",
    "an illustration of a {}.",
    "a rendering of a {}.",
    "a {}.",
)
"""Templates averaged for the zero-shot ensemble (the idea: openai/CLIP, `Prompt_Engineering_for_ImageNet`)."""

ECE_BINS = 15
"""Equal-width confidence bins (Guo et al. 2017, On Calibration of Modern Neural Networks)."""


@dataclass(frozen=True)
class Evaluation:
    """Scores of one task on one split; shares in [0, 1], NaN where there are no images."""

    accuracy: float
    """Top-1."""
    macro_f1: float
    """Mean F1 over the classes that occur in truth or prediction."""
    per_class: np.ndarray
    """float64 (C,): accuracy of each class, NaN for one without images."""
    confusion: np.ndarray
    """int64 (C, C): rows truth, columns prediction."""
    ece: float
    """Expected calibration error over `ECE_BINS` bins."""
    predictions: np.ndarray
    """int64 (N,)"""
    confidence: np.ndarray
    """float32 (N,): softmax probability of the prediction."""

    @property
    def n(self) -> int:
        """Images judged."""
        return len(self.predictions)


def judge(probabilities: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Scores from class probabilities (N, C) and labels int64 (N,)."""
    from sklearn.metrics import confusion_matrix, f1_score

    n, classes = probabilities.shape
    predictions = probabilities.argmax(1) if n else np.zeros(0, dtype=np.int64)
    confidence = probabilities.max(1) if n else np.zeros(0, dtype=np.float32)
    table = confusion_matrix(labels, predictions, labels=range(classes)) if n else np.zeros((classes, classes), int)
    with np.errstate(invalid="ignore"):
        per_class = np.diag(table) / table.sum(1)
    right = predictions == labels
    return Evaluation(
        accuracy=float(right.mean()) if n else float("nan"),
        macro_f1=float(f1_score(labels, predictions, average="macro")) if n else float("nan"),
        per_class=per_class,
        confusion=table.astype(np.int64),
        ece=calibration_error(confidence, right),
        predictions=predictions.astype(np.int64),
        confidence=confidence.astype(np.float32),
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean distance between confidence and accuracy over equal-width bins, weighted by their images."""
    if not len(confidence):
        return float("nan")
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [
        abs(float(confidence[bins == b].mean() - right[bins == b].mean())) * int((bins == b).sum())
        for b in np.unique(bins)
    ]
    return sum(gaps) / len(confidence)


def iterate_features(clip: FrozenClip, images: ImageSet, prompts: Tensor | None = None) -> Iterator[np.ndarray]:
    """Unit features float32 (up to BATCH_SIZE, d), batch by batch; ``prompts`` is (1, D, b, d_v) or none."""
    for start in range(0, len(images), BATCH_SIZE):
        pixels = images.pixels(np.arange(start, min(start + BATCH_SIZE, len(images))))
        with torch.no_grad():
            features = clip.encode_image(clip.prepare(pixels), prompts)
        yield features.cpu().numpy()


def image_features(clip: FrozenClip, images: ImageSet, prompts: Tensor | None = None) -> np.ndarray:
    """Unit features float32 (N, d)."""
    found = list(iterate_features(clip, images, prompts))
    return np.concatenate(found) if found else np.zeros((0, clip.embed_width), dtype=np.float32)


@torch.no_grad()
def class_features(clip: FrozenClip, texts: Sequence[str], prompts: Tensor | None = None) -> np.ndarray:
    """Unit features float32 (C, d) of one sentence a class; ``prompts`` is (1, D, b, d_l) or none."""
    return clip.encode_text(clip.tokenize(texts), prompts).cpu().numpy()


def ensemble_features(clip: FrozenClip, class_names: Sequence[str], templates: Sequence[str] = ENSEMBLE) -> np.ndarray:
    """Unit features float32 (C, d): the normalised mean over templates."""
    each = [class_features(clip, [t.replace("{}", name) for name in class_names]) for t in templates]
    mean = torch.tensor(np.mean(each, axis=0))
    return F.normalize(mean, dim=-1).numpy()


def probabilities(clip: FrozenClip, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Softmax of exp(logit_scale) * cos: images (N, d), classes (C, d) -> float32 (N, C)."""
    logits = float(clip.logit_scale) * torch.tensor(images) @ torch.tensor(classes).T
    return logits.softmax(1).numpy()


def evaluate(clip: FrozenClip, task: TaskSpec, prompts: PromptPair | None = None, split: str = "test") -> Evaluation:
    """Scores of a task under its prompts (P = 1), or of plain CLIP with the task's template."""
    images = task.split(split)
    found = image_features(clip, images, prompts.image if prompts else None)
    classes = class_features(clip, task.texts(), prompts.text if prompts else None)
    return judge(probabilities(clip, found, classes), images.labels)
