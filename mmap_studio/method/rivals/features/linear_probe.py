"""Linear probe: softmax regression on frozen features, which knows nothing of the class texts.

As in CLIP (Radford et al. 2021, section 3.2 and appendix A.3): L-BFGS, the strength chosen on validation images. At a
few images a class it starts far behind zero-shot, which it does not contain: a lower bound, not a rival.

Tasks with one class list are fitted as one. With several lists the classes of all compete for every image, as
scikit-learn cannot leave some out; predictions are among the task's own.
"""

import warnings
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmap_studio.method.evaluation import Evaluation, score_probabilities
from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

STRENGTHS = tuple(float(c) for c in np.logspace(-2, 4, 7))
"""Inverse regularisation C to choose among."""
DEFAULT_STRENGTH = 0.316 * 1000
"""CLIP's public example (openai/CLIP README: C = 0.316) on features of norm about 10 to 30; ours have norm 1."""
ITERATIONS = 2000
AT_ONCE = 40
"""Iterations between two reports of the method; L-BFGS forgets its curvature there."""
NEVER = -1e30
"""Log-odds of a class without training images: probability 0, and finite where a task has no other class."""

Labelled = tuple[np.ndarray, np.ndarray]
"""Unit features (N, d) and labels (N,)."""


class LinearProbe(FeatureMethod):
    """Softmax regression, one for all tasks or one a task."""

    name = "linear_probe"
    title = "Linear probe"
    solved = True
    source = "CLIP, Radford et al. 2021, arXiv 2103.00020, and the example in openai/CLIP's README"
    candidates = tuple({"strength": strength} for strength in (DEFAULT_STRENGTH, *STRENGTHS))

    def count(self, classes: int, width: int, images: int) -> int:
        return classes * (width + 1)

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"weights": (classes, width), "bias": (classes,)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        train = problem.features.numpy(), problem.labels.numpy()
        arrays: Arrays = {
            "weights": np.zeros(tuple(problem.texts.shape), np.float32),
            "bias": np.zeros(problem.classes, np.float32),
        }
        iterations = 0
        for reports, (done, found) in enumerate(fitted(train, problem.classes, values["strength"], AT_ONCE), start=1):
            logits = self.logits(arrays, problem.texts, problem.features, problem.scale)
            yield Fitting(reports, ITERATIONS // AT_ONCE, float(problem.cross_entropy(logits)))
            iterations, arrays = done, found
        return Learned(arrays, 0, iterations, iterations * len(problem.labels))

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        return features @ torch.from_numpy(arrays["weights"]).T + torch.from_numpy(arrays["bias"])


def fitted(
    train: Labelled, classes: int, strength: float, at_once: int = ITERATIONS
) -> Generator[tuple[int, Arrays], None, None]:
    """Iterations so far, and float32 weights (classes, d) and bias (classes,), every so many iterations and at the end.

    A class without training images is never predicted; deterministic.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    present = np.unique(train[1])
    weights, bias = np.zeros((classes, train[0].shape[1]), np.float32), np.full(classes, NEVER, np.float32)
    bias[present] = 0
    if len(present) < 2:
        yield 0, {"weights": weights, "bias": bias}
        return
    rows = present if len(present) > 2 else present[1:]  # of two classes, scikit-learn fits the odds of the second
    model = LogisticRegression(C=strength, max_iter=at_once, warm_start=True)
    done, more = 0, True
    while more:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(*train)
        done += int(model.n_iter_[0])
        more = model.n_iter_[0] >= at_once and done + at_once < ITERATIONS
        weights[rows], bias[rows] = model.coef_, model.intercept_
        yield done, {"weights": weights.copy(), "bias": bias.copy()}


@dataclass(frozen=True)
class Probe:
    """A fitted probe's scores and what was chosen."""

    scores: Evaluation
    strength: float
    parameters: int


def linear_probe(train: Labelled, val: Labelled, test: Labelled, classes: int) -> Probe:
    """The control of a run: fit on `train`, choose C on `val` (where there is any), evaluate on `test`."""
    strength = DEFAULT_STRENGTH
    if len(val[1]):
        accuracy = {c: _scores(train, val, classes, c).accuracy for c in STRENGTHS}
        strength = max(STRENGTHS, key=lambda c: (accuracy[c], -c))
    return Probe(_scores(train, test, classes, strength), strength, classes * (train[0].shape[1] + 1))


def _scores(train: Labelled, images: Labelled, classes: int, strength: float) -> Evaluation:
    *_, (_, arrays) = fitted(train, classes, strength)
    logits = images[0] @ arrays["weights"].T + arrays["bias"]
    return score_probabilities(torch.from_numpy(logits).softmax(1).numpy(), images[1])
