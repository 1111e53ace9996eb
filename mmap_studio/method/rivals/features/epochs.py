"""Epochs of batches over cached features: how every method here that steps along a gradient does it."""

import math
from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.feature_method import Problem
from mmap_studio.method.rivals.method import Fitting

BATCH = 256
WARM_RATE = 1e-5
"""Of the first epoch, where there is a warm-up."""
WARM_SHARE = 0.25
"""Of all steps at most: a short budget would else be warm-up alone."""
MOST_STEPS = 2000
"""With many images, epochs are as many fewer as it takes."""
LENGTH = 10.0
"""Of class prototypes at the start. CLIP's own text features are about so long, which published rates are for; ours are
of length 1, at which a rate of SGD turns a prototype 100 times as far, and one of Adam 10 times."""

Objective = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Of the rows of a batch: its mean cross-entropy, and what is minimised."""


def epochs(
    problem: Problem,
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    seed: int,
    length: int,
    batch: int = BATCH,
    warm_up: bool = True,
) -> Generator[Fitting, None, tuple[int, int]]:
    """Train for so many epochs, the rate falling by a cosine from epoch to epoch; steps taken and images seen.

    A budget decides on the steps; the last epoch is then cut short.
    """
    images = len(problem.labels)
    batches = -(-images // batch)
    steps = problem.steps(batch, max(1, min(length, MOST_STEPS // batches)) * batches)
    length, step, seen = -(-steps // batches), 0, 0
    warm = min(batches, int(WARM_SHARE * steps)) if warm_up else 0
    rates = [group["lr"] for group in optimizer.param_groups]
    for epoch in range(length):
        fallen = (1 + math.cos(math.pi * epoch / length)) / 2
        for rows in epoch_rows(images, seed, epoch, batch):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = WARM_RATE if step < warm else rate * fallen
            fit, loss = objective(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step, seen = step + 1, seen + len(rows)
            yield Fitting(step, steps, float(fit.detach()))
            if step == steps:
                break
    return step, seen


def epoch_rows(images: int, seed: int, epoch: int, batch: int = BATCH) -> Iterator[Tensor]:
    """int64: the images of one epoch in a seeded order, a batch at a time."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    yield from torch.randperm(images, generator=generator).split(batch)


def cosines(problem: Problem, head: Tensor, rows: Tensor) -> Tensor:
    """Logits (n, C) of these images: scaled cosines with class prototypes (C, d) of any length."""
    return problem.scale * problem.features[rows] @ F.normalize(head, dim=-1).T
