"""Evaluation at full size: ours against a plain loop over open_clip's own towers, and what a million images hold."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.figures import Figure, fitting_clock, median_of, paired, resident
from benchmarks.registry import benchmark
from benchmarks.scenes import VIT, Noise, office_home_tasks
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import BATCH_SIZE, image_features, score_features
from mmap_studio.method.evaluation import evaluate as ours
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.backbones.loading import open_backbone

MILLION = 1_000_000


@benchmark
def evaluate(quick: bool) -> Iterator[Figure]:
    """Features a second, how many times as fast as the plain loop, and the memory of judging a million images."""
    judged = MILLION // 10 if quick else MILLION
    grown = growth(judged)
    yield median_of("evaluate_memory_growth_mb", [grown], "MB", f"{judged:,} features and 345 classes in memory before")
    clip, pairs, count = open_backbone(VIT, "cpu", "float32"), 1 if quick else 5, 8 if quick else BATCH_SIZE
    task = _task(clip, count)
    clock, seconds = fitting_clock(), []
    image_features(clip, _task(clip, 1).test)
    for _ in range(pairs):
        began = clock()
        image_features(clip, task.test)
        seconds.append(clock() - began)
    scene = f"ViT-B/16, {count} images"
    yield median_of("evaluate_features_per_s", [count / s for s in seconds], "images/s", scene)
    ratios = paired(lambda: plain(clip, task), lambda: ours(clip, task), pairs, lambda: None)
    yield median_of("evaluate_speedup", ratios, "times", f"open_clip's towers in a loop, 65 classes once, {scene}")


def _task(clip: FrozenClip, count: int) -> TaskSpec:
    task = office_home_tasks(clip.image_size)[0]
    images = Noise(np.arange(count) % len(task.class_names), clip.image_size)
    return TaskSpec(task.name, task.class_names, images, images, images)


@torch.no_grad()
def plain(clip: FrozenClip, task: TaskSpec) -> np.ndarray:
    """Predictions (N,) as most scripts make them: the class list once, then batch by batch."""
    texts = F.normalize(clip.model.encode_text(clip.tokenize(task.texts())), dim=-1)
    found = []
    for start in range(0, len(task.test), BATCH_SIZE):
        pixels = clip.prepare(task.test.pixels(np.arange(start, min(start + BATCH_SIZE, len(task.test)))))
        images = F.normalize(clip.model.encode_image(pixels), dim=-1)
        found.append((clip.logit_scale * images @ texts.T).softmax(1).argmax(1))
    return torch.cat(found).numpy()


def growth(count: int) -> float:
    """MB by which judging the features of so many images raises the peak memory, above these features."""
    clip, labels = open_backbone("starter", "cpu"), np.arange(count) % 345
    features, classes = np.ones((count, 512), np.float32), np.eye(345, 512, dtype=np.float32)
    before = resident("VmRSS")
    score_features(clip, features, classes, labels)
    return (resident("VmHWM") - before) / 1e6
