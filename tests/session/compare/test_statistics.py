"""Intervals cover what they should, tests have the values of textbooks, and nothing depends on an order."""

from dataclasses import replace
from itertools import combinations
from time import process_time

import numpy as np
import pytest

from mmap_studio.errors import InputError
from tests.lazy import imported_later
from tests.session.compare.made_up import comparison, drawn, labels_of, trial

with imported_later():
    from mmap_studio.session.compare import statistics
    from mmap_studio.session.compare.trial import Amount, TaskScores


def at(text="4"):
    return Amount.parse(text)


def covered(times=120, true=0.05, **asked):
    """In how many of so many made-up studies the interval holds the true difference."""
    hits = 0
    for rng in range(times):
        made = drawn({"zero_shot": 0.6, "a": 0.6 + true}, rng=rng, per_class=12, **asked)
        found = statistics.difference(statistics.sampled(made, at(), 200), at(), "a", "zero_shot").mean
        hits += found.low <= true <= found.high
    return hits / times


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [{"seeds": (1,)}, {}, {"seed_spread": 0.1}, {"seeds": (1, 2), "seed_spread": 0.05}, {"subjects": "shared"},
     {"common": 0.2}],
    ids=str,
)  # fmt: skip
def test_an_interval_of_95_percent_covers_in_about_95_percent(asked):
    assert 0.89 <= covered(**asked) <= 1  # 120 studies: standard error 0.02


def test_one_hard_test_set_is_hard_for_every_seed():
    """Twenty copies of one seed say nothing more about the images."""
    made = drawn({"zero_shot": 0.6, "a": 0.7}, seeds=(1,))
    copies = comparison([replace(one, seed=seed) for one in made.trials for seed in range(20)])
    one, twenty = (statistics.differences(found, at())["a"] for found in (made, copies))
    assert (twenty.mean.low, twenty.mean.high) == pytest.approx((one.mean.low, one.mean.high), abs=1e-6)


def test_the_interval_of_few_images_is_that_of_the_binomial():
    """Of 100 images of a class and one task 80 are right: the standard error is sqrt(0.8 * 0.2 / 99)."""
    right = {"art": np.arange(100) < 80}
    made = comparison([trial("a", "4", 1, right, labels_of(100, 1), classes=2)])
    found = statistics.accuracies(statistics.sampled(made, at(), 20_000))["a"]
    assert found.mean == pytest.approx(0.8)
    assert found.high - found.mean == pytest.approx(1.96 * (0.16 / 99) ** 0.5, rel=0.03)


def test_images_of_one_subject_are_not_independent():
    labels = labels_of(25)
    hits = np.random.default_rng(0).random(100) < 0.7
    right = {"art": hits, "clipart": hits}  # the same pictograms in two styles, right or wrong together
    widths = []
    for subjects in ("own", "shared"):
        made = comparison([trial("a", "4", 1, right, labels, subjects=subjects)])
        found = statistics.accuracies(statistics.sampled(made, at()))["a"]
        widths.append(found.high - found.low)
    assert widths[1] / widths[0] == pytest.approx(2**0.5, rel=0.1)


def test_seeds_that_differ_widen_the_interval_by_students_factor():
    labels = labels_of(250)
    rows = np.arange(1000)
    trials = [trial("zero_shot", "4", 1, {"art": rows < 0}, labels, family="zero_shot")]
    trials += [trial("a", "4", seed, {"art": rows % 10 < hits}, labels) for seed, hits in ((1, 2), (2, 4), (3, 6))]
    found = statistics.differences(comparison(trials), at())["a"]
    assert found.per_seed == pytest.approx((0.2, 0.4, 0.6))
    student = 4.302653 * 0.2 / 3**0.5
    assert found.over_seeds.high - found.over_seeds.mean == pytest.approx(student, rel=1e-4)
    assert student * 0.99 < found.mean.high - found.mean.mean < student * 1.05


def test_an_interval_ends_at_zero_where_p_is_five_percent():
    found = statistics.estimate(np.array([0.01, 0.02, 0.06]), 0.02 * np.random.default_rng(0).standard_normal((3, 500)))
    shifted = statistics.estimate(
        np.array([0.01, 0.02, 0.06]) - found.low, 0.02 * np.random.default_rng(0).standard_normal((3, 500))
    )
    assert shifted.low == pytest.approx(0, abs=1e-12)
    assert shifted.p == pytest.approx(0.05, abs=1e-6)


def test_equal_predictions_have_no_difference_and_no_error():
    made = drawn({"zero_shot": 0.6}, seeds=(1,))
    twin = replace(made.trials[0], method="twin", family="features")
    found = statistics.differences(comparison([*made.trials, twin]), at())["twin"]
    assert (found.mean.mean, found.mean.low, found.mean.high, found.mean.p) == (0, 0, 0, 1)
    assert found.mcnemar == (1.0,)


