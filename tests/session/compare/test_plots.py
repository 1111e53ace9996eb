"""Figures show what the rows say, one look a method, and take any name for text."""

from dataclasses import replace

import numpy as np
import pytest

from tests.lazy import imported_later
from tests.session.compare.made_up import comparison, drawn, trial

with imported_later():
    from mmap_studio.session.compare import plots, svg, tables
    from mmap_studio.session.compare.statistics import sampled
    from mmap_studio.session.compare.trial import Amount

HOSTILE = ("$x^{2}_a$ <b> & \\frac", "_hidden", "\u05e9\u05dc\u05d5\u05dd \u202e", "n" * 300)


@pytest.fixture(scope="module")
def made():
    """Two amounts; the methods and one task have hostile names."""
    rates = {"zero_shot": 0.6, "a": 0.7, "b": 0.65, "c": 0.62, "d": 0.75}
    tasks = (HOSTILE[0], "clipart")
    few, many = (drawn(rates, amount=amount, per_class=4, tasks=tasks, seeds=(1, 2)).trials for amount in ("1", "4"))
    title = dict(zip("abcd", HOSTILE, strict=True))
    trials = [replace(one, title=title.get(one.method, "Zero-shot")) for one in [*few, *many]]
    return comparison([one for one in trials if one.method != "zero_shot" or one.amount.label == "1"],
                      amounts=tuple(map(Amount.parse, ("1", "4"))))  # fmt: skip


@pytest.fixture(scope="module")
def rows(made):
    return tables.rows(made, {amount: sampled(made, amount, 50) for amount in made.amounts})


def test_the_pareto_front_is_what_nothing_cheaper_surpasses():
    assert plots.pareto([(10, 0.7), (0, 0.6), (5, 0.65), (20, 0.7), (7, 0.64), (5, 0.5)]) == [1, 2, 0]
    assert plots.pareto([]) == []


def test_a_correlation_has_fishers_interval():
    x = np.array([1.0, 2, 3, 4, 5])
    r, low, high = plots.correlation(x, np.array([1.0, 3, 2, 5, 4]))
    assert r == pytest.approx(0.8)
    assert (low, high) == pytest.approx((np.tanh(np.arctanh(0.8) - 1.959964 / 2**0.5),
                                         np.tanh(np.arctanh(0.8) + 1.959964 / 2**0.5)))  # fmt: skip
    assert np.isnan(plots.correlation(x[:3], x[:3])).all()
    assert np.isnan(plots.correlation(x, np.ones(5))).all()


def test_a_band_that_is_wider_than_the_scale_is_cut(made, rows):
    wide = [replace(row, accuracy=replace(row.accuracy, low=0.0, high=1.0)) for row in rows]
    (axes,) = plots.accuracy_over_images(made, wide).axes
    levels = [100 * row.accuracy.mean for row in rows]
    bottom, top = axes.get_ylim()
    assert min(levels) - 20 < bottom < min(levels)
    assert max(levels) < top < max(levels) + 20


def test_gains_by_class_are_means_over_seeds_largest_first():
    labels = np.repeat(np.arange(2), 2)
    zero = trial("zero_shot", "4", 1, {"art": np.array([1, 0, 1, 1], bool)}, labels, 2, "zero_shot")
    hits = {1: [1, 1, 1, 0], 2: [1, 0, 0, 0]}
    mine = [trial("a", "4", seed, {"art": np.array(one, bool)}, labels, 2) for seed, one in hits.items()]
    about = {"class_names": {"art": ["clock"]}}
    found = plots.gains_by_class(comparison([zero, *mine], about=about), Amount.parse("4"), "a")
    assert found == [("art: clock", 0.25), ("art: class 2", -0.75)]


def test_forty_two_methods_look_different_and_zero_shot_is_a_star():
    made = comparison([trial(f"m{n}", "4", 1, {"art": np.ones(2, bool)}, np.arange(2)) for n in range(42)])
    found = plots.looks(made)
    assert found["zero_shot"].marker == "*"
    assert len(set(map(str, found.values()))) == 43
    assert plots.looks(made, plots.DARK)["m0"].marker == found["m0"].marker


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_and_short(name):
    assert len(plots.plain(name).replace("\\$", "$")) <= plots.NAME + 1
    assert not plots.plain(name).startswith("_")
    assert plots.plain("a$b") == r"a\$b"
    assert plots.plain("a\nb") == "a b"


