"""Evaluation of prompts and of zero-shot CLIP: top-1, macro-F1, accuracy per class, confusion, calibration error."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.task import ImageSet, TaskSpec

BATCH_SIZE = 64
"""Images per pass. Part of the result's last bits: to repeat a test use the same."""

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

Predictions = tuple[np.ndarray, np.ndarray]
"""Predicted classes int64 (N,) and their confidence float32 (N,): the softmax probability of the prediction."""


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
    def balanced_accuracy(self) -> float:
        """Mean of `per_class` over the classes that have images: every class counts alike, however rare it is."""
        known = self.per_class[np.isfinite(self.per_class)]
        return float(known.mean()) if len(known) else float("nan")

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.predictions)


def score_probabilities(probabilities: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Scores from class probabilities (N, C) and labels int64 (N,)."""
    return score(*predict(probabilities), labels, probabilities.shape[1])


def predict(probabilities: np.ndarray) -> Predictions:
    """The most probable class of each image, from class probabilities (N, C)."""
    if not len(probabilities):
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    return probabilities.argmax(1).astype(np.int64), probabilities.max(1).astype(np.float32)


def score(predictions: np.ndarray, confidence: np.ndarray, labels: np.ndarray, classes: int) -> Evaluation:
    """Scores from predictions, their confidence and the labels int64 (N,) of `classes` classes."""
    n, right = len(predictions), predictions == labels
    table = np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)
    hits, occurring = np.diag(table), table.sum(0) + table.sum(1)
    with np.errstate(invalid="ignore"):
        per_class = hits / table.sum(1)
    return Evaluation(
        accuracy=float(right.mean()) if n else float("nan"),
        macro_f1=float((2 * hits[occurring > 0] / occurring[occurring > 0]).mean()) if n else float("nan"),
        per_class=per_class,
        confusion=table.astype(np.int64),
        ece=calibration_error(confidence, right),
        predictions=predictions,
        confidence=confidence,
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error (ECE): the mean distance of confidence and accuracy over `ECE_BINS` equal bins."""
    if not len(confidence):
        return float("nan")
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [
        abs(float(confidence[bins == b].mean() - right[bins == b].mean())) * int((bins == b).sum())
        for b in np.unique(bins)
    ]
    return sum(gaps) / len(confidence)


def encode_pixels(clip: FrozenClip, pixels: np.ndarray, prompts: PromptPair | None = None) -> Tensor:
    """Unit features (N, d) of uint8 images (N, S, S, 3) under prompts (P = 1) or none."""
    images = clip.prepare(pixels)
    with torch.no_grad():
        return clip.encode_image(images, prompts.image, gate=prompts.gate) if prompts else clip.encode_image(images)


def iterate_features(clip: FrozenClip, images: ImageSet, prompts: PromptPair | None = None) -> Iterator[np.ndarray]:
    """Unit features float32 (up to BATCH_SIZE, d), batch by batch, under prompts (P = 1) or none.

    A batch is fetched after the next one was started, so that a GPU computes while pixels are read.
    """
    before: Tensor | None = None
    for start in range(0, len(images), BATCH_SIZE):
        pixels = images.pixels(np.arange(start, min(start + BATCH_SIZE, len(images))))
        features = encode_pixels(clip, pixels, prompts)
        if before is not None:
            yield before.cpu().numpy()
        before = features
    if before is not None:
        yield before.cpu().numpy()


def image_features(clip: FrozenClip, images: ImageSet, prompts: PromptPair | None = None) -> np.ndarray:
    """Unit features float32 (N, d)."""
    found = np.zeros((len(images), clip.embed_width), dtype=np.float32)
    done = 0
    for batch in iterate_features(clip, images, prompts):
        found[done : done + len(batch)] = batch
        done += len(batch)
    return found


@torch.no_grad()
def class_text_features(clip: FrozenClip, texts: Sequence[str], prompts: PromptPair | None = None) -> np.ndarray:
    """Unit features float32 (C, d) of one sentence a class, under prompts (P = 1) or none."""
    tokens, pair = clip.tokenize(texts), prompts or clip.no_prompts()
    return pair.corrected(0, texts, clip.encode_text(tokens, pair.text, on_words=pair.on_words)).cpu().numpy()


def ensemble_features(clip: FrozenClip, class_names: Sequence[str], templates: Sequence[str] = ENSEMBLE) -> np.ndarray:
    """Unit features float32 (C, d): the normalised mean over templates."""
    each = [class_text_features(clip, [t.replace("{}", name) for name in class_names]) for t in templates]
    mean = torch.tensor(np.mean(each, axis=0))
    return F.normalize(mean, dim=-1).numpy()


def probabilities(clip: FrozenClip, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Softmax of exp(logit_scale) * cos: images (N, d), classes (C, d) -> float32 (N, C)."""
    logits = float(clip.logit_scale) * torch.tensor(images) @ torch.tensor(classes).T
    return logits.softmax(1).numpy()


def classify(clip: FrozenClip, batches: Iterable[np.ndarray], classes: np.ndarray) -> Predictions:
    """`predict` for images (n, d) that come batch by batch, and classes (C, d): no more than a batch is held."""
    found = [predict(probabilities(clip, images, classes)) for images in batches]
    predictions, confidence = zip(*found, strict=True) if found else ((), ())
    none = predict(np.zeros((0, len(classes)), np.float32))
    return np.concatenate([none[0], *predictions]), np.concatenate([none[1], *confidence])


def score_features(clip: FrozenClip, images: np.ndarray, classes: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Scores of features (N, d) against those of the classes (C, d), a batch at a time."""
    batches = (images[start : start + BATCH_SIZE] for start in range(0, len(images), BATCH_SIZE))
    return score(*classify(clip, batches, classes), labels, len(classes))


def evaluate(
    clip: FrozenClip,
    task: TaskSpec,
    prompts: PromptPair | None = None,
    split: str = "test",
    classes: np.ndarray | None = None,
) -> Evaluation:
    """Scores of a task under its prompts (P = 1), or of plain CLIP with the task's template.

    classes : features (C, d) of its class list under these prompts, where they are known
    """
    images = task.split(split)
    if classes is None:
        classes = class_text_features(clip, task.texts(), prompts)
    batches = iterate_features(clip, images, prompts)
    return score(*classify(clip, batches, classes), images.labels, len(classes))


def cached_text_features(clip: FrozenClip, prompts: PromptPair) -> Callable[[int, tuple[str, ...]], np.ndarray]:
    """``features(p, texts)``: unit features (C, d) of a class list under the p-th prompt, read once."""

    @cache
    def features(p: int, texts: tuple[str, ...]) -> np.ndarray:
        return class_text_features(clip, texts, prompts[p])

    return features
