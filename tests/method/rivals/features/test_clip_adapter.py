"""CLIP-Adapter: its features written out, the length of raw ones, near zero-shot at the start."""

import numpy as np

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features.clip_adapter import ClipAdapter, adapt
    from tests.method.rivals.features.problems import learned, logits, problem


def test_logits_are_of_the_mixed_features():
    one = problem()
    found, reports = learned(ClipAdapter(), one)
    f, down, up = one.features.numpy(), found.arrays["down"], found.arrays["up"]
    mixed = 0.2 * np.maximum(np.maximum(f @ down.T, 0) @ up.T, 0) + 0.8 * f
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    assert np.allclose(logits(ClipAdapter(), found, one), one.scale * mixed @ one.texts.numpy().T, atol=1e-4)
    assert reports[-1].loss < reports[0].loss
    assert found.arrays["down"].shape == (2, 8)


def test_the_length_of_features_does_not_matter():
    generator = torch.Generator().manual_seed(0)
    f, down, up = (torch.randn(shape, generator=generator) for shape in ((5, 8), (2, 8), (8, 2)))
    assert torch.allclose(adapt(f, down, up), adapt(11 * f, down, up), atol=1e-6)


def test_it_starts_near_zero_shot():
    one = problem()
    _, reports = learned(ClipAdapter(), one)
    assert abs(reports[0].loss - float(one.cross_entropy(one.scale * one.features @ one.texts.T))) < 0.05


def test_another_seed_starts_elsewhere():
    one, other = (learned(ClipAdapter(), problem(), seed)[0].arrays["down"] for seed in (1, 2))
    assert not np.array_equal(one, other)