def test_long_names_of_tasks_and_methods_stay_apart():
    tasks = tuple(f"Plants in the garden of the hospital, camera {n} of site A" for n in (1, 2))
    made = drawn({"zero_shot": 0.5, "a": 0.6, "b": 0.7}, per_class=4, tasks=tasks, seeds=(1, 2))
    made = replace(made, trials=tuple(replace(one, title=f"A method of many words, in its form {one.method}")
                                      for one in made.trials), affinity_gains=((*tasks, 0.1, 0.2),))  # fmt: skip
    found = tables.rows(made, {amount: sampled(made, amount, 20) for amount in made.amounts})
    differences = plots.task_differences(made, found, made.amounts[0])
    titles = [axes.get_title(loc="left") for axes in differences.axes]
    methods = [label.get_text() for label in differences.axes[0].get_yticklabels()]
    panels = [one.get_title(loc="left") for one in plots.accuracy_over_images(made, found, per_task=True).axes]
    (pair,) = [text.get_text() for text in plots.affinity_gains(made).axes[0].texts]
    assert len(set(titles)) == len(set(filter(None, panels))) == 3
    assert len(set(methods)) == 2
    assert len(set(pair.split(" → "))) == 2


def test_amounts_stand_at_the_logarithm_of_their_number_and_all_to_the_right(made):
    amounts = [Amount.parse(text) for text in ("1", "2", "16", "full")]
    assert list(plots._places(amounts).values()) == [1, 2, 5, 6]


def test_zero_shot_is_a_star_at_no_images_and_every_task_has_a_panel(made, rows):
    figure = plots.accuracy_over_images(made, rows)
    (axes,) = figure.axes
    (star,) = [line for line in axes.lines if line.get_marker() == "*"]
    zero = next(row for row in rows if row.method == "zero_shot")
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0, pytest.approx(100 * zero.accuracy.mean))
    assert len(axes.collections) == 4  # a band a method
    shown = [one for one in plots.accuracy_over_images(made, rows, per_task=True).axes if one.get_visible()]
    assert len(shown) == 3


def test_a_band_is_the_interval(made, rows):
    (axes,) = plots.accuracy_over_images(made, rows).axes
    first = sorted((row for row in rows if row.method == "a"), key=lambda row: row.amount)
    corners = axes.collections[0].get_paths()[0].vertices[:, 1]
    ends = [100 * end for row in first for end in (row.accuracy.low, row.accuracy.high)]
    assert (corners.min(), corners.max()) == pytest.approx((min(ends), max(ends)))


def test_hostile_names_are_drawn_in_either_ink(made, rows):
    for ink in (plots.LIGHT, plots.DARK):
        figures = plots.plots(made, rows, dict.fromkeys(made.amounts, "a"), ink)
        assert len(figures) == len({one.name for one in figures}) >= 6
        assert svg.image(figures[0].figure, "png").startswith(b"\x89PNG")


def test_of_many_methods_only_the_baseline_and_the_best_of_each_family_have_bands():
    rates = {"zero_shot": 0.5} | {f"m{n}": 0.6 + 0.02 * n for n in range(8)} | {"mmap": 0.6, "mmap:b": 0.9}
    trials = [one for amount in ("1", "4") for one in drawn(rates, amount=amount, per_class=25, seeds=(1,)).trials]
    made = comparison(trials, baseline="m1")
    rows = tables.rows(made, {amount: sampled(made, amount, 20) for amount in made.amounts})
    mean = {name: np.mean([row.accuracy.mean for row in rows if row.method == name]) for name in rates}
    best = max((f"m{n}" for n in range(8)), key=lambda name: mean[name])
    assert plots._banded(made, rows) == {"m1", best, "mmap:b"}
    (axes,) = plots.accuracy_over_images(made, rows).axes
    assert len(axes.collections) == 3


def test_at_one_amount_no_marker_is_on_another(made, rows):
    part = [row for row in rows if row.amount.label == "4"]
    (axes,) = plots.accuracy_over_images(made, part).axes
    places = [line.get_xdata()[0] for line in axes.lines if line.get_marker() in plots.MARKERS]
    assert len(set(places)) == 4
    assert all(abs(x - 3) < 0.4 for x in places)
