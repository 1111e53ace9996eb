"""Ridge: the closed form, the mixture, tasks of different classes."""

import numpy as np

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features.ridge import Ridge
    from tests.method.rivals.features.problems import learned, logits, problem


def solved(features, targets, regularization):
    f, y = features.double().numpy(), targets.double().numpy()
    return (np.linalg.inv(f.T @ f + regularization * np.eye(f.shape[1])) @ f.T @ y).T


def test_weights_are_the_closed_form():
    one = problem()
    found, reports = learned(Ridge(), one)
    assert len(reports) == found.steps == 1
    assert np.allclose(found.arrays["weights"], solved(one.features, torch.eye(4)[one.labels], 0.1), atol=1e-5)


def test_predictions_are_mixed_with_zero_shot():
    one = problem()
    found, _ = learned(Ridge(), one)
    regression, zero_shot = logits(Ridge(), found, one), one.scale * one.features @ one.texts.T
    mixed = Ridge().probabilities(regression, zero_shot)
    plain = 0.8 * one.features @ torch.from_numpy(found.arrays["weights"]).T + 0.2 * zero_shot.softmax(1)
    assert torch.equal(mixed.argmax(1), plain.argmax(1))
    clipped = np.maximum(plain.numpy(), 1e-6)
    assert np.allclose(mixed, clipped / clipped.sum(1, keepdims=True), atol=1e-6)


def test_a_class_is_fitted_on_the_tasks_that_have_it():
    labels = torch.arange(24) % 4
    own = torch.zeros(24, 4, dtype=torch.bool)
    own[labels < 2, :2] = True  # one task of the classes 0 and 1, another of 2 and 3
    own[labels >= 2, 2:] = True
    one = problem(own=own)
    found, _ = learned(Ridge(), one)
    first = labels < 2
    alone = solved(one.features[first], torch.eye(4)[labels[first]][:, :2], 0.1)
    assert np.allclose(found.arrays["weights"][:2], alone, atol=1e-5)
