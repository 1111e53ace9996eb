"""TaskRes: zero-shot at the start, its logits, its epochs."""

import numpy as np

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features.task_residual import TaskResidual
    from tests.method.rivals.features.problems import learned, logits, problem


def test_without_a_residual_it_is_zero_shot():
    one = problem()
    zero = {"residual": np.zeros((4, 8), np.float32)}
    found = TaskResidual().logits(zero, one.texts, one.features, one.scale)
    assert torch.allclose(found, one.scale * one.features @ one.texts.T, atol=1e-5)


def test_logits_are_cosines_with_texts_and_residual():
    one = problem()
    found, reports = learned(TaskResidual(), one)
    head = 10 * one.texts.numpy() + 0.5 * found.arrays["residual"]
    head /= np.linalg.norm(head, axis=1, keepdims=True)
    assert np.allclose(logits(TaskResidual(), found, one), one.scale * one.features.numpy() @ head.T, atol=1e-4)
    assert reports[-1].loss < reports[0].loss


def test_few_images_have_fewer_epochs():
    assert learned(TaskResidual(), problem(16))[0].steps == 100
    assert learned(TaskResidual(), problem(20))[0].steps == 200
