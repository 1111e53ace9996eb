"""Half the intervals of paired differences, derived by hand, and beside those that a comparison resamples."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t

from mmap_studio.session.results.intervals import PairedTests, student, within_noise
from mmap_studio.session.results.table import Outcome, table
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.compare.statistics import TestImages, estimate

N = 40
Z = 1.959964


def scored(right, task="a"):
    """An evaluation whose predictions are right where asked; the label of every image is 1."""
    return {task: SimpleNamespace(predictions=np.asarray(right, np.int64))}


def sets(*sizes, subjects=None):
    names = "abcdef"[: len(sizes)]
    labels = {name: np.ones(size, np.int64) for name, size in zip(names, sizes, strict=True)}
    starts = np.cumsum([0, *sizes])
    own = subjects or [np.arange(start, start + size) for start, size in zip(starts, sizes, strict=False)]
    return PairedTests(labels, dict(zip(names, own, strict=True)))


def differing(fixed, broken, n=N):
    """Predictions of two methods: the first is right on `fixed` more images and wrong on `broken` others."""
    one, other = np.ones(n, int), np.ones(n, int)
    other[:fixed], one[fixed : fixed + broken] = 0, 0
    return one, other


def test_one_task_by_hand():
    one, other = differing(12, 4)
    mean, square = 8 / N, 16 / N
    error = math.sqrt((square - mean**2) / (N - 1))
    half, whole = sets(N).half_widths([scored(one)], [scored(other)], ["a"])
    assert half == pytest.approx(100 * Z * error, rel=1e-6)
    assert whole == pytest.approx(half)
    assert not within_noise(100 * mean, half)
    assert within_noise(-half / 2, half)
    assert within_noise(1.0, math.nan)


def test_images_of_two_tasks_that_show_one_subject_count_once():
    one, other = differing(12, 4)
    own, base = ({name: scored(which)["a"] for name in "ab"} for which in (one, other))
    apart = sets(N, N).half_widths([own], [base], ["a", "b"])
    shared = sets(N, N, subjects=[np.arange(N)] * 2).half_widths([own], [base], ["a", "b"])
    assert apart[:2] == pytest.approx(shared[:2])
    assert shared[2] == pytest.approx(shared[0])
    assert apart[2] == pytest.approx(apart[0] / math.sqrt(2), rel=0.02)


@pytest.mark.parametrize("split", ["now", "before", ""])
def test_rows_of_other_test_images_have_no_interval(split):
    one, other = differing(12, 4)
    tests = replace(sets(N), split="now")
    rows = []
    for method, which in (("zero_shot", other), ("run", one)):
        scores = {"a": SimpleNamespace(predictions=which, accuracy=which.mean())}
        zero = method if method == "zero_shot" else ""
        rows.append(Outcome(method, scores, 1, ground=split, split=split, zero_shot=zero))
    _, row = table(rows, ["a"], tests=tests)
    assert math.isnan(row.figures[0].half) == (split != "now")


def test_few_images_that_differ_tell_nothing():
    five, six = (sets(N).half_widths(*([scored(one)] for one in differing(n, 0)), ["a"])[0] for n in (5, 6))
    assert within_noise(100 * 5 / N, five)
    assert not within_noise(100 * 6 / N, six)


def test_seeds_that_disagree_widen_the_interval():
    one, other = differing(10, 0)
    same = sets(N).half_widths([scored(one)] * 3, [scored(other)], ["a"])[0]
    assert same == pytest.approx(sets(N).half_widths([scored(one)], [scored(other)], ["a"])[0])
    runs = [scored(differing(fixed, broken)[0] - 0) for fixed, broken in ((10, 0), (10, 25), (10, 0))]
    assert sets(N).half_widths(runs, [scored(other)], ["a"])[0] > 3 * same


def test_what_is_not_known_has_no_interval():
    one, other = differing(12, 4)
    remembered = {"a": SimpleNamespace(accuracy=0.5)}
    assert np.isnan(sets(N).half_widths([remembered], [scored(other)], ["a"])).all()
    assert np.isnan(sets(N).half_widths([scored(one), remembered], [scored(other)], ["a"])).all()
    found = sets(N, N).half_widths([scored(one)], [scored(other)], ["a", "b"])
    assert np.isfinite(found).tolist() == [True, False, False]


@pytest.mark.parametrize("freedom", [1, 2, 5, 10, 11, 12, 20, 50, 99])
def test_students_factor(freedom):
    assert student(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=1e-3)


def test_it_is_what_a_comparison_resamples():
    rng = np.random.default_rng(0)
    subjects = rng.integers(0, 60, 120)
    base, own = rng.random((2, 120)) < [[0.5], [0.62]]
    tests = PairedTests({"a": np.ones(120, np.int64)}, {"a": subjects})
    half = tests.half_widths([scored(own)], [scored(base)], ["a"])[0]
    images = TestImages(("a",), np.zeros(120, np.int64), np.ones(120, np.int64), subjects)
    weights = images.resampled(4000, rng)
    values = weights @ (own.astype(float) - base) / weights.sum(1)
    found = estimate(np.array([own.mean() - base.mean()]), values[None])
    assert half == pytest.approx(100 * (found.high - found.mean), rel=0.15)


def test_an_interval_is_computed_once_and_anew_for_another_evaluation(monkeypatch):
    """A table is drawn again with every edit: five of a few thousand images took 30 ms each time."""
    tests, (one, other) = sets(N), differing(12, 4)
    own, base = scored(one), scored(other)
    first = tests.half_widths([own], [base], ["a"])
    told = []
    monkeypatch.setattr(PairedTests, "_half", lambda *_: told.append(1) or math.nan)
    again = tests.half_widths([own], [base], ["a"])
    assert again.tolist() == first.tolist()
    assert told == []
    again[:] = 0
    assert tests.half_widths([own], [base], ["a"]).tolist() == first.tolist(), "a caller's own array"
    assert math.isnan(tests.half_widths([scored(one)], [base], ["a"])[0])
    assert math.isnan(tests.half_widths([own, own], [base], ["a"])[0])
    assert len(told) == 4


def test_few_intervals_are_kept(monkeypatch):
    monkeypatch.setattr("mmap_studio.session.results.intervals.KEPT", 3)
    tests, (one, other) = sets(N), differing(12, 4)
    for _ in range(10):
        tests.half_widths([scored(one)], [scored(other)], ["a"])
    assert len(tests._kept) <= 3
