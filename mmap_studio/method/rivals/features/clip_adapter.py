"""CLIP-Adapter: a bottleneck that changes the image features, mixed with them.

Gao et al., IJCV 2024, arXiv 2110.04544; gaopengcuhk/CLIP-Adapter, `clip_adapter.py`: cosine logits of
f <- 0.2 relu(U relu(D f)) + 0.8 f with D (d/4, d), U (d, d/4) and no bias. Without a bias a longer f gives a longer
result, so that unit features give the logits of raw ones.

The repository has no schedule. Here that of a public re-implementation (FereshteShakeri/FewShot-CLIP-Strong-Baseline,
`methods/clip_adapter.py`, `configs/base.yaml`): SGD at 0.01 without momentum, batches of 32, one warm-up epoch at 1e-5,
cosine, 50 epochs at one image a class, 100 up to 4 and 200 beyond. At most `STEPS` steps: with many images, epochs are
fewer.
"""

import math
from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.epochs import epochs
from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Beyond, Fitting, Learned, Values

SHARE, REDUCTION = 0.2, 4
BATCH = 32
EPOCHS = ((1, 50), (4, 100), (math.inf, 200))
"""Epochs for up to so many images a class."""
RATES = (0.01, 0.1, 1.0)


class ClipAdapter(FeatureMethod):
    """CLIP-Adapter, one for all tasks or one a task; its size does not depend on the classes."""

    name = "clip_adapter"
    title = "CLIP-Adapter"
    source = "Gao et al. 2024, arXiv 2110.04544, and gaopengcuhk/CLIP-Adapter"
    beyond: tuple[Beyond, ...] = ("classes", "domains")
    candidates = tuple({"learning_rate": rate} for rate in RATES)

    def count(self, classes: int, width: int, images: int) -> int:
        return 2 * width * (width // REDUCTION)

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"down": (width // REDUCTION, width), "up": (width, width // REDUCTION)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        width = problem.texts.shape[1]
        generator = torch.Generator().manual_seed(seed)
        down, up = (
            ((torch.rand(shape, generator=generator) * 2 - 1) / shape[1] ** 0.5).requires_grad_()
            for shape in ((width // REDUCTION, width), (width, width // REDUCTION))
        )
        optimizer = torch.optim.SGD([down, up], values["learning_rate"])

        def objective(rows: Tensor) -> tuple[Tensor, Tensor]:
            adapted = adapt(problem.features[rows], down, up)
            fit = problem.cross_entropy(problem.scale * adapted @ problem.texts.T, rows)
            return fit, fit

        wanted = next(length for most, length in EPOCHS if problem.images_a_class <= most)
        steps, seen = yield from epochs(problem, optimizer, objective, seed, wanted, BATCH)
        return Learned({"down": down.detach().numpy(), "up": up.detach().numpy()}, 0, steps, seen)

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        return scale * adapt(features, torch.from_numpy(arrays["down"]), torch.from_numpy(arrays["up"])) @ texts.T


def adapt(features: Tensor, down: Tensor, up: Tensor) -> Tensor:
    """Unit features (N, d) of features (N, d); uniform starts within 1 / sqrt(inputs) leave them nearly as they are."""
    changed = (features @ down.T).relu() @ up.T
    return F.normalize(SHARE * changed.relu() + (1 - SHARE) * features, dim=-1)
