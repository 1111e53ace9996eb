"""Linear probe, a control: logistic regression on the frozen, unprompted image features of each task.

As in CLIP (Radford et al. 2021, section 3.2 and appendix A.3): L-BFGS, strength chosen on validation images.
"""

from dataclasses import dataclass

import numpy as np

from mmap_studio.method.evaluation import Evaluation, score_probabilities

STRENGTHS = tuple(float(c) for c in np.logspace(-2, 4, 7))
"""Inverse regularisation C tried on the validation images."""

DEFAULT_STRENGTH = 0.316 * 1000
"""CLIP's public example (openai/CLIP README: C = 0.316) on features of norm about 10 to 30; ours have norm 1."""

Labelled = tuple[np.ndarray, np.ndarray]
"""Unit features (N, d) and labels (N,)."""


@dataclass(frozen=True)
class Probe:
    """A fitted probe's scores and what was chosen."""

    scores: Evaluation
    strength: float
    parameters: int


def linear_probe(train: Labelled, val: Labelled, test: Labelled, classes: int, seed: int = 0) -> Probe:
    """Fit on `train`, choose C on `val` (where there is any), evaluate on `test`."""
    strength = DEFAULT_STRENGTH
    if len(val[1]):
        accuracy = {c: score_probabilities(_fit(train, val[0], classes, c, seed), val[1]).accuracy for c in STRENGTHS}
        strength = max(STRENGTHS, key=lambda c: (accuracy[c], -c))
    scores = score_probabilities(_fit(train, test[0], classes, strength, seed), test[1])
    return Probe(scores, strength, classes * (train[0].shape[1] + 1))


def _fit(train: Labelled, features: np.ndarray, classes: int, strength: float, seed: int) -> np.ndarray:
    """Class probabilities (N, classes) of `features`; a class without training images gets 0."""
    from sklearn.linear_model import LogisticRegression

    result = np.zeros((len(features), classes), dtype=np.float32)
    present = np.unique(train[1])
    if len(present) < 2:
        result[:, present] = 1
        return result
    model = LogisticRegression(C=strength, max_iter=2000, random_state=seed).fit(*train)
    if len(features):
        result[:, present] = model.predict_proba(features)
    return result
