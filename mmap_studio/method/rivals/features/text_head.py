"""Text-initialised head (ZS-LP): class prototypes that start at the text features, trained on frozen features.

Silva-Rodriguez et al. 2024 (CLAP, arXiv 2312.12730), `SGD_lr1e-1_B256_ep300.yaml` of jusiro/CLAP: SGD at 0.1, momentum
0.9, cosine, one warm-up epoch at 1e-5, 300 epochs of batches of 256. There on 20 augmented views of every image; here
on the image itself, as for every method on features. Prototypes start at unit length, CLIP's own are about 10 long, and
a rate acts with the square of the length: hence the candidates.
"""

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.epochs import LENGTH, cosines, epochs
from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

EPOCHS, MOMENTUM = 300, 0.9
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

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"prototypes": (classes, width)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        start = LENGTH * problem.texts
        head = start.clone().requires_grad_()
        optimizer = torch.optim.SGD([head], values["learning_rate"], momentum=MOMENTUM)
        penalty = self.penalty(problem)

        def objective(rows: Tensor) -> tuple[Tensor, Tensor]:
            fit = problem.cross_entropy(cosines(problem, head, rows), rows)
            return fit, fit + (penalty * (head - start).pow(2).sum(-1)).mean()

        steps, seen = yield from epochs(problem, optimizer, objective, seed, EPOCHS)
        return Learned({"prototypes": head.detach().numpy()}, 0, steps, seen)

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
        return torch.where(problem.counts > 0, total / problem.counts.clamp(min=1), 1.0)
