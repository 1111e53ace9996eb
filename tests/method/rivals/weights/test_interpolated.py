"""Weights between zero-shot and the trained ones: the ends of the curve, the share that is chosen, what is kept."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.evaluation import evaluate
    from mmap_studio.method.rivals.method import Learned
    from mmap_studio.method.rivals.weights.catalogue import CHANGES
    from mmap_studio.method.rivals.weights.full import HalfWay
    from mmap_studio.method.rivals.weights.interpolated import SHARE, SHARES, Interpolated
    from mmap_studio.method.rivals.weights.norms_and_biases import NormTuning

RATE = {"learning_rate": 3e-2}


@pytest.fixture(scope="module")
def learned(data, drained):
    return drained(NormTuning().fit(data, RATE, 1))


def test_every_method_of_changed_weights_has_one_that_uses_its_training():
    for of in CHANGES:
        own = Interpolated(of)
        assert (own.name, own.trained_as, own.scopes) == (f"{of.name}_wise", of.name, of.scopes)
        assert "share chosen on validation" in own.source


def test_the_ends_of_the_curve_are_zero_shot_and_the_trained_weights(data, learned):
    own, plain = Interpolated(NormTuning()), NormTuning().predictor(data, learned)
    for task in data.tasks:
        curve = own.curve(data, learned, task, task.test)
        assert len(curve) == len(SHARES) == 11
        assert curve[0] == pytest.approx(evaluate(data.clip, task).accuracy)
        assert curve[-1] == pytest.approx((plain(task, task.test).argmax(1) == task.test.labels).mean())


def test_a_share_of_half_is_the_mean_of_both_weights(data, learned):
    frozen = {n: v.detach().numpy() for n, v in NormTuning().change(data.clip, 0).named_parameters()}
    mean = Learned({name: (value + frozen[name]) / 2 for name, value in learned.arrays.items()}, 0)
    half = Interpolated(NormTuning()).predictor(data, replace(learned, arrays={**learned.arrays, SHARE: share(0.5)}))
    for task in data.tasks:
        assert np.allclose(half(task, task.test), NormTuning().predictor(data, mean)(task, task.test), atol=1e-5)


def share(value):
    return np.array([value], np.float32)


def test_the_share_that_is_best_on_validation_is_kept_and_used(data, learned):
    own = Interpolated(NormTuning())
    kept = own.derived(data, learned)
    levels = np.mean([own.curve(data, learned, task, task.val) for task in data.tasks], axis=0)
    place = SHARES.index(kept.values[SHARE])
    assert levels[place] == pytest.approx(levels.max())
    nearer = [n for n, one in enumerate(SHARES) if abs(one - 0.5) < abs(SHARES[place] - 0.5)]
    assert all(levels[n] < levels.max() for n in nearer)
    assert kept.arrays[SHARE] == pytest.approx(kept.values[SHARE])
    assert kept.parameters == learned.parameters
    found, wanted = own.predictor(data, kept), NormTuning().at(data, learned, kept.values[SHARE])
    for task in data.tasks:
        assert np.array_equal(found(task, task.test), wanted(task, task.test))


def test_a_change_that_spoils_everything_is_taken_back(data, learned):
    """Ten times a change that was far too large: validation chooses less of it than all."""
    own = Interpolated(NormTuning())
    frozen = {n: v.detach().numpy() for n, v in NormTuning().change(data.clip, 0).named_parameters()}
    wild = {name: frozen[name] + 40 * (value - frozen[name]) for name, value in learned.arrays.items()}
    assert own.derived(data, replace(learned, arrays=wild)).values[SHARE] < 1


def test_without_validation_images_the_share_is_the_published_half(data, drained):
    none = tiny.image_set(0, 4, 0)
    bare = replace(data, tasks=tuple(replace(task, val=none) for task in data.tasks))
    kept = drained(Interpolated(NormTuning()).fit(bare, RATE, 1))
    assert kept.values == {**RATE, SHARE: 0.5}
    assert HalfWay.share == 0.5


@pytest.mark.parametrize("arrays", [{}, {SHARE: np.array([1.5], np.float32)}, {SHARE: np.zeros(2, np.float32)}])
def test_arrays_without_a_share_are_refused(data, arrays):
    with pytest.raises(ValueError, match="LayerNorm tuning, interpolated must have a share from 0 to 1"):
        Interpolated(NormTuning()).predictor(data, Learned(arrays, 0))
