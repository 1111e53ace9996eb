"""How long a stop may have to wait inside a full-size model: the longest work between two looks at it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise

import torch

from benchmarks.figures import Figure, fitting_clock, median_of
from benchmarks.registry import benchmark
from benchmarks.scenes import office_home_step
from mmap_studio.errors import Interrupted
from mmap_studio.method.batches import Batch
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import image_features
from mmap_studio.method.training import Joint

LOOKS = 60
"""After so many looks a long phase is stopped: its blocks are all alike."""


@benchmark
def stop(quick: bool) -> Iterator[Figure]:
    """The longest wait by phase, in seconds; `min` and `max` are of single waits."""
    joint, batches = office_home_step()
    phases: dict[str, tuple[Callable[[], object], int | None]] = {
        "step": (lambda: joint.backward(joint.batches.draw()), None),
        "zero_shot": (lambda: image_features(joint.clip, joint.tasks[0].test), LOOKS),
        "evaluation": (lambda: image_features(joint.clip, joint.tasks[0].test, joint.bank()[0]), LOOKS),
        "affinity": (lambda: _trials(joint, batches), LOOKS),
    }
    for phase, (act, looks) in phases.items():
        waits = waited(joint.clip, act, looks if quick else None)
        figure = median_of(f"stop_longest_wait_{phase}_s", waits, "s", "ViT-B/16, between two looks at the stop")
        yield Figure(figure.figure, max(waits), "s", figure.against, figure.n, figure.min, figure.max)


def waited(clip: FrozenClip, act: Callable[[], object], looks: int | None = None) -> list[float]:
    """Seconds between all looks, the start and the end; with `looks` the stop comes at that one."""
    clock = fitting_clock()
    told = [clock()]

    def look() -> None:
        told.append(clock())
        if len(told) == looks:
            raise Interrupted("Enough was seen.")

    before, clip.watch = clip.watch, look
    try:
        with suppress(Interrupted):
            act()
    finally:
        clip.watch = before
    told.append(clock())
    return [later - earlier for earlier, later in pairwise(told)]


def _trials(joint: Joint, batches: list[Batch]) -> object:
    """What an exact look-ahead measurement spends its time with."""
    count = len(joint.tasks)
    sets = [dict(joint.bank.named_parameters())] * count
    with torch.no_grad(), joint.clip.exact_arithmetic():
        return joint.trial_losses(batches)(sets, [(trial, task) for trial in range(count) for task in range(count)])
