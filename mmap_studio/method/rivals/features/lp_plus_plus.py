"""LP++: a linear probe beside zero-shot, class by class in a learned proportion, with step sizes from the data.

Huang et al., CVPR 2024, arXiv 2404.02285; `methods/linear_probe_p2.py` of FereshteShakeri/FewShot-CLIP-Strong-Baseline:
logits_k = w_k f + b_k + a_k (f t_k), 300 steps over all images, momentum 0.9 for w and b, plain steps for a at every
tenth. With F (N, d) the features: rate of w and b 4 N / lambda_max(F'F), rate of a N / (4 max_k sum_i (f_i t_k)^2); w_k
starts at the sum of the class's features, every a at 250 times the mean cosine of an image with its own text.

Otherwise than there: a steps along the gradient of its own step (the code never clears it, so that it adds up over all
steps before); the last step counts (the code takes the best on validation); a class that has more or fewer images than
the average starts at the sum of as many as the average, since a sum would prefer the large classes (the publication
has equally many of each); a class without images starts at w = 0.
"""

from collections.abc import Generator

import torch
from torch import Tensor

from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

STEPS, MOMENTUM = 300, 0.9
BETWEEN = 10
"""Steps from one of the proportions to the next."""
START = 250.0


class LPPlusPlus(FeatureMethod):
    """LP++, one for all tasks or one a task. It has nothing to choose."""

    name = "lp_plus_plus"
    title = "LP++"
    source = "Huang et al. 2024, arXiv 2404.02285, and FereshteShakeri/FewShot-CLIP-Strong-Baseline"

    def count(self, classes: int, width: int, images: int) -> int:
        return classes * (width + 2)

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"weights": (classes, width), "bias": (classes,), "proportions": (classes,)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        features, images = problem.features, len(problem.labels)
        weights, proportions = start(problem)
        bias = torch.zeros(problem.classes)
        similar = (features @ problem.texts.T).masked_fill(~problem.own, 0.0)
        rate = 4 * images / float(torch.linalg.eigvalsh(features.T @ features)[-1])
        rate_of_proportions = images / (4 * float(similar.square().sum(0).max()))
        trained = [one.requires_grad_() for one in (weights, bias, proportions)]
        optimizer = torch.optim.SGD([weights, bias], rate, momentum=MOMENTUM)
        steps = problem.steps(images, STEPS)
        for step in range(1, steps + 1):
            fit = problem.cross_entropy(features @ weights.T + bias + proportions * similar)
            gradients = torch.autograd.grad(fit, trained)
            weights.grad, bias.grad = gradients[:2]
            optimizer.step()
            if step % BETWEEN == 0:
                with torch.no_grad():
                    proportions -= rate_of_proportions * gradients[2]
            yield Fitting(step, steps, float(fit.detach()))
        arrays = dict(zip(("weights", "bias", "proportions"), (one.detach().numpy() for one in trained), strict=True))
        return Learned(arrays, 0, steps, steps * images)

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        weights, bias, proportions = (torch.from_numpy(arrays[name]) for name in ("weights", "bias", "proportions"))
        return features @ weights.T + bias + proportions * (features @ texts.T)


def start(problem: Problem) -> tuple[Tensor, Tensor]:
    """Weights (C, d) and proportions (C,) before the first step."""
    counts = problem.counts.clamp(min=1)
    sums = torch.zeros_like(problem.texts).index_add_(0, problem.labels, problem.features)
    right = (problem.features * problem.texts[problem.labels]).sum(1)
    means = torch.zeros(problem.classes).index_add_(0, problem.labels, right) / counts
    proportion = START * float(means[problem.counts > 0].mean())
    return sums * (problem.images_a_class / counts)[:, None], torch.full((problem.classes,), proportion)
