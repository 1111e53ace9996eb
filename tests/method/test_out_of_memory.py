"""When memory does not suffice: the step goes on in smaller parts, to the same prompts; other errors pass."""

import numpy as np
import pytest

from mmap_studio.config import settings_from
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later
from tests.projects import QUICK

with imported_later():
    import torch

    from mmap_studio.method.out_of_memory import is_out_of_memory
    from mmap_studio.method.training import Joint, new_bank, train

pytestmark = pytest.mark.slow


CPU = "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate"
ERRORS = {
    "cuda": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "cpu": lambda: RuntimeError(CPU),
    "python": MemoryError,
}
SETTINGS = settings_from({"preset": "light"}, QUICK)


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


def failing(clip, monkeypatch, error, at, rows):
    """From the `at`-th pass of the image tower on, more than `rows` images raise; returns the sizes of all passes."""
    inner, sizes = clip.encode_image, []

    def encode_image(images, *more, **named):
        sizes.append(len(images))
        if len(sizes) >= at and len(images) > rows:
            raise error()
        return inner(images, *more, **named)

    monkeypatch.setattr(clip, "encode_image", encode_image)
    return sizes


def joint(clip, accumulate=1):
    tasks = [tiny.task("a", 1), tiny.task("b", 2)]
    bank = new_bank(clip, Grouping.together(["a", "b"]), SETTINGS.prompt, seed=1)
    return Joint(clip, tasks, bank, SETTINGS.train.model_copy(update={"accumulate": accumulate}), seed=1)


def gradients(one):
    return [p.grad.clone() for p in one.bank.parameters()]


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("at", [1, 2])
def test_a_step_is_halved_until_it_fits_and_gives_the_same_gradient(clip, monkeypatch, error, at):
    small = joint(clip, accumulate=4)
    batches = small.batches.draw()
    expected = small.backward(batches), gradients(small)
    tried = joint(clip, accumulate=1 if at == 1 else 2)
    sizes = failing(clip, monkeypatch, error, at, rows=4)
    losses = tried.backward(batches)
    assert sizes == ([16, 8, 4, 4, 4, 4] if at == 1 else [8, 8, 4, 4, 4, 4])
    assert tried.parts == 4
    assert torch.allclose(losses, expected[0], atol=1e-6)
    for ours, theirs in zip(gradients(tried), expected[1], strict=True):
        assert (ours - theirs).abs().max() < 1e-5 * theirs.abs().max()


def test_what_was_accumulated_before_the_step_stays(clip, monkeypatch):
    one = joint(clip)
    batches = one.batches.draw()
    one.backward(batches)
    once = gradients(one)
    failing(clip, monkeypatch, ERRORS["cuda"], 1, rows=8)
    one.backward(batches)
    for twice, first in zip(gradients(one), once, strict=True):
        assert (twice - 2 * first).abs().max() < 1e-5 * first.abs().max()


def test_a_single_image_that_does_not_fit_is_an_error(clip, monkeypatch):
    sizes = failing(clip, monkeypatch, ERRORS["cuda"], 1, rows=0)
    one = joint(clip)
    with pytest.raises(torch.OutOfMemoryError):
        one.backward(one.batches.draw())
    assert sizes == [16, 8, 4, 2]  # two tasks: the smallest part has an image of each


def test_other_errors_are_not_tried_again(clip, monkeypatch):
    sizes = failing(clip, monkeypatch, lambda: RuntimeError("shapes cannot be multiplied"), 1, rows=0)
    one = joint(clip)
    with pytest.raises(RuntimeError, match="multiplied"):
        one.backward(one.batches.draw())
    assert len(sizes) == 1
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def test_a_training_goes_on_and_says_in_how_many_parts(clip, monkeypatch):
    tasks, grouping = [tiny.task("a", 1), tiny.task("b", 2)], Grouping.together(["a", "b"])
    settings = SETTINGS.train.model_copy(update={"accumulate": 2})
    expected = list(train(clip, tasks, grouping, SETTINGS.prompt, settings, seed=1))[-1].group
    failing(clip, monkeypatch, ERRORS["cpu"], 3, rows=12)  # evaluation, which has no gradient, fits
    reports = list(train(clip, tasks, grouping, SETTINGS.prompt, SETTINGS.train, seed=1))
    assert [report.parts for report in reports[:3]] == [1, 1, 2]
    for name, arrays in reports[-1].group.final.items():
        for key, array in arrays.items():
            np.testing.assert_allclose(array, expected.final[name][key], rtol=1e-5, atol=1e-5)
