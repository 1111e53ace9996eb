"""The answer recommends what was planted, and states no lead where there is none."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.lazy import imported_later
from tests.session.compare.made_up import comparison, drawn, labels_of, rare_class_gained, trial

with imported_later():
    from mmap_studio.session.compare.answer import answer, by_cost
    from mmap_studio.session.compare.statistics import sampled
    from mmap_studio.session.compare.trial import Amount


def exact(rates, amount="4", seeds=(1, 2, 3), per_class=250, **about):
    """Methods that are right on the first so many images of a hundred: the better one on all that a worse one is."""
    labels = labels_of(per_class)
    rows = np.random.default_rng(5).permutation(len(labels)) % 1000
    trials = []
    for method, rate in rates.items():
        family = "zero_shot" if method == "zero_shot" else "mmap" if method.startswith("mmap") else "features"
        for seed in seeds:
            right = {task: rows < round(1000 * rate) for task in ("art", "clipart")}
            trials.append(trial(method, amount, seed, right, labels, family=family, **about.get(method, {})))
    return comparison(trials)


def only(made):
    (one,) = answer(made).amounts
    return one


def test_the_best_is_recommended_with_its_lead():
    found = only(exact({"zero_shot": 0.6, "a": 0.7, "b": 0.65}))
    assert found.recommended == "a"
    assert found.lead.size.mean == pytest.approx(0.1, abs=0.005)
    assert found.lead.size.low < 0.1 < found.lead.size.high
    assert found.text.startswith("With 4 images a class use a: 10.")
    assert "points above zero-shot (95 % interval" in found.text


@pytest.mark.slow
def test_the_lead_of_many_equal_methods_is_none():
    """Choosing the luckiest of twelve inflates its lead; the stated one holds 0 in nearly every study."""
    held, stated, naive = 0, [], []
    for rng in range(20):
        made = drawn({"zero_shot": 0.6} | {f"m{n}": 0.6 for n in range(12)}, rng=rng, per_class=12, seeds=(1,))
        found = only(made)
        held += found.lead.size.includes_zero
        stated.append(found.lead.size.mean)
        best = next(one for one in made.trials if one.method == found.best)
        zero = next(one for one in made.trials if one.method == "zero_shot")
        naive.append(best.accuracy - zero.accuracy)
    assert held >= 17  # of 20; a chance of 0.95 gives fewer in 2 % of the cases
    assert abs(np.mean(stated)) < 0.02
    assert np.mean(naive) > 0.04


def test_where_nothing_beats_zero_shot_it_says_so():
    found = answer(exact({"zero_shot": 0.6, "a": 0.6, "b": 0.5}))
    assert found.amounts[0].recommended == "zero_shot"
    assert "nothing that was compared is better than zero-shot" in found.amounts[0].text
    assert found.text.startswith("Keep zero-shot")
    near = only(exact({"zero_shot": 0.6, "a": 0.601}))
    assert near.recommended == "zero_shot"
    assert near.best == "a"
    assert (
        "nothing beats zero-shot beyond chance: keep zero-shot. What half of the test images choose, mostly a, is +0."
        in near.text
    )


def test_the_cheapest_that_is_as_good_is_named():
    about = {"a": {"parameters": 20_000}, "b": {"parameters": 1000}, "c": {"parameters": 10}}
    found = only(exact({"zero_shot": 0.6, "a": 0.7, "b": 0.697, "c": 0.65}, **about))
    assert found.as_good.method == "b"
    assert found.as_good.fewer == 20
    assert "b is" in found.text
    assert "trains 20 times fewer parameters" in found.text
    assert only(exact({"zero_shot": 0.6, "a": 0.7, "c": 0.65}, **about)).as_good is None


def test_a_cheap_method_that_trains_nothing_is_named_so():
    about = {"a": {"parameters": 20_000}, "cache": {"parameters": 0}}
    assert "cache is within 0.5 points" in (
        text := only(exact({"zero_shot": 0.6, "a": 0.7, "cache": 0.697}, **about)).text
    )
    assert "trains nothing" in text


def test_the_lead_over_full_fine_tuning_is_stated():
    found = only(exact({"zero_shot": 0.6, "a": 0.7, "finetune": 0.65, "finetune_joint": 0.68}))
    assert found.full.over == "finetune_joint"
    assert found.full.size.mean == pytest.approx(0.02, abs=0.003)
    assert "points above finetune_joint" in found.text
    assert "that is full fine-tuning" in only(exact({"zero_shot": 0.6, "a": 0.65, "finetune": 0.7})).text


def test_what_groups_add_and_where_mmap_loses():
    found = only(exact({"zero_shot": 0.6, "a": 0.7, "mmap:suggested": 0.65, "mmap:together": 0.62}))
    assert found.groups.mean.mean == pytest.approx(0.03)
    assert "MmAP's groups add 3.0 points" in found.text
    assert "mmap:suggested is 5.0 points below a" in found.text
    lost = only(exact({"zero_shot": 0.6, "a": 0.7, "mmap:suggested": 0.55, "mmap:together": 0.62}))
    assert "MmAP's groups cost 7.0 points" in lost.text
    assert "mmap:suggested is 5.0 points below zero-shot" in lost.text


def test_groups_that_add_nothing_and_a_suggestion_of_none():
    rates = {"zero_shot": 0.6, "mmap:suggested": 0.7, "mmap:together": 0.7}
    assert "groups add nothing that can be told from chance (+0.0, 0.0 to 0.0)" in only(exact(rates)).text
    together = exact(rates, **{"mmap:suggested": {"grouping": "art+clipart"}})
    assert "MmAP's suggestion is to train together" in only(together).text
    parted = exact(rates, **{"mmap:suggested": {"grouping": "art,clipart"}})
    assert "add nothing" in only(parted).text


def test_of_equal_methods_the_cheapest_is_best():
    about = {"a": {"parameters": 20_000}, "b": {"parameters": 10}}
    made = exact({"zero_shot": 0.6, "a": 0.7, "b": 0.7}, **about)
    assert by_cost(sampled(made, Amount.parse("4"), 10), ["a", "b", "zero_shot"]) == ["zero_shot", "b", "a"]
    assert only(made).recommended == "b"


def test_over_all_amounts_one_paragraph():
    few = exact({"zero_shot": 0.6, "a": 0.7, "b": 0.65}, "1").trials
    many = exact({"zero_shot": 0.6, "a": 0.7, "b": 0.8}, "full").trials
    found = answer(comparison([*few, *many]))
    assert found.text.startswith("Use a with 1 image a class and b with all training images.")
    assert [one.amount.label for one in found.amounts] == ["1", "full"]
    assert json.loads(json.dumps(found.document))["amounts"][1]["recommended"] == "b"


def test_what_is_missing_is_told_and_methods_with_fewer_seeds_still_count():
    made = exact({"zero_shot": 0.6, "a": 0.7, "b": 0.75})
    stopped = replace(
        made, trials=tuple(one for one in made.trials if (one.method, one.seed) not in {("b", 2), ("b", 3)})
    )
    found = answer(stopped)
    assert found.missing == 2
    assert "2 trials that are asked for are not there yet" in found.text
    assert found.amounts[0].recommended == "b"
    assert "One seed" in found.amounts[0].text


def test_nothing_to_compare_is_no_error():
    alone = exact({"zero_shot": 0.6}, seeds=(1,))
    assert answer(alone).text == "Too few trials for an answer."
    none = answer(replace(alone, trials=()))
    assert (none.amounts, none.text) == ((), "There is nothing to compare yet.")


def test_titles_with_control_signs_are_written_out():
    made = exact({"zero_shot": 0.6, "a": 0.7})
    made = replace(made, trials=tuple(replace(t, title="a\x1b[2J") if t.method == "a" else t for t in made.trials))
    assert "\x1b" not in answer(made).text


def test_what_accuracy_hides_is_told():
    """A method that gains a rare class and loses as much of a frequent one is not better by accuracy."""
    found = answer(rare_class_gained()).amounts[0]
    assert [one.method for one in found.hidden] == ["mmap"]
    assert "with every class counting alike (balanced accuracy), mmap is 38.9 points above zero-shot" in found.text
    assert "which accuracy does not show" in found.text
    assert found.recommended == "zero_shot"


def test_ranked_by_balanced_accuracy_nothing_is_hidden():
    found = answer(rare_class_gained(measure="balanced_accuracy")).amounts[0]
    assert (found.recommended, found.hidden) == ("mmap", ())