@pytest.mark.parametrize(("images", "p"), [(2, 0.5), (4, 0.125), (8, 1 / 128), (60, 1e-12)])
def test_images_that_all_differ_the_same_way_have_the_p_of_a_sign_test(images, p):
    """They have no variance, so that p would be 0 however few they are."""
    rows = np.arange(images)
    zero = trial("zero_shot", "4", 1, {"art": rows < 0}, labels_of(images, 1), classes=2, family="zero_shot")
    made = comparison([zero, *(trial("a", "4", seed, {"art": rows >= 0}, labels_of(images, 1), classes=2)
                               for seed in (1, 2, 3))])  # fmt: skip
    found = statistics.differences(made, at())["a"]
    assert found.mean.mean == 1
    assert found.mean.p == found.adjusted == found.per_task["art"].p == pytest.approx(p)
    assert found.mean.includes_zero == (p > 0.05)
    assert found.over_seeds.p == 0.25


def test_images_of_one_subject_count_once_in_a_sign_test():
    labels = labels_of(2, 2)
    hits = {"art": np.ones(4, bool), "clipart": np.ones(4, bool)}
    missed = {task: ~one for task, one in hits.items()}
    p = []
    for subjects in ("own", "shared"):
        zero = trial("zero_shot", "4", 1, missed, labels, 2, "zero_shot", subjects)
        made = comparison([zero, trial("a", "4", 1, hits, labels, 2, subjects=subjects)])
        p.append(statistics.differences(made, at())["a"].mean.p)
    assert p == [2 / 2**8, 2 / 2**4]


def test_equal_seeds_do_not_make_p_zero():
    assert statistics.over_seeds([0.1, 0.1, 0.1]).p == 0.25
    assert statistics.over_seeds([0.0, 0.0]).p == 1
    assert 0 < statistics.estimate(np.array([0.2]), np.full((1, 50), 0.2)).p < 1e-6


@pytest.mark.parametrize(("gained", "lost", "p"), [(9, 1, 22 / 1024), (5, 5, 1.0), (0, 0, 1.0), (6, 0, 2 / 64)])
def test_mcnemar_is_exact(gained, lost, p):
    right = np.r_[np.ones(gained, bool), np.zeros(lost, bool), np.ones(7, bool)]
    other = np.r_[np.zeros(gained, bool), np.ones(lost, bool), np.ones(7, bool)]
    assert statistics.mcnemar(right, other) == pytest.approx(p)


def test_holm_steps_down():
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.5, float("nan"), 0.9]) == pytest.approx([1.0, float("nan"), 1.0], nan_ok=True)
    assert statistics.holm([]) == []


def test_p_values_are_adjusted_over_the_methods_of_an_amount():
    found = statistics.differences(drawn({"zero_shot": 0.6, "a": 0.75, "b": 0.62, "c": 0.6}), at())
    assert list(found) == ["a", "b", "c"]
    assert found["a"].adjusted == pytest.approx(3 * found["a"].mean.p)
    assert all(one.adjusted >= one.mean.p for one in found.values())


def test_the_order_of_trials_and_images_makes_no_difference():
    made = drawn({"zero_shot": 0.6, "a": 0.65, "b": 0.7}, subjects="shared")
    order = np.random.default_rng(1).permutation(100)

    def shuffled(one):
        scores = {
            task: TaskScores(s.labels[order], s.predictions[order], s.confidence[order], s.subjects[order], s.classes)
            for task, s in one.per_task.items()
        }
        return replace(one, per_task=scores)

    other = replace(made, trials=tuple(shuffled(one) for one in reversed(made.trials)))
    found = [statistics.differences(one, at()) for one in (made, other)]
    for method in ("a", "b"):
        pair = [(d[method].mean.mean, d[method].mean.low, d[method].mean.high, d[method].adjusted) for d in found]
        assert pair[0] == pytest.approx(pair[1], abs=1e-6)


def test_zero_shot_is_trained_with_nothing_and_stands_for_every_amount():
    made = drawn({"a": 0.7}, amount="16")
    zero = drawn({"zero_shot": 0.6}, seeds=(1,), amount="full").trials
    both = comparison([*zero, *made.trials], amounts=(at("16"),))
    assert statistics.differences(both, at("16"))["a"].seeds == (1, 2, 3)


def test_a_method_without_a_common_seed_is_left_out():
    made = drawn({"a": 0.7, "b": 0.6}, seeds=(1,))
    trials = [one if one.method == "a" else replace(one, seed=2) for one in made.trials]
    assert statistics.differences(comparison(trials, baseline="a"), at()) == {}
    with pytest.raises(InputError, match=r"must have a seed in common\. 'b' and 'a' have none at 4 images a class"):
        statistics.difference(statistics.sampled(comparison(trials), at()), at(), "b", "a")


