"""A CLIP small enough to think about, and tasks to match. Everything is seeded."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmap_studio.method.task import TaskSpec

if TYPE_CHECKING:
    from mmap_studio.method.clip import FrozenClip

SIZE, PATCH, IMAGE_WIDTH, TEXT_WIDTH, EMBED, LAYERS, CONTEXT = 16, 8, 32, 16, 24, 3, 40
WORDS = ("apple", "desk lamp", "fox", "red car")


def config(**changes: Any) -> dict[str, Any]:
    """An open_clip model config; ``vision={...}``, ``text={...}`` and top-level keys override."""
    vision = {"image_size": SIZE, "layers": LAYERS, "width": IMAGE_WIDTH, "head_width": 16, "patch_size": PATCH}
    text = {"context_length": CONTEXT, "vocab_size": 49408, "width": TEXT_WIDTH, "heads": 2, "layers": LAYERS}
    vision |= changes.pop("vision", {})
    text |= changes.pop("text", {})
    return {"embed_dim": EMBED, "vision_cfg": vision, "text_cfg": text, **changes}


def clip(seed: int = 0, **changes: Any) -> "FrozenClip":
    """A random `FrozenClip` whose weights are large enough for classes and images to differ."""
    import torch

    from mmap_studio.method.clip import FrozenClip

    torch.manual_seed(seed)
    built = FrozenClip.build(config(**changes), name="tiny", digest=f"tiny-{seed}")
    for parameter in built.model.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(1.5)
    built.model.logit_scale.data.fill_(3.5)  # e^3.5 = 33: random features are nearly parallel
    return built


@dataclass(frozen=True)
class DecodedImages:
    """Images in memory: the smallest `ImageSet`."""

    images: np.ndarray
    labels: np.ndarray

    @cached_property
    def digest(self) -> str:
        import hashlib

        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices: Any) -> np.ndarray:
        return self.images[np.asarray(indices)]


def image_set(n: int, classes: int, seed: int, tint: float = 0.0, size: int = SIZE) -> DecodedImages:
    """n images whose class is a bright square in a corner of its own; `tint` shifts the whole domain."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    images = rng.integers(0, 60, (n, size, size, 3)) + int(tint)
    half = size // 2
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label) % 4, 2)
        image[row * half : (row + 1) * half, column * half : (column + 1) * half, int(label) % 3] += 150
    return DecodedImages(images.clip(0, 255).astype(np.uint8), labels.astype(np.int64))


def task(name: str, seed: int = 0, classes: int = 4, n: int = 16, **fields: Any) -> TaskSpec:
    """A task of `classes` corner squares with n training, 8 validation and 12 test images."""
    splits = {s: image_set(k, classes, seed * 10 + i, tint=20 * seed) for i, (s, k) in enumerate(
        (("train", n), ("val", 8), ("test", 12)))}  # fmt: skip
    return TaskSpec(name, WORDS[:classes], **splits, **fields)
