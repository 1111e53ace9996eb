"""Epochs: the rate of each step, the images of each batch, the most steps."""

import math
from dataclasses import replace

import pytest

from mmap_studio.method.budget import AS_SET, Budget
from mmap_studio.session.runtime.generator_result import Returning
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features import epochs as module
    from mmap_studio.method.rivals.features.epochs import cosines, epoch_rows, epochs
    from tests.method.rivals.features.problems import SCALE, problem


def walked(length, batch, warm_up, images=10, budget=AS_SET):
    """Rates of the steps of one number, images of the batches, and what the generator returns."""
    one = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([one], 0.5)
    rates, rows = [], []

    def objective(batch_rows):
        rates.append(optimizer.param_groups[0]["lr"])
        rows.append(batch_rows)
        return one.sum(), one.sum()

    walk = Returning(epochs(replace(problem(images), budget=budget), optimizer, objective, 1, length, batch, warm_up))
    reports = list(walk)
    return rates, rows, reports, walk.value


def test_the_rate_falls_by_a_cosine_after_a_warm_up():
    rates, *_ = walked(4, 10, warm_up=True)
    assert rates == pytest.approx([1e-5, *(0.25 * (1 + math.cos(math.pi * epoch / 4)) for epoch in (1, 2, 3))])
    assert walked(4, 10, warm_up=False)[0][0] == 0.5


def test_a_short_budget_is_a_quarter_warm_up_at_most():
    """A whole epoch at a rate of nothing would leave it untrained."""
    assert walked(50, 2, warm_up=True, budget=Budget("steps", 4))[0] == [1e-5, 0.5, 0.5, 0.5]
    assert walked(50, 2, warm_up=True, budget=Budget("images", 10))[0] == [1e-5, *[0.5] * 4]
    assert walked(50, 2, warm_up=True, budget=Budget("steps", 2))[0] == [0.5, 0.5]


def test_every_epoch_sees_every_image_once_in_another_order():
    _, rows, reports, (steps, seen) = walked(2, 4, warm_up=False)
    assert (steps, seen) == (6, 20)
    assert [(one.step, one.steps) for one in reports] == [(step, 6) for step in range(1, 7)]
    first, second = torch.cat(rows[:3]), torch.cat(rows[3:])
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert torch.equal(torch.cat(list(epoch_rows(10, 1, 0, 4))), first)


def test_many_images_have_fewer_epochs(monkeypatch):
    monkeypatch.setattr(module, "MOST_STEPS", 7)
    assert walked(4, 4, warm_up=False)[3] == (6, 20)
    monkeypatch.setattr(module, "MOST_STEPS", 1)
    assert walked(4, 4, warm_up=False)[3] == (3, 10)


def test_cosines_do_not_depend_on_the_length_of_prototypes():
    one, rows = problem(), torch.tensor([2, 5])
    expected = SCALE * one.features[rows] @ one.texts.T
    assert torch.allclose(cosines(one, 7 * one.texts, rows), expected, atol=1e-5)