def test_other_test_images_are_refused():
    made = drawn({"zero_shot": 0.6}, seeds=(1,))
    other = drawn({"a": 0.7}, seeds=(1,), per_class=24)
    with pytest.raises(InputError, match=r"task 'art' differ between 'a' \(96 images, seed 1\) and 'zero_shot' \(100"):
        statistics.differences(comparison([*made.trials, *other.trials]), at())
    fewer = drawn({"a": 0.7}, seeds=(1,), tasks=("art",))
    with pytest.raises(InputError, match=r"must have the same tasks\. 'a' has art and 'zero_shot' has art, clipart"):
        statistics.differences(comparison([*fewer.trials, *made.trials]), at())


def test_a_task_without_test_images_is_left_out():
    made = drawn({"zero_shot": 0.6, "a": 0.7}, seeds=(1,))
    none = TaskScores(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.float32, np.int64)), 4)
    trials = [replace(one, per_task={**one.per_task, "empty": none}) for one in made.trials]
    with_empty = comparison(trials, tasks=("art", "empty", "clipart"))
    found, plain = (statistics.differences(one, at())["a"] for one in (with_empty, made))
    assert found.mean == plain.mean
    assert list(found.per_task) == ["art", "clipart"]


def images(task_of, labels, subjects):
    return statistics.TestImages(("a", "b"), *(np.asarray(one, np.int64) for one in (task_of, labels, subjects)))


def test_a_resample_keeps_the_images_of_a_class_and_subjects_whole():
    made = images([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1], [5, 6, 7, 8, 5, 6, 7, 8])
    weights = made.resampled(200, np.random.default_rng(0))
    assert (weights[:, :4] == weights[:, 4:]).all()
    assert (weights[:, [0, 2]] + weights[:, [1, 3]] == 2).all()
    assert weights.std() == 1  # 0 or 2 of two subjects, with the variance of a mean of two


def test_subjects_with_other_classes_or_alone_are_still_resampled():
    alone = images([0, 1, 0, 0, 1, 1], [0, 1, 0, 2, 0, 3], [1, 1, 2, 3, 4, 5])
    weights = alone.resampled(400, np.random.default_rng(0))
    assert (weights[:, 0] == weights[:, 1]).all()  # one subject, two classes
    assert (weights.std(0) > 0.5).all()
    assert weights.mean(0) == pytest.approx(np.ones(6), abs=0.15)


def test_split_zips_are_halves_of_every_class_and_keep_subjects_together():
    made = images(np.repeat([0, 1], 8), np.tile(np.repeat([0, 1], 4), 2), np.tile(np.arange(8), 2))
    halves = made.halves(50, np.random.default_rng(0))
    assert (halves[:, :8] == halves[:, 8:]).all()
    assert (halves[:, :4].sum(1) == 2).all()
    assert len({tuple(row) for row in halves.tolist()}) > 20


@pytest.mark.slow
def test_thirty_methods_four_amounts_and_three_seeds_take_seconds():
    trials = []
    for amount in ("1", "4", "16", "full"):
        rates = {"zero_shot": 0.6} | {f"m{n}": 0.6 + n / 100 for n in range(29)}
        trials += drawn(rates, amount=amount, per_class=4, classes=66, tasks=tuple("abcdef")).trials
    made = comparison(trials)
    began = process_time()
    for amount in made.amounts:
        found = statistics.sampled(made, amount)
        statistics.differences(made, amount, found)
        statistics.accuracies(found)
    assert process_time() - began < 20 * 5  # 20 s alone on one core, a test machine may be slower


def test_pairs_are_the_same_whichever_way_one_subtracts():
    found = statistics.sampled(drawn({"a": 0.7, "b": 0.6, "c": 0.65}), at())
    for one, other in combinations("abc", 2):
        there, back = (statistics.difference(found, at(), *pair).mean for pair in ((one, other), (other, one)))
        assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))


def test_balanced_accuracy_has_the_interval_of_its_classes():
    """180 images of one class, 10 of them wrong, and 20 of another, 10 of them wrong: the classes' variances add."""
    labels = np.repeat([0, 1], [180, 20])
    right = np.r_[np.arange(180) >= 10, np.arange(20) >= 10]
    made = comparison([trial("a", "4", 1, {"art": right}, labels, classes=2)], measure="balanced_accuracy")
    found = statistics.accuracies(statistics.sampled(made, at(), 20_000))["a"]
    assert found.mean == pytest.approx((170 / 180 + 0.5) / 2)
    variance = (170 * 10 / 180**2 / 179 + 0.25 / 19) / 4
    assert found.high - found.mean == pytest.approx(1.96 * variance**0.5, rel=0.03)


def test_classes_that_have_equally_many_images_give_both_measures_alike():
    made = drawn({"zero_shot": 0.6, "a": 0.7})
    even = statistics.balanced_differences(made, at())["a"].mean
    plain = statistics.differences(made, at())["a"].mean
    assert (even.mean, even.low, even.high) == pytest.approx((plain.mean, plain.low, plain.high), abs=1e-6)
