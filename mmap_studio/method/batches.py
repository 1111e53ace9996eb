"""Endless seeded batches of a task's training images, cropped and flipped as tensor work."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.config import TrainSettings
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.device_transfer import to_device, to_floats
from mmap_studio.method.task import ImageSet, TaskSpec

CPU = torch.device("cpu")
RATIO = (3 / 4, 4 / 3)
"""Aspect ratios of a crop (torchvision's RandomResizedCrop)."""


def task_seed(seed: int, *names: str) -> int:
    """A seed for one task: its stream does not depend on which other tasks train beside it."""
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


@dataclass(frozen=True)
class Batch:
    """Images of one task in one step."""

    images: Tensor
    """float (B, 3, S, S), normalised."""
    labels: Tensor
    """int64 (B,)"""

    def chunks(self, parts: int) -> "list[Batch]":
        """Nearly equal parts, none of them empty."""
        images, labels = self.images.tensor_split(parts), self.labels.tensor_split(parts)
        return [Batch(i, y) for i, y in zip(images, labels, strict=True) if len(y)]


class JointBatches:
    """One augmented batch of every task at a time, on the backbone's device; the same seed draws the same."""

    def __init__(self, clip: FrozenClip, tasks: Sequence[TaskSpec], settings: TrainSettings, seed: int) -> None:
        self.clip, self.tasks, self.settings = clip, tasks, settings
        seeds = [task_seed(seed, task.name) for task in tasks]
        sets = zip(tasks, seeds, strict=True)
        self._streams = [BatchStream(task.train, settings.batch_size, own) for task, own in sets]
        self._random = [torch.Generator().manual_seed(own) for own in seeds]

    @property
    def steps_per_epoch(self) -> int:
        """Until the largest training set has been seen once."""
        return max(-(-len(task.train) // self.settings.batch_size) for task in self.tasks)

    @property
    def largest(self) -> int:
        """Images of the largest training set."""
        return max(len(task.train) for task in self.tasks)

    def draw(self) -> list[Batch]:
        """The next batch of every task, in the order of the tasks."""
        return [self._batch(stream, random) for stream, random in zip(self._streams, self._random, strict=True)]

    def skip(self, steps: int) -> None:
        """Go on as if so many batches had been drawn: the same random numbers are, without the images."""
        for _ in range(steps):
            self.clip.watch()
            for stream, random in zip(self._streams, self._random, strict=True):
                _random_numbers(len(stream.choose()), self.settings.flip, random)

    def _batch(self, stream: "BatchStream", random: torch.Generator) -> Batch:
        self.clip.watch()
        pixels, labels = stream.draw()
        device = self.clip.device
        images = augment(pixels, self.settings.crop, self.settings.flip, random, device)
        return Batch(self.clip.normalise(images), to_device(torch.from_numpy(labels), device))


class BatchStream:
    """Iterates over (uint8 pixels (B, S, S, 3), labels (B,)): every image once a pass, in a new order each pass."""

    def __init__(self, images: ImageSet, batch_size: int, seed: int) -> None:
        self.images, self.batch_size = images, min(batch_size, len(images))
        self._random = np.random.default_rng(seed)
        self._waiting = np.empty(0, dtype=np.int64)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        while True:
            yield self.draw()

    def draw(self) -> tuple[np.ndarray, np.ndarray]:
        """The next batch; a pass that ends inside a batch is followed by the next pass."""
        chosen = self.choose()
        return self.images.pixels(chosen), self.images.labels[chosen]

    def choose(self) -> np.ndarray:
        """Indices of the images of the next batch."""
        while len(self._waiting) < self.batch_size:
            self._waiting = np.concatenate([self._waiting, self._random.permutation(len(self.images))])
        chosen, self._waiting = self._waiting[: self.batch_size], self._waiting[self.batch_size :]
        return chosen


def augment(
    pixels: np.ndarray, crop: float, flip: bool, generator: torch.Generator, device: torch.device = CPU
) -> Tensor:
    """uint8 (B, S, S, 3) -> float (B, 3, S, S) in [0, 1], cropped (`crop` or more of the area), mirrored at random.

    Drawn on the CPU, so that every device sees the same crops, and computed on `device`, to which bytes go; for MPS on
    the CPU too, since its `grid_sample` knows no border before torch 2.13.
    """
    last, device = device, CPU if device.type == "mps" else device
    images = to_floats(np.ascontiguousarray(pixels), device)
    area, ratio, place, mirroring = _random_numbers(len(images), flip, generator)
    size, shift = _random_boxes(area, ratio, place, crop)
    mirror = 1.0 if mirroring is None else torch.where(mirroring < 0.5, -1.0, 1.0)
    theta = torch.zeros(len(images), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = size[:, 0] * mirror, size[:, 1]
    theta[:, :, 2] = shift
    grid = F.affine_grid(to_device(theta, device), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False).to(last)


def _random_numbers(n: int, flip: bool, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """All that is drawn for n images, uniform in [0, 1): area (n,), ratio (n,), place (n, 2), mirroring (n,)."""
    area, ratio, place = (torch.rand(*size, generator=generator) for size in ((n,), (n,), (n, 2)))
    return area, ratio, place, torch.rand(n, generator=generator) if flip else None


def _random_boxes(area: Tensor, ratio: Tensor, place: Tensor, crop: float) -> tuple[Tensor, Tensor]:
    """Relative (width, height) and centre in [-1, 1] of n boxes inside the image, (n, 2) each."""
    area = crop + (1 - crop) * area
    low, high = np.log(RATIO[0]), np.log(RATIO[1])
    ratio = torch.exp(low + (high - low) * ratio)
    ratio = ratio if crop < 1 else torch.ones(len(area))
    size = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], 1).clamp(max=1)
    return size, (1 - size) * (2 * place - 1)
