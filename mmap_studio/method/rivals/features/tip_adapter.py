"""Tip-Adapter: zero-shot and a cache of the training images, each of which votes for its class by likeness.

Zhang et al., ECCV 2022, arXiv 2207.09519; gaopengcuhk/Tip-Adapter, `main.py`: logits = s f t + a exp(-b (1 - f K')) V,
K (N, d) the features of the training images, V one-hot. Tip-Adapter-F trains K: AdamW at 0.001 with eps 1e-4, cosine,
20 epochs, batches of 256.

a = b = 1, and the last epoch: the published a and b are searched for every data set on labelled images, the best epoch
on test images. Keys are the images themselves, not means of ten views. Otherwise than there, a class that has more or
fewer images than the average has as many votes as the average, since the sum of all would prefer the large classes by
far (the publication has equally many of each).
"""

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.epochs import epochs
from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

ALPHA = BETA = 1.0
RATE, EPSILON, EPOCHS = 1e-3, 1e-4, 20


class TipAdapter(FeatureMethod):
    """A cache of the training images; nothing is trained."""

    name = "tip_adapter"
    title = "Tip-Adapter"
    solved = True
    source = "Zhang et al. 2022, arXiv 2207.09519, and gaopengcuhk/Tip-Adapter"

    def count(self, classes: int, width: int, images: int) -> int:
        return 0

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"keys": (None, width), "classes": (None,)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        yield from ()
        return Learned({"keys": problem.features.numpy(), "classes": problem.labels.numpy()}, 0)

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        keys, classes = torch.from_numpy(arrays["keys"]), torch.from_numpy(arrays["classes"])
        return scale * features @ texts.T + votes(features, keys, classes, len(texts))


class TrainedTipAdapter(TipAdapter):
    """Tip-Adapter-F: the keys of the cache are trained."""

    name = "tip_adapter_f"
    title = "Tip-Adapter-F"
    solved = False

    def count(self, classes: int, width: int, images: int) -> int:
        return images * width

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        keys = problem.features.clone().requires_grad_()
        optimizer = torch.optim.AdamW([keys], RATE, eps=EPSILON)
        zero_shot = problem.scale * problem.features @ problem.texts.T

        def objective(rows: Tensor) -> tuple[Tensor, Tensor]:
            cache = votes(problem.features[rows], keys, problem.labels, problem.classes)
            fit = problem.cross_entropy(zero_shot[rows] + cache, rows)
            return fit, fit

        steps, seen = yield from epochs(problem, optimizer, objective, seed, EPOCHS, warm_up=False)
        return Learned({"keys": keys.detach().numpy(), "classes": problem.labels.numpy()}, 0, steps, seen)


def votes(features: Tensor, keys: Tensor, classes: Tensor, many: int) -> Tensor:
    """(n, C): the cache's part of the logits of features (n, d), of keys (N, d) and their classes (N,) of so many."""
    counts = torch.bincount(classes, minlength=many)
    weight = len(classes) / (counts > 0).sum() / counts.clamp(min=1)
    values = F.one_hot(classes, many).float() * weight
    return ALPHA * torch.exp(-BETA * (1 - features @ keys.T)) @ values
