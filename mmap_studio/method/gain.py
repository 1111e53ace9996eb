"""Gain: how much lower the loss of a task is when it trains together with another than when it trains alone.

    Z[i -> j] = (L_j(j trains alone) - L_j(i and j train together)) / L_j(zero-shot),    Z[j -> j] = 1

Measured and not foretold: every task is trained alone and every pair together, again and again with other seeds, and
judged on images that were not trained on. A grouping's score is then the mean gain of its pairs, the approximation of
Standley et al. 2020 ("Which Tasks Should Be Learned Together in Multi-task Learning?", arXiv 1905.07553), who found it
to foretell what larger groups reach. The diagonal is 1, so that dividing by it changes nothing, and the loss at
zero-shot is that of all images a task is judged by: dividing by what a single training reaches would weigh those most
that happen to reach little.

Each repetition judges by other images, a part of the validation images or, where a task has too few of these, a fold of
its training images; so measurements differ by seeds and images, which their spread then tells of. Folds know nothing of
subjects: where domains show the same things, a pair also gains by what one has seen in the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mmap_studio.config import AffinitySettings, PromptSettings, TrainSettings
from mmap_studio.errors import InputError
from mmap_studio.method.affinity.meter import AffinityEstimate, AffinityMeter
from mmap_studio.method.bank import PromptModule
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import cached_text_features, iterate_features, probabilities
from mmap_studio.method.folds import fold_of, folds
from mmap_studio.method.task import ImageSet, Part, TaskSpec
from mmap_studio.method.training import Joint, fit, new_group_bank, prompts_and_rows

LEAST_PROBABILITY = 1e-12
"""Of the right class, in a cross-entropy."""


@dataclass(frozen=True)
class GainReport:
    """One step of one of the trainings."""

    repeat: int
    """From 1."""
    repeats: int
    members: tuple[str, ...]
    """The task that trains, or the pair."""
    step: int
    """Of all trainings, from 1."""
    steps: int
    share: float
    """Of the work that is done, in (0, 1]: a step of a pair takes twice as long as one of a task alone."""
    known: bool = False
    """This training was measured by an earlier call."""
    losses: np.ndarray | None = None
    """After the last step of a training: float64 (R + 1, T, T), all that was measured so far. [r, i, j] is the loss of
    task j in repetition r when it trains with i, [r, j, j] when it trains alone, [R, i, j] its loss at zero-shot; NaN
    where that is to come."""
    estimate: AffinityEstimate | None = None
    """At the end of a repetition: the gains so far."""


def pair_gains(
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    prompt: PromptSettings,
    training: TrainSettings,
    affinity: AffinitySettings,
    seed: int,
    losses: np.ndarray | None = None,
) -> Iterator[GainReport]:
    """Measure the gains between all pairs of tasks by training them, `affinity.repeats` times.

    `losses` of an earlier call are not measured again. InputError where a task has too few images to be judged
    `affinity.repeats` times.
    """
    training = affinity.of_a_pair(training)
    names = [task.name for task in tasks]
    divided = _divided(tuple(tasks), affinity.repeats, seed)
    measured = np.full((affinity.repeats + 1, len(tasks), len(tasks)), np.nan) if losses is None else losses.copy()
    if np.isnan(measured[-1]).any():
        each = [held_losses(clip, tasks, None, held) for _, held in divided]
        counts = np.array([[len(held[name]) for name in names] for _, held in divided])
        measured[-1] = (np.array([[one[name] for name in names] for one in each]) * counts).sum(0) / counts.sum(0)
    trainings = [(r, i, j) for r in range(affinity.repeats) for i in range(len(tasks)) for j in range(i, len(tasks))]
    steps = [training.steps_on(len(divided[r][0][k].train) for k in (i, j)) for r, i, j in trainings]
    work = [count * (1 + (i != j)) for count, (_, i, j) in zip(steps, trainings, strict=True)]
    done, worked = 0, 0
    for (repeat, i, j), count, own_work in zip(trainings, steps, work, strict=True):
        parts, held = divided[repeat]
        some = [parts[i]] if i == j else [parts[i], parts[j]]
        members, own = tuple(task.name for task in some), seed + repeat
        known = bool(np.isfinite([measured[repeat, i, j], measured[repeat, j, i]]).all())
        if not known:
            joint = Joint(clip, some, new_group_bank(clip, some, prompt, own), training, own)
            for report in fit(joint):
                if report.step < report.steps:
                    share = (worked + report.step * len(some)) / sum(work)
                    yield GainReport(repeat + 1, len(divided), members, done + report.step, sum(steps), share)
            found = held_losses(clip, some, joint.bank, held)
            measured[repeat, j, i], measured[repeat, i, j] = found[members[0]], found[members[-1]]
        done, worked = done + count, worked + own_work
        complete = (i, j) == (len(tasks) - 1, len(tasks) - 1)
        estimate = estimated(names, measured, repeat + 1) if complete else None
        yield GainReport(
            repeat + 1, len(divided), members, done, sum(steps), worked / sum(work), known, measured.copy(), estimate
        )


def estimated(tasks: Sequence[str], losses: np.ndarray, repeats: int) -> AffinityEstimate:
    """The gains after so many repetitions; losses : as `GainReport.losses`."""
    meter = AffinityMeter(tasks)
    for one in losses[:repeats]:
        with np.errstate(all="ignore"):
            gains = (np.diag(one) - one) / losses[-1]
        np.fill_diagonal(gains, 1.0)
        meter.update(gains)
    return meter.snapshot()


@torch.no_grad()
def held_losses(
    clip: FrozenClip, tasks: Sequence[TaskSpec], bank: PromptModule | None, images: dict[str, ImageSet]
) -> dict[str, float]:
    """Mean cross-entropy of every task on these images, under a bank's prompts or, without one, at zero-shot."""
    (prompts, rows), found = prompts_and_rows(clip, tasks, bank), {}
    classes = cached_text_features(clip, prompts)
    for task in tasks:
        own, labels, p = images[task.name], images[task.name].labels, rows[task.name]
        texts = classes(p, task.texts())
        each = [probabilities(clip, batch, texts) for batch in iterate_features(clip, own, prompts[p])]
        right = np.concatenate(each)[np.arange(len(labels)), labels]
        found[task.name] = float(-np.log(np.maximum(right, LEAST_PROBABILITY)).mean())
    return found


def _divided(
    tasks: tuple[TaskSpec, ...], repeats: int, seed: int
) -> list[tuple[tuple[TaskSpec, ...], dict[str, ImageSet]]]:
    """Of every repetition: the tasks as they train, without validation images, and the images each is judged on."""
    found: list[tuple[tuple[TaskSpec, ...], dict[str, ImageSet]]]
    if all(len(task.val) >= repeats for task in tasks):
        numbers = {task.name: fold_of(task.val.labels, repeats, seed) for task in tasks}
        found = [
            (tasks, {task.name: Part(task.val, np.flatnonzero(numbers[task.name] == r)) for task in tasks})
            for r in range(repeats)
        ]
    else:
        found = list(folds(tasks, repeats, seed))
    if not found:
        least = min(tasks, key=lambda task: len(task.train))
        raise InputError(
            f"To measure affinity by training, every task must have {repeats} validation images, or {repeats} training "
            f"images and more than one of some class. Task {least.name!r} has {len(least.val)} and {len(least.train)}; "
            "set affinity.by to lookahead, or give more images."
        )
    return [
        (tuple(replace(task, val=Part(task.val, np.zeros(0, np.int64))) for task in parts), held)
        for parts, held in found
    ]
