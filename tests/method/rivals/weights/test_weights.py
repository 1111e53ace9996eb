"""The methods that change weights: published counts, the start at zero-shot, and that CLIP itself stays frozen."""

import numpy as np
import pytest

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.config import FineTuneSettings
    from mmap_studio.method.evaluation import evaluate
    from mmap_studio.method.finetune import fine_tune
    from mmap_studio.method.rivals.method import Learned, Method
    from mmap_studio.method.rivals.weights.catalogue import METHODS
    from mmap_studio.method.rivals.weights.full import FullFineTuning, HalfWay
    from mmap_studio.method.rivals.weights.low_rank_update import ClipLora

PUBLISHED = {"clip_lora": 184_320, "norm_tuning": 65_536, "bias_tuning": 171_008, "finetune": 149_620_737}
"""Trainable parameters of ViT-B/16, 65 classes."""
NAMES = (*PUBLISHED, "wise_ft")


def made(name):
    return {one.name: one for one in METHODS}[name]


def test_the_catalogue_has_each_once():
    assert tuple(one.name for one in METHODS) == (*NAMES, *(f"{name}_wise" for name in PUBLISHED))
    assert all(isinstance(one, Method) and one.family == "weights" for one in METHODS)


def untrained(method, clip):
    arrays = {name: value.detach().numpy() for name, value in method.change(clip, 0).named_parameters()}
    return Learned(arrays, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_those_of_the_publications(full_size, name):
    clip, tasks = full_size
    assert made(name).parameters(clip, tasks) == PUBLISHED[name]


@pytest.mark.parametrize("name", NAMES)
def test_an_untrained_change_is_zero_shot(data, name):
    method = made(name)
    predict = method.predictor(data, untrained(method, data.clip))
    for task in data.tasks:
        zero_shot = evaluate(data.clip, task)
        found = predict(task, task.test)
        assert np.array_equal(found.argmax(1), zero_shot.predictions)
        assert np.allclose(found.max(1), zero_shot.confidence, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_training_is_repeatable_and_leaves_clip_as_it_was(data, drained, name):
    method = made(name)
    before = {key: value.clone() for key, value in data.clip.model.state_dict().items()}
    one, two = (drained(method.fit(data, {"learning_rate": 1e-3}, 1)) for _ in range(2))
    assert all(np.array_equal(one.arrays[key], two.arrays[key]) for key in one.arrays)
    assert one.parameters == method.parameters(data.clip, data.tasks)
    assert all(torch.equal(before[key], value) for key, value in data.clip.model.state_dict().items())
    data.clip.assert_frozen()
    predict = method.predictor(data, one)
    changed = [predict(t, t.test) for t in data.tasks]
    plain = [method.predictor(data, untrained(method, data.clip))(t, t.test) for t in data.tasks]
    assert any(not np.allclose(a, b) for a, b in zip(changed, plain, strict=True))
    data.clip.assert_frozen()


def test_full_fine_tuning_is_the_control_of_the_same_rate(data, drained):
    """The control works on a copy of the model, step by step the same; what differs is how texts are cut."""
    learned = drained(FullFineTuning().fit(data, {"learning_rate": 1e-3}, 1))
    predict = FullFineTuning().predictor(data, learned)
    *_, last = fine_tune(data.clip, data.tasks, data.training, FineTuneSettings(learning_rate=1e-3), 1)
    for task in data.tasks:
        found = predict(task, task.test)
        assert (found.argmax(1) == last.scores[task.name].predictions).mean() > 0.95
        assert np.allclose(found.max(1), last.scores[task.name].confidence, atol=0.02)


def test_gradient_checkpointing_of_an_earlier_training_changes_nothing(data, drained):
    plain = drained(ClipLora().fit(data, {"learning_rate": 1e-2}, 1))
    data.clip.recompute = True
    again = drained(ClipLora().fit(data, {"learning_rate": 1e-2}, 1))
    assert all(np.array_equal(plain.arrays[name], again.arrays[name]) for name in plain.arrays)


def test_the_update_is_the_scaled_product_of_its_factors(data):
    change = ClipLora().change(data.clip, 1)
    with torch.no_grad():
        for up in change.up:
            up.normal_(generator=torch.Generator().manual_seed(5))
    name, frozen = next(iter(change.frozen.items()))
    width = frozen.shape[1]
    for part in range(3):
        rows = slice(part * width, (part + 1) * width)
        expected = frozen[rows] + (1 / 2**0.5) * change.up[0][part] @ change.down[0][part]
        assert torch.allclose(change()[name][rows], expected, atol=1e-6)


def test_half_way_is_the_mean_of_frozen_and_trained_weights(data, drained):
    learned = drained(FullFineTuning().fit(data, {"learning_rate": 3e-3}, 1))
    frozen = untrained(FullFineTuning(), data.clip).arrays
    middle = Learned({key: (value + frozen[key]) / 2 for key, value in learned.arrays.items()}, 0)
    half, mean = HalfWay().predictor(data, learned), FullFineTuning().predictor(data, middle)
    for task in data.tasks:
        assert np.allclose(half(task, task.test), mean(task, task.test), atol=1e-5)
