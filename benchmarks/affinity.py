"""Affinity on the starter: what a measurement costs, and whether the cheap one ranks as the exact one does."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from benchmarks.figures import Figure, median_of, paired
from benchmarks.registry import benchmark
from benchmarks.scenes import one_group, starter_scene
from mmap_studio.config import settings_from
from mmap_studio.method.affinity.lookahead import AffinityMeter, lookahead_affinity
from mmap_studio.method.batches import Batch
from mmap_studio.method.optimizer import SafeStepper
from mmap_studio.method.training import Joint

Order = Literal["exact", "first_order"]
SHARED = settings_from({"preset": "light"}).prompt.model_copy(update={"parts": "group"})
STAGE_1 = settings_from({"preset": "light"}).model_copy(update={"prompt": SHARED})
"""Stage 1 of the light preset: one MmAP that all tasks share."""


@benchmark
def affinity(quick: bool) -> Iterator[Figure]:
    """Cost of one exact and one first-order measurement in training steps; rank correlation over a stage 1."""
    for count in (4, 8):
        clip, tasks = starter_scene(count)
        joint = one_group(clip, tasks, STAGE_1)
        batches = joint.batches.draw()
        against = f"the training step of stage 1 without it, starter, {count} tasks x 16 images"
        for order in ("exact", "first_order"):
            yield _cost(joint, batches, order, 3 if quick else 9, f"affinity_{order}_cost_steps_t{count}", against)
    yield _correlation(1 if quick else STAGE_1.affinity.epochs)


def _cost(joint: Joint, batches: list[Batch], order: Order, pairs: int, figure: str, against: str) -> Figure:
    ratios = paired(lambda: _measure(joint, batches, order), lambda: joint.backward(batches), pairs)
    return median_of(figure, ratios, "steps", against)


def _measure(joint: Joint, batches: list[Batch], order: Order) -> np.ndarray:
    parameters = dict(joint.bank.named_parameters())
    size = STAGE_1.affinity.step_size
    return lookahead_affinity(joint.trial_losses(batches), parameters, size, len(joint.tasks), order).matrix


def _correlation(epochs: int) -> Figure:
    """Both orders at the same thetas and batches on the way of one stage 1; the six styles, none of them twice."""
    joint = one_group(*starter_scene(6), STAGE_1)
    steps = joint.batches.steps_per_epoch * epochs
    stepper = SafeStepper(joint.bank, joint.settings, steps)
    exact, first = AffinityMeter(joint.names), AffinityMeter(joint.names)
    single = []
    for step in range(steps):
        batches = joint.batches.draw()
        if step % STAGE_1.affinity.every == 0:
            exact.update(_measure(joint, batches, "exact"))
            first.update(_measure(joint, batches, "first_order"))
            single.append(rank_correlation(exact.latest, first.latest))
        stepper.take(step, joint.backward(batches), joint.names)
    against = f"exact and first-order means over a stage 1 of {epochs} epochs; min and max: of single measurements"
    value = rank_correlation(exact.mean, first.mean)
    return Figure("affinity_rank_correlation", value, "", against, len(single), min(single), max(single))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, over the off-diagonal cells of two (T, T) matrices without ties."""
    off = ~np.eye(len(a), dtype=bool)
    ranks = [matrix[off].argsort().argsort() for matrix in (a, b)]
    return float(np.asarray(np.corrcoef(ranks))[0, 1])
