"""Text-initialised head (ZS-LP): class prototypes that start at the text features, trained on frozen features.

Silva-Rodriguez et al. 2024 (CLAP, arXiv 2312.12730), `SGD_lr1e-1_B256_ep300.yaml` of jusiro/CLAP: SGD at 0.1, momentum
0.9, cosine, one warm-up epoch at 1e-5, 300 epochs of batches of 256. There on 20 augmented views of every image; here
on the image itself, as for every method on features. Prototypes start at unit length, CLIP's own are about 10 long, and
a rate acts with the square of the length: hence the candidates.
"""

from collections.abc import Generator, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

EPOCHS, BATCH = 300, 256
MOMENTUM = 0.9
WARM_RATE = 1e-5
"""Of the first epoch."""
RATES = (0.1, 0.01, 1.0)
"""The first is the published one."""


class TextHead(FeatureMethod):
    """Class prototypes, one for all tasks or one a task."""

    name = "text_head"
    title = "Text-initialised head"
    source = "ZS-LP of CLAP, Silva-Rodriguez et al. 2024, arXiv 2312.12730"
    candidates = tuple({"learning_rate": rate} for rate in RATES)

    def count(self, classes: int, width: int, images: int) -> int:
        return classes * width

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        head = problem.texts.clone().requires_grad_()
        optimizer = torch.optim.SGD([head], values["learning_rate"], momentum=MOMENTUM)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
        penalty = self.penalty(problem)
        seen = step = 0
        batches = -(-len(problem.labels) // BATCH)
        for epoch in range(EPOCHS):
            for group in optimizer.param_groups if epoch == 0 else ():
                group["lr"] = WARM_RATE
            for rows in epoch_rows(len(problem.labels), seed, epoch):
                logits = problem.scale * problem.features[rows] @ F.normalize(head, dim=-1).T
                fit = problem.cross_entropy(logits, rows)
                loss = fit + (penalty * (head - problem.texts).pow(2).sum(-1)).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                seen, step = seen + len(rows), step + 1
                yield Fitting(step, EPOCHS * batches, float(fit.detach()))
            schedule.step()
        return Learned({"prototypes": head.detach().numpy()}, 0, step, seen)

    def penalty(self, problem: Problem) -> Tensor:
        """float32 (C,): how strongly each prototype is held at its text."""
        return torch.zeros(problem.classes)

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        return scale * features @ F.normalize(torch.from_numpy(arrays["prototypes"]), dim=-1).T


class ClassAdaptiveHead(TextHead):
    """CLAP: prototypes are held at their texts, the more the better zero-shot knows their class."""

    name = "clap"
    title = "CLAP"
    source = "Silva-Rodriguez et al. 2024, arXiv 2312.12730; constraint l2, as its published scripts have it"

    def penalty(self, problem: Problem) -> Tensor:
        """Mean zero-shot probability of a class over its own training images; 1 for a class without any."""
        logits = problem.scale * problem.features @ problem.texts.T
        right = logits.masked_fill(~problem.own, -torch.inf).softmax(1).gather(1, problem.labels[:, None])[:, 0]
        total = torch.zeros(problem.classes).index_add_(0, problem.labels, right)
        count = torch.bincount(problem.labels, minlength=problem.classes)
        return torch.where(count > 0, total / count.clamp(min=1), 1.0)


def epoch_rows(images: int, seed: int, epoch: int) -> Iterator[Tensor]:
    """int64: the images of one epoch in a seeded order, a batch at a time."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    yield from torch.randperm(images, generator=generator).split(BATCH)
