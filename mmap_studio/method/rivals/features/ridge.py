"""Ridge: least squares on frozen features in closed form, mixed with zero-shot.

RAIL (Xu et al., NeurIPS 2024, arXiv 2406.18868; linghan1997/Regression-based-Analytic-Incremental-Learning,
`primal_RAIL.py`): W = (F'F + 0.1 I)^-1 F'Y with one-hot Y and no bias; 0.8 of F W and 0.2 of zero-shot's softmax are
added. Its recursive update gives the joint solution exactly, which is solved at once here. Left out: its random
expansion to 15,000 features, whose 15,000 x 15,000 system is minutes and gigabytes on a CPU. Where tasks have different
classes, a class is fitted on the images of the tasks that have it: its competitors there are the task's own.

A mixture of a regression and a softmax is no probability: it is held above `FLOOR` and scaled to sum to 1.
"""

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

SHARE = 0.8
"""Of the regression in the mixture."""
REGULARIZATION = (0.1, 0.01, 1.0, 10.0)
"""The first is the published one."""
FLOOR = 1e-6


class Ridge(FeatureMethod):
    """Ridge regression onto the classes, one for all tasks or one a task."""

    name = "ridge"
    title = "Ridge + zero-shot"
    solved = True
    source = "RAIL in its primal form without expansion, Xu et al. 2024, arXiv 2406.18868"
    candidates = tuple({"regularization": one} for one in REGULARIZATION)

    def count(self, classes: int, width: int, images: int) -> int:
        return classes * width

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"weights": (classes, width)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        zero_shot = problem.scale * problem.features @ problem.texts.T
        yield Fitting(1, 1, float(problem.cross_entropy(zero_shot)))
        weights = torch.zeros_like(problem.texts)
        patterns, pattern_of = problem.own.T.unique(dim=0, return_inverse=True)
        for number, images in enumerate(patterns):
            classes = torch.nonzero(pattern_of == number)[:, 0]
            features = problem.features[images].double()
            targets = F.one_hot(problem.labels[images], problem.classes)[:, classes].double()
            gram = features.T @ features + values["regularization"] * torch.eye(features.shape[1], dtype=torch.double)
            weights[classes] = torch.linalg.solve(gram, features.T @ targets).T.float()
        return Learned({"weights": weights.numpy()}, 0, 1, len(problem.labels))

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        """The regression (N, C) alone."""
        return features @ torch.from_numpy(arrays["weights"]).T

    def probabilities(self, logits: Tensor, zero_shot: Tensor) -> Tensor:
        mixed = (SHARE * logits + (1 - SHARE) * zero_shot.softmax(1)).clamp(min=FLOOR)
        return mixed / mixed.sum(1, keepdim=True)
