"""What prompts cost before their first step: both towers against plain CLIP, on the starter's validation images."""

from collections.abc import Iterator
from statistics import mean

import torch

from benchmarks.figures import Figure, median_of
from benchmarks.registry import benchmark
from benchmarks.scenes import starter_scene
from mmap_studio.config import PromptSettings, settings_from
from mmap_studio.method.automatic import sized
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import new_bank, validate

LIGHT = settings_from({"preset": "light"}).prompt


@benchmark
def start(quick: bool) -> Iterator[Figure]:
    """Largest change of a text feature, and points of validation accuracy lost, by untrained prompts."""
    clip, tasks = starter_scene()
    seeds = range(1, 2 if quick else 4)
    automatic = sized(settings_from({}).prompt, clip.text_width, clip.image_width, min(clip.layers), 16)
    against = "plain CLIP with the template, starter, validation images, prompts of group and task, a seed each"
    changes = [text_difference(clip, tasks, automatic, seed) for seed in seeds]
    yield median_of("step0_text_difference", changes, "of a unit feature", against)
    lost = [accuracy_loss(clip, tasks, automatic, seed) for seed in seeds]
    yield median_of("step0_accuracy_loss", lost, "points", against)
    lost = [accuracy_loss(clip, tasks, LIGHT, seed) for seed in seeds]
    yield median_of(
        "step0_accuracy_loss_random", lost, "points", f"{against}; the light preset, which starts at random"
    )


@torch.no_grad()
def text_difference(clip: FrozenClip, tasks: tuple[TaskSpec, ...], prompt: PromptSettings, seed: int) -> float:
    """Largest difference of any component of any class feature."""
    pair = new_bank(clip, Grouping.together([task.name for task in tasks]), prompt, seed)()
    tokens = [clip.tokenize(task.texts()) for task in tasks]
    found = [(clip.encode_text(t, pair[0].text, on_words=pair.on_words) - clip.encode_text(t)).abs() for t in tokens]
    return max(float(difference.max()) for difference in found)


def accuracy_loss(clip: FrozenClip, tasks: tuple[TaskSpec, ...], prompt: PromptSettings, seed: int) -> float:
    """Points that the mean over tasks loses."""
    bank = new_bank(clip, Grouping.together([task.name for task in tasks]), prompt, seed)
    before, after = (mean(validate(clip, tasks, one).values()) for one in (None, bank))
    return 100 * (before - after)
