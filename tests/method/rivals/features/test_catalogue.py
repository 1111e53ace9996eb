"""What every method on frozen features does: counts, classes without images, several class lists, one image, seeds."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features.catalogue import METHODS
    from mmap_studio.method.rivals.method import Data, Method, Part

WIDTH, CLASSES, SHOTS = 512, 65, 16
PUBLISHED = {
    "zero_shot": 0,
    "zero_shot_ensemble": 0,
    "linear_probe": 33_345,
    "ridge": 33_280,
    "text_head": 33_280,
    "clap": 33_280,
    "lp_plus_plus": 33_410,
    "task_residual": 33_280,
    "tip_adapter": 0,
    "tip_adapter_f": 532_480,
    "clip_adapter": 131_072,
}
"""Trainable parameters of ViT-B/16, 65 classes of 16 images."""
ART = tiny.task("art", 0, n=12)
CLIPART = replace(tiny.task("clipart", 1, n=12), class_names=("fox", "tea pot", "apple", "moon"))


@pytest.fixture(params=PUBLISHED, scope="module")
def method(request):
    return {one.name: one for one in METHODS}[request.param]


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


def test_the_catalogue_has_each_once():
    assert [one.name for one in METHODS] == list(PUBLISHED)
    assert all(isinstance(one, Method) and one.family == "features" for one in METHODS)


def test_counts_are_the_published_ones(method):
    assert method.count(CLASSES, WIDTH, CLASSES * SHOTS) == PUBLISHED[method.name]
    assert 1 <= len(method.candidates) <= 8


def test_tasks_of_different_classes_share_a_model(method, clip, drained):
    data = Data(clip, (ART, CLIPART))
    learned = drained(method.fit(data, method.candidates[0], 1))
    trained = learned.arrays if method.name != "tip_adapter" else {}
    assert learned.parameters == sum(one.size for one in trained.values() if one.dtype == np.float32)
    predict = method.predictor(data, learned)
    for task in data.tasks:
        found = predict(task, task.test)
        assert found.dtype == np.float32
        assert found.shape == (len(task.test), len(task.class_names))
        assert np.isfinite(found).all()
        assert np.allclose(found.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("rows", [[0], [0, 1, 4], list(range(1, 12))])
def test_few_images_and_classes_without_any(method, clip, drained, rows):
    data = Data(clip, (replace(ART, train=Part(ART.train, np.array(rows))),))
    learned = drained(method.fit(data, method.candidates[0], 1))
    assert all(np.isfinite(one).all() for one in learned.arrays.values())
    found = method.predictor(data, learned)(ART, ART.test)
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(1), 1, atol=1e-5)


def test_a_seed_gives_the_same_bits_and_the_global_generators_are_let_alone(method, clip, drained):
    data = Data(clip, (ART, CLIPART))
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    one, two = (drained(method.fit(data, method.candidates[0], 3)) for _ in range(2))
    assert all(np.array_equal(one.arrays[name], two.arrays[name]) for name in one.arrays)
    assert torch.equal(before, torch.random.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


def test_arrays_of_another_method_or_of_other_tasks_are_refused(method, clip, drained):
    data = Data(clip, (ART,))
    learned = drained(method.fit(data, method.candidates[0], 1))
    with pytest.raises(ValueError, match="must have learned"):
        method.predictor(data, replace(learned, arrays={**learned.arrays, "more": np.zeros(1, np.float32)}))
    for name, array in learned.arrays.items():
        with pytest.raises(ValueError, match=f"{name} of .* must "):
            method.predictor(data, replace(learned, arrays={**learned.arrays, name: array[None] + 1}))
    if "classes" in learned.arrays:
        wrong = {**learned.arrays, "classes": learned.arrays["classes"] + 1}
        with pytest.raises(ValueError, match="classes from 0 to 3"):
            method.predictor(data, replace(learned, arrays=wrong))
