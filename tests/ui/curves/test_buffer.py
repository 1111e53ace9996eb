import numpy as np
import pytest

from mmap_studio.session.run.loss_curves import Curve
from mmap_studio.ui.curves.buffer import CurveBook, CurveKey, nearest, peaks, smoothed


def slow_average(values, weight):
    """The definition, term by term."""
    out = []
    for t in range(len(values)):
        weights = weight ** np.arange(t + 1)
        out.append(float((weights * values[t::-1] if t else weights * values[:1]).sum() / weights.sum()))
    return np.array(out)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.97, 0.999])
@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 200])
def test_smoothing_equals_its_definition(n, weight):
    values = np.random.default_rng(n).normal(size=n)
    np.testing.assert_allclose(smoothed(values, weight), slow_average(values, weight) if weight else values, atol=1e-12)


@pytest.mark.parametrize("weight", [0.0, 0.9, 0.999])
def test_smoothing_leaves_a_flat_line_flat(weight):
    np.testing.assert_allclose(smoothed(np.full(300, 7.0), weight), 7.0)


def test_a_full_curve_keeps_the_means_of_neighbours():
    curve = Curve(capacity=4)
    for step in range(1, 8):
        curve.append(step, 10 * step)
    assert curve.points()[0].tolist() == [1.5, 3.5, 5.5]
    assert curve.points()[1].tolist() == [15, 35, 55]
    assert curve.last == 70


def test_a_curve_of_any_length_stays_within_its_capacity_and_spans_all_steps():
    curve = Curve(capacity=64)
    for step in range(10_000):
        curve.append(step, step)
    x, y = curve.points()
    assert 32 <= len(curve) < 64
    assert x[0] < 200
    assert x[-1] > 9_800
    np.testing.assert_allclose(x, y)


def test_a_value_that_is_not_finite_is_remembered_but_not_drawn():
    curve = Curve()
    curve.append(1, 2.0)
    curve.append(2, float("nan"))
    assert len(curve) == 1
    assert np.isnan(curve.last)


@pytest.mark.parametrize(("x", "value"), [(-5, 10), (1, 10), (1.4, 10), (1.6, 20), (2, 20), (99, 40)])
def test_the_readout_takes_the_nearest_step(x, value):
    assert nearest(np.array([1, 2, 4]), np.array([10, 20, 40]), x) == value


def test_the_readout_of_nothing_is_not_a_number():
    assert np.isnan(nearest(np.zeros(0), np.zeros(0), 3))


def test_a_book_sorts_points_by_curve_and_hands_out_stages():
    book = CurveBook()
    for stage, task in (("Affinity", "art"), ("Training", "art"), ("Training", "ink")):
        book.append(CurveKey(stage, task), 1, 2.0)
    assert [key.task for key in book.of("Training")] == ["art", "ink"]
    assert len(book.of("Affinity")[CurveKey("Affinity", "art")]) == 1
    book.clear()
    assert book.of("Training") == {}


def test_peaks_stay_in_a_thinned_curve():
    x, y = np.arange(1000.0), np.zeros(1000)
    y[437], y[801] = 5, -3
    thin_x, thin_y = peaks(x, y, 100)
    assert len(thin_x) == len(thin_y) == 100
    assert (thin_y.max(), thin_y.min()) == (5, -3)
    assert abs(thin_x[thin_y.argmax()] - 437) < 20
    assert len(peaks(x[:100], y[:100], 100)[0]) == 100, "few are left as they are"
