"""From JPEG files to normalised tensors: ours against torchvision's ImageFolder behind a DataLoader."""

import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.figures import Figure, median_of, paired, seconds
from benchmarks.registry import benchmark
from mmap_studio.data.folders import survey_folders
from mmap_studio.method.batches import CPU
from mmap_studio.method.device_transfer import normalised, to_floats
from mmap_studio.method.task import Geometry
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.pixels import decode_domain
from mmap_studio.session.runtime.generator_result import result
from mmap_studio.storage.store import FolderStore

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
CLASSES, IMAGES, WIDTH, HEIGHT, BATCH = 4, 1000, 500, 375, 32
SIZE = 224


@benchmark
def pipeline(quick: bool) -> Iterator[Figure]:
    """Images a second of ours, first epoch with either resampling and later ones, and how many times as many as
    ImageFolder's.
    """
    pairs, per_class = (1, 4) if quick else (5, IMAGES // CLASSES)
    with tempfile.TemporaryDirectory() as name:
        root = make_jpegs(Path(name) / "data", per_class)
        caches = (FolderStore(Path(name) / "caches" / str(number)) for number in itertools.count())
        warm = FolderStore(Path(name) / "warm")
        epoch(root, warm)
        count, size = per_class * CLASSES, f"{WIDTH} x {HEIGHT} JPEG to {SIZE} px"
        ways = {
            "first": lambda: epoch(root, next(caches)),
            "first_fast": lambda: epoch(root, next(caches), "fast"),
            "later": lambda: epoch(root, warm),
        }
        for which, ours in ways.items():
            taken = [seconds(ours) for _ in range(pairs)]
            yield median_of(f"pipeline_{which}_images_per_s", [count / s for s in taken], "images/s", size)
            for workers in (0, 2):
                plain = lambda w=workers: image_folder_epoch(root, w)  # noqa: E731
                ratios = paired(plain, ours, pairs, clock=time.perf_counter)  # its workers' time counts only so
                against = f"ImageFolder and DataLoader(num_workers={workers}), {count} images, {size}, wall time"
                yield median_of(f"pipeline_{which}_speedup_workers_{workers}", ratios, "times", against)


def make_jpegs(root: Path, per_class: int) -> Path:
    """`root/<class>/<n>.jpg`: smooth noise, which packs about as photographs do."""
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        (root / str(label)).mkdir(parents=True)
        for number in range(per_class):
            coarse = Image.fromarray(rng.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8))
            image = coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            image.save(root / str(label) / f"{number}.jpg", quality=90)
    return root


def epoch(root: Path, store: FolderStore, resampling: str = "exact") -> Tensor:
    """All images once in a random order, through the store: in the first epoch they are decoded on the way."""
    steps = decode_domain(Cached(store), survey_folders(root).domains[0], Geometry(SIZE, resampling=resampling))
    images, *_ = result(steps)
    order = np.random.default_rng(0).permutation(len(images))
    return torch.stack([tensor(images.pixels(order[i : i + BATCH])).mean() for i in range(0, len(order), BATCH)])


def tensor(pixels: np.ndarray) -> Tensor:
    """float32 (B, 3, S, S) from uint8 (B, S, S, 3), normalised as by `FrozenClip.prepare`."""
    return normalised(to_floats(pixels, CPU), MEAN, STD)


def image_folder_epoch(root: Path, workers: int) -> Tensor:
    """The same with what torchvision offers."""
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    bicubic = transforms.InterpolationMode.BICUBIC
    prepare = transforms.Compose(
        [transforms.Resize(SIZE, bicubic), transforms.CenterCrop(SIZE), transforms.ToTensor(),
         transforms.Normalize(MEAN, STD)]
    )  # fmt: skip
    loader = torch.utils.data.DataLoader(ImageFolder(root, prepare), BATCH, shuffle=True, num_workers=workers)
    return torch.stack([images.mean() for images, _ in loader])
