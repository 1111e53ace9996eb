"""The check of recommendations: what is held back is not seen, and on made-up trials the right method is found."""

from dataclasses import replace

import numpy as np
import pytest

from tests.lazy import imported_later
from tests.session.compare import made_up

with imported_later():
    from tools.held_back import _half, shares, verdicts

SURE = {"zero_shot": 0.50, "good": 0.80, "poor": 0.45}
ALIKE = {"zero_shot": 0.60, "one": 0.60, "other": 0.60}


def checked(rates, rng, divisions=6):
    comparison = made_up.drawn(rates, rng=rng, per_class=50)
    (amount,) = comparison.amounts
    return shares(list(verdicts(comparison, amount, divisions)), amount)


def test_split_zips_are_of_the_same_images_for_all_trials_and_nothing_is_in_both():
    comparison = made_up.drawn(SURE, subjects="shared")
    shown, held = (_half(comparison, 7, 2, side) for side in (True, False))
    for one, other, whole in zip(shown.trials, held.trials, comparison.trials, strict=True):
        for task in made_up.TASKS:
            mine, theirs = one.per_task[task].subjects, other.per_task[task].subjects
            assert not {*mine} & {*theirs}
            assert sorted([*mine, *theirs]) == sorted(whole.per_task[task].subjects)
            assert np.array_equal(mine, shown.trials[0].per_task[task].subjects)
    again = _half(comparison, 7, 3, True)
    assert not np.array_equal(again.trials[0].per_task["art"].subjects, shown.trials[0].per_task["art"].subjects)


def test_a_method_that_is_better_is_recommended_and_is_the_best_of_what_is_held_back():
    found = checked(SURE, rng=1)
    assert (found.best, found.within_noise, found.recommends, found.above) == (1, 1, 1, 1)
    assert found.behind == 0
    assert found.gain == pytest.approx(30, abs=8)


def test_where_nothing_is_better_zero_shot_is_kept_and_the_luckiest_is_within_noise():
    found = [checked(ALIKE, rng) for rng in range(4)]
    assert np.mean([one.recommends for one in found]) <= 0.25
    assert np.mean([one.within_noise for one in found]) >= 0.8
    assert all(one.behind < 8 for one in found)


def test_a_recommendation_that_is_wrong_is_told():
    """A method that is right on the half that is shown, and wrong on what is held back."""
    comparison = made_up.drawn(SURE, seeds=(1, 2), subjects="shared")
    (amount,) = comparison.amounts
    shown = {s for t in _half(comparison, 7, 0, True).trials for s in t.per_task["art"].subjects}

    def overfitted(trial):
        if trial.method != "poor":
            return trial
        per_task = {}
        for name, one in trial.per_task.items():
            right = np.isin(one.subjects, list(shown))
            per_task[name] = replace(one, predictions=np.where(right, one.labels, (one.labels + 1) % one.classes))
        return replace(trial, per_task=per_task)

    wrong = replace(comparison, trials=tuple(map(overfitted, comparison.trials)))
    (verdict,) = verdicts(wrong, amount, 1)
    assert verdict.recommended == "poor"
    assert verdict.best == "good"
    assert not verdict.within_noise
    assert verdict.gain < 0
