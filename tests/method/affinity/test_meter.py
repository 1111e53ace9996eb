"""The meter against numpy over all measurements at once, and what it says where it knows too little."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmap_studio.errors import InputError
from mmap_studio.method.affinity.meter import ARRAYS, HISTORY, AffinityEstimate, AffinityMeter

TASKS = ("a", "b")
NAN = np.nan


def measured(*matrices):
    meter = AffinityMeter(TASKS)
    for matrix in matrices:
        meter.update(np.array(matrix))
    return meter


def test_before_any_measurement_nothing_is_known():
    meter = AffinityMeter(TASKS)
    assert np.isnan([meter.mean, meter.standard_error, meter.latest]).all()
    assert not meter.count.any()
    assert not meter.significant().any()


def test_two_measurements_by_hand():
    meter = measured([[1.0, 2.0], [3.0, 4.0]], [[3.0, 2.0], [4.0, 8.0]])
    assert meter.mean.tolist() == [[2.0, 2.0], [3.5, 6.0]]
    assert meter.standard_error.tolist() == [[1.0, 0.0], [0.5, 2.0]]  # |difference| / 2
    assert meter.latest.tolist() == [[3.0, 2.0], [4.0, 8.0]]
    assert meter.count.tolist() == [[2, 2], [2, 2]]
    assert meter.significant().tolist() == [[False, True], [True, True]]
    assert meter.significant(level=3.5).tolist() == [[False, True], [True, False]]


def test_one_measurement_has_no_error():
    meter = measured([[1.0, 2.0], [3.0, 4.0]])
    assert np.isnan(meter.standard_error).all()
    assert not meter.significant().any()


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.floats(-1e4, 1e4))
def test_it_agrees_with_all_measurements_at_once(seed, n, offset):
    rng = np.random.default_rng(seed)
    every = offset + rng.normal(size=(n, 2, 2))
    every[rng.random(every.shape) < 0.2] = rng.choice([NAN, np.inf, -np.inf])
    meter = measured(*every)
    finite = np.isfinite(every)
    assert (meter.count == finite.sum(0)).all()
    assert (meter.count + meter.missing == n).all()
    for cell in np.ndindex(2, 2):
        values = every[:, *cell][finite[:, *cell]]
        if len(values):
            np.testing.assert_allclose(meter.mean[cell], values.mean(), rtol=1e-12)
        if len(values) > 1:
            error = values.std(ddof=1) / np.sqrt(len(values))
            np.testing.assert_allclose(meter.standard_error[cell], error, rtol=1e-6)
        assert np.isnan(meter.standard_error[cell]) == (len(values) < 2)


def test_a_cell_that_is_not_finite_is_skipped_and_counted():
    meter = measured([[1.0, NAN], [np.inf, 1.0]], [[3.0, 5.0], [NAN, 3.0]])
    assert meter.count.tolist() == [[2, 1], [0, 2]]
    assert meter.missing.tolist() == [[0, 1], [2, 0]]
    np.testing.assert_equal(meter.mean, [[2.0, 5.0], [NAN, 2.0]])
    np.testing.assert_equal(meter.latest, [[3.0, 5.0], [NAN, 3.0]])
    np.testing.assert_equal(meter.standard_error, [[1.0, NAN], [NAN, 1.0]])


def estimate(mean, error, latest=None):
    ones = np.ones((2, 2))
    return AffinityEstimate(TASKS, np.array(mean), np.array(error), 5 * ones, 0 * ones, np.array(latest or mean))


def test_normalised_divides_by_the_recipients_diagonal():
    ratio, error = estimate([[2.0, 1.0], [3.0, 4.0]], [[0.2, 0.3], [0.4, 0.8]]).normalised()
    assert ratio.tolist() == [[1.0, 0.25], [1.5, 1.0]]
    expected = [[0.0, np.hypot(0.3 / 4, 0.25 * 0.8 / 4)], [np.hypot(0.4 / 2, 1.5 * 0.2 / 2), 0.0]]
    np.testing.assert_allclose(error, expected)


def test_the_normalised_error_is_what_repeated_experiments_show():
    rng = np.random.default_rng(0)
    experiments = []
    for _ in range(400):
        meter = measured(*(np.array([[2.0, 1.0], [1.0, 4.0]]) + 0.5 * rng.normal(size=(25, 2, 2))))
        experiments.append(meter.normalised())
    ratios, errors = (np.array(part) for part in zip(*experiments, strict=True))
    np.testing.assert_allclose(ratios[:, 1, 0].std(), errors[:, 1, 0].mean(), rtol=0.1)


@pytest.mark.parametrize("diagonal", [0.0, -1.0, NAN])
def test_a_diagonal_that_is_not_positive_normalises_nothing(diagonal):
    ratio, error = estimate([[2.0, 1.0], [3.0, diagonal]], [[0.2, 0.3], [0.4, 0.8]]).normalised()
    assert np.isnan([ratio[:, 1], error[:, 1]]).all()
    assert np.isfinite([ratio[:, 0], error[:, 0]]).all()


def test_matrix_gives_what_the_window_asks_for():
    known = estimate([[2.0, 1.0], [3.0, 4.0]], [[0.2, 0.3], [0.4, 0.8]], latest=[[1.0, 8.0], [5.0, 16.0]])
    assert known.matrix().tolist() == [[2.0, 1.0], [3.0, 4.0]]
    assert known.matrix("latest").tolist() == [[1.0, 8.0], [5.0, 16.0]]
    assert known.matrix(normalised=True).tolist() == [[1.0, 0.25], [1.5, 1.0]]
    assert known.matrix("latest", normalised=True).tolist() == [[1.0, 0.5], [5.0, 1.0]]  # by its own diagonal
    with pytest.raises(InputError, match="mean or latest"):
        known.matrix("now")


def test_a_snapshot_is_a_value():
    meter = measured([[1.0, 2.0], [3.0, 4.0]])
    before = meter.snapshot()
    meter.update(np.zeros((2, 2)))
    assert before.mean.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert before.count.tolist() == [[1, 1], [1, 1]]
    for name in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(before, name)[0, 0] = 7


def test_arrays_give_the_same_back():
    before = measured([[1.0, NAN], [3.0, 4.0]], [[2.0, 2.0], [3.0, 5.0]]).snapshot()
    arrays = before.to_arrays()
    after = AffinityEstimate.from_arrays(list(TASKS), arrays | {"steps": np.arange(3)})
    assert (after.tasks, set(arrays)) == (TASKS, {*ARRAYS, HISTORY})
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert getattr(after, name).dtype == getattr(before, name).dtype


def test_arrays_that_do_not_fit_are_refused():
    arrays = measured([[1.0, 2.0], [3.0, 4.0]]).snapshot().to_arrays()
    with pytest.raises(InputError, match=r"mean must be \(3, 3\), one row and column a task. Got \(2, 2\)"):
        AffinityEstimate.from_arrays("abc", arrays)
    with pytest.raises(InputError, match="Got none of latest"):
        AffinityEstimate.from_arrays(TASKS, {name: arrays[name] for name in ARRAYS[:-1]})
    with pytest.raises(InputError, match=r"matrix must be \(2, 2\). Got \(4,\)"):
        AffinityMeter(TASKS).update(np.zeros(4))


def test_importing_it_does_not_load_torch():
    code = "import sys, mmap_studio.method.affinity.meter; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_measurement_is_kept_and_shared():
    meter = measured([[1.0, 2.0], [3.0, 4.0]])
    before = meter.snapshot()
    meter.update(np.array([[NAN, 2.0], [4.0, 8.0]]))
    after = meter.snapshot()
    assert [len(one.measurements) for one in (before, after)] == [1, 2]
    assert after.measurements[0] is before.measurements[0]
    assert np.array_equal(np.stack(after.measurements)[1], [[NAN, 2.0], [4.0, 8.0]], equal_nan=True)
    with pytest.raises(ValueError, match="read-only"):
        after.measurements[1][0, 0] = 5.0


def test_measurements_are_scaled_by_the_diagonal_of_the_mean():
    estimate = measured([[1.0, 2.0], [3.0, 4.0]], [[3.0, 2.0], [4.0, 8.0]]).snapshot()
    assert np.array_equal(estimate.scaled(), np.stack(estimate.measurements))
    assert estimate.scaled(normalised=True).mean(axis=0) == pytest.approx(estimate.normalised()[0])


def test_measurements_go_through_arrays_and_may_be_missing_from_them():
    estimate = measured([[1.0, 2.0], [3.0, 4.0]], [[3.0, 2.0], [4.0, 8.0]]).snapshot()
    arrays = estimate.to_arrays()
    assert np.array_equal(AffinityEstimate.from_arrays(TASKS, arrays).scaled(), estimate.scaled())
    old = AffinityEstimate.from_arrays(TASKS, {name: arrays[name] for name in ARRAYS})
    assert old.scaled() is None
    assert np.array_equal(old.mean, estimate.mean)
