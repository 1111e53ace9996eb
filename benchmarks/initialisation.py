"""How prompts start: balanced factors and source against factors of 1 and a source of 0.02 (same product)."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import mean
from typing import Literal

from benchmarks.figures import Figure, median_of
from benchmarks.registry import benchmark
from benchmarks.scenes import starter_scene
from mmap_studio.config import settings_from
from mmap_studio.data.images.image_sets import Subset
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import evaluate
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import new_bank, train

EPOCHS = 5


@benchmark
def initialisation(quick: bool) -> Iterator[Figure]:
    """Points of mean test accuracy that the balanced start gains after a short training together, seed by seed."""
    clip, tasks = starter_scene()
    gains = [
        accuracy(clip, tasks, "balanced", seed) - accuracy(clip, tasks, "source", seed)
        for seed in range(1, 2 if quick else 4)
    ]
    against = f"factors 1 and source 0.02, starter, 6 tasks together, {EPOCHS} epochs, the light preset otherwise"
    yield median_of("initialisation_accuracy_gain", [100 * gain for gain in gains], "points", against)


def accuracy(
    clip: FrozenClip, tasks: tuple[TaskSpec, ...], start: Literal["balanced", "source"], seed: int, epochs: int = EPOCHS
) -> float:
    """Mean test accuracy of prompts that started so, after a training together."""
    prompt = settings_from({"preset": "light"}).prompt.model_copy(update={"initialisation": start})
    training = settings_from({"preset": "light"}).train.model_copy(update={"epochs": epochs})
    together = Grouping.together([task.name for task in tasks])
    unvalidated = [replace(task, val=Subset(task.val, [])) for task in tasks]  # nothing is chosen by validation here
    *_, last = train(clip, unvalidated, together, prompt, training, seed)
    assert last.group is not None
    bank = new_bank(clip, together, prompt, seed)
    bank.load_adapters(last.group.final)
    prompts = bank()
    return mean(evaluate(clip, task, prompts[bank.prompt_of[task.name]]).accuracy for task in tasks)
