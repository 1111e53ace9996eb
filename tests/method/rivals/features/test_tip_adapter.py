"""Tip-Adapter: votes of the cache, written out; trained keys; classes of different sizes."""

import numpy as np

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features.tip_adapter import TipAdapter, TrainedTipAdapter, votes
    from tests.method.rivals.features.problems import learned, logits, problem


def test_logits_are_zero_shot_and_votes_of_the_images():
    one = problem()
    found, reports = learned(TipAdapter(), one)
    f, t = one.features.numpy(), one.texts.numpy()
    expected = one.scale * f @ t.T + np.exp(-(1 - f @ f.T)) @ np.eye(4)[one.labels]
    assert np.allclose(logits(TipAdapter(), found, one), expected, atol=1e-4)
    assert not reports
    assert found.steps == 0


def test_training_moves_the_keys_and_lowers_the_loss():
    one = problem()
    found, reports = learned(TrainedTipAdapter(), one)
    assert not np.array_equal(found.arrays["keys"], one.features.numpy())
    assert np.array_equal(found.arrays["classes"], one.labels.numpy())
    assert reports[-1].loss < reports[0].loss
    assert (found.steps, found.images_seen) == (20, 20 * 24)


def test_it_starts_at_the_untrained_cache():
    one = problem()
    _, reports = learned(TrainedTipAdapter(), one)
    plain, _ = learned(TipAdapter(), one)
    assert np.isclose(reports[0].loss, float(one.cross_entropy(logits(TipAdapter(), plain, one))), atol=1e-5)


def test_a_large_class_has_as_many_votes_as_a_small_one():
    keys = torch.eye(3)[[0, 0, 0, 1]]
    found = votes(torch.eye(3)[2:], keys, torch.tensor([0, 0, 0, 1]), 3)
    assert torch.allclose(found, torch.tensor([[2.0, 2.0, 0.0]]) * np.exp(-1))
