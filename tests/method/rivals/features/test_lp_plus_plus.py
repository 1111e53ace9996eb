"""LP++: its start, step sizes and first steps, written out."""

import numpy as np
import pytest

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features import lp_plus_plus as module
    from mmap_studio.method.rivals.features.lp_plus_plus import LPPlusPlus, start
    from tests.method.rivals.features.problems import learned, logits, problem


def test_it_starts_at_the_sums_of_the_classes_and_the_mean_cosine():
    one = problem(20)
    weights, proportions = start(one)
    f, t = one.features.numpy(), one.texts.numpy()
    assert np.allclose(weights, [f[k::4].sum(0) for k in range(4)], atol=1e-5)
    assert np.allclose(proportions, 250 * np.mean([(f[k::4] @ t[k]).mean() for k in range(4)]), rtol=1e-5)


def test_a_large_class_starts_as_strong_as_a_small_one():
    one = problem(21)  # 6, 5, 5, 5
    f = one.features.numpy()
    assert np.allclose(start(one)[0][0], f[0::4].mean(0) * 21 / 4, atol=1e-5)


def test_steps_are_those_of_the_publication(monkeypatch):
    monkeypatch.setattr(module, "STEPS", 20)
    one = problem()
    found, reports = learned(LPPlusPlus(), one)
    f, t, y = one.features.double(), one.texts.double(), torch.eye(4).double()[one.labels]
    w, a = (part.double() for part in start(one))
    b, v, u = torch.zeros(4).double(), 0, 0
    rate = 4 * 24 / torch.linalg.matrix_norm(f, 2) ** 2
    rate_a = 24 / (4 * (f @ t.T).square().sum(0).max())
    for step in range(1, 21):
        slope = ((f @ w.T + b + a * (f @ t.T)).softmax(1) - y) / 24
        v, u = 0.9 * v + slope.T @ f, 0.9 * u + slope.sum(0)
        w, b = w - rate * v, b - rate * u
        if step % 10 == 0:
            a = a - rate_a * (slope * (f @ t.T)).sum(0)
    expected = f @ w.T + b + a * (f @ t.T)
    assert torch.allclose(logits(LPPlusPlus(), found, one).double(), expected, rtol=1e-3, atol=1e-2)
    assert reports[-1].loss < reports[0].loss
    assert found.images_seen == 20 * 24


def test_the_loss_falls():
    _, reports = learned(LPPlusPlus(), problem(60, seed=2))
    assert reports[-1].loss < min(0.1, reports[0].loss) or reports[-1].loss == pytest.approx(0, abs=0.1)
