"""The ledger: what is there, waits, is in hand and left out, and how long the rest takes."""

from dataclasses import replace

import pytest

from mmap_studio.session.compare.live.events import (
    MethodFacts,
    MethodsListed,
    Surveyed,
    TrialLeftOut,
    TrialMade,
    TrialStepped,
)
from mmap_studio.session.compare.live.ledger import Ledger, more_seeds
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW
from mmap_studio.session.compare.remaining import Ahead
from mmap_studio.session.compare.trial import Comparison
from tests.session.compare import made_up

FAMILIES = {"zero_shot": "zero_shot", "ridge": "features", "coop": "prompts", "mmap_together": "mmap"}
PLAN = ComparisonPlan(("ridge", "coop"), parse_amounts("4"), (1, 2))
COMPARISON = made_up.drawn({"zero_shot": 0.5, "ridge": 0.6, "coop": 0.7}, seeds=(1, 2))
TRIALS = {(one.method, one.amount.label, one.seed): one for one in COMPARISON.trials}
METHODS = tuple(
    MethodFacts(name, name.title(), family, "What it is", "arXiv", name != "mmap_together", 10)
    for name, family in FAMILIES.items()
)


def ledger(*kept, seconds=60.0, plan=PLAN):
    """After a survey that found these trials."""
    made = Ledger()
    made.hear(MethodsListed(METHODS))
    ahead = tuple(
        Ahead(name, amount, seed, (name, amount.label, seed) in kept, seconds)
        for name in FAMILIES for amount in plan.amounts for seed in plan.seeds
    )  # fmt: skip
    trials = tuple(TRIALS[cell] for cell in kept)
    about = {"backbone": "tiny"}
    made.hear(Surveyed(plan, ahead, Comparison("p", made_up.TASKS, (), plan.amounts, plan.seeds, trials, about=about)))
    return made


def test_the_order_is_that_of_the_queue(monkeypatch):
    pytest.importorskip("torch")
    from mmap_studio.session.compare.catalogue import chosen_entries
    from mmap_studio.session.compare.queue import ordered, planned

    plan = replace(PLAN, amounts=parse_amounts("4,full"), first=(("coop", "full", 2), ("ridge", "4", 2)))
    queue = ordered(planned(chosen_entries(["zero_shot", "ridge", "coop"]), plan.amounts, plan.seeds), plan.options())
    assert ledger().cells(plan) == [place.cell for place in queue]


def test_methods_of_a_plan_are_those_it_names_the_usual_ones_or_all_and_the_baseline():
    made = ledger()
    assert made.names(PLAN) == ("zero_shot", "ridge", "coop")
    assert made.names(ComparisonPlan()) == ("zero_shot", "ridge", "coop")
    assert made.names(ComparisonPlan(("all",))) == tuple(FAMILIES)
    assert made.names(ComparisonPlan(("gone",), baseline="coop")) == ("coop",)


def test_a_plan_is_counted_before_anything_is_looked_up():
    made = Ledger()
    assert made.cells(PLAN) == []
    made.hear(MethodsListed(METHODS))
    assert made.total(PLAN) == "3 methods, 6 trials; looking up which of them are kept"


def test_the_total_says_what_is_there_and_how_long_the_rest_takes():
    made = ledger(("zero_shot", "4", 1), ("ridge", "4", 1))
    assert made.total(PLAN) == "3 methods, 6 trials, 2 of them there; the others take about 4 min 00 s"
    assert made.takes(PLAN, "ridge") == "≈ 1 min 00 s · 1 of 2 kept"
    assert ledger(*TRIALS).total(PLAN) == "3 methods, 6 trials, 6 of them there"
    assert ledger(*TRIALS).takes(PLAN, "coop") == "kept"


def test_where_no_speed_is_known_the_first_trial_of_a_method_tells_it():
    made = ledger(("zero_shot", "4", 1), seconds=None)
    assert "how long they take shows after the first" in made.total(PLAN)
    made.hear(TrialMade(replace(TRIALS["coop", "4", 1], seconds=30.0), cached=False))
    assert made.seconds([("coop", "4", 2)]) == 30


def test_the_speed_is_corrected_by_what_was_trained_and_not_by_what_was_kept():
    made = ledger()
    made.hear(TrialMade(replace(TRIALS["ridge", "4", 1], seconds=1.0), cached=True))
    assert made.seconds([("coop", "4", 2)]) == 60
    made.hear(TrialMade(replace(TRIALS["coop", "4", 1], seconds=30.0), cached=False))
    assert made.seconds([("coop", "4", 2)]) == 30


def test_a_line_says_what_is_in_hand_what_waits_and_what_failed():
    made = ledger(("zero_shot", "4", 1), ("zero_shot", "4", 2), ("ridge", "4", 1))
    made.hear(TrialLeftOut(("ridge", "4", 2), "Ridge is left out: no images"))
    made.hear(TrialStepped(("coop", "4", 1), 40, 400))
    zero, ridge, coop = made.lines(PLAN)
    assert (zero.state, zero.words, zero.made) == ("done", "2 of 2 seeds", (1, 2))
    assert (ridge.state, ridge.words, ridge.problem) == (
        "failed",
        "1 of 2 seeds, left out",
        made.failed[ridge.cells[1]],
    )
    assert (coop.state, coop.words) == ("running", "0 of 2 seeds, step 40 of 400")
    made.hear(TrialMade(TRIALS["coop", "4", 1], False))
    assert made.lines(PLAN)[2].words == "1 of 2 seeds, place 1"
    assert made.waiting(PLAN) == [("coop", "4", 2)]
    made.begin()
    assert made.waiting(PLAN) == [("ridge", "4", 2), ("coop", "4", 2)], "what failed is tried again"


def test_only_trials_of_the_plan_are_compared():
    made = ledger(*TRIALS)
    found = made.comparison(replace(PLAN, methods=("coop",), seeds=(2,)), "p")
    assert [(one.method, one.seed) for one in found.trials] == [("zero_shot", 2), ("coop", 2)]
    assert found.about == {"backbone": "tiny"}
    assert found.tasks == made_up.TASKS


def test_other_amounts_or_another_choice_have_to_be_looked_up():
    made = ledger()
    assert made.is_surveyed(PLAN)
    assert made.is_surveyed(replace(PLAN, methods=("coop",), first=(("coop", "4", 1),)))
    assert not made.is_surveyed(replace(PLAN, seeds=(1, 2, 3)))
    assert not made.is_surveyed(replace(PLAN, choose=False))
    assert not made.is_surveyed(replace(PLAN, protocol=BASE_TO_NEW))


def test_what_has_no_answer_by_the_protocol_is_no_trial_and_is_named():
    made, plan = ledger(*TRIALS), replace(PLAN, protocol=BASE_TO_NEW)
    knows = {"ridge": frozenset({"shots"})}
    made.hear(MethodsListed(tuple(replace(one, protocols=knows.get(one.name, one.protocols)) for one in METHODS)))
    assert made.names(plan) == ("zero_shot", "coop")
    assert made.left_out(plan) == ("ridge",)
    assert made.left_out(PLAN) == ()
    assert {method for method, _, _ in made.cells(plan)} == {"zero_shot", "coop"}
    assert made.total(plan).startswith("2 methods, 4 trials (1 other without an answer by this protocol)")
    assert made.comparison(plan, "p").protocol == BASE_TO_NEW


def test_more_seeds_are_the_next_numbers():
    assert more_seeds(ComparisonPlan(seeds=(1, 5)), 2).seeds == (1, 5, 6, 7)


def test_what_is_skipped_neither_waits_nor_counts_and_its_line_says_so():
    made, plan = ledger(), PLAN.skipping([("coop", "4", 1), ("coop", "4", 2), ("ridge", "4", 2)])
    assert made.waiting(plan) == [("zero_shot", "4", 1), ("zero_shot", "4", 2), ("ridge", "4", 1)]
    assert made.total(plan) == "3 methods, 3 trials; about 3 min 00 s"
    lines = {line.method: line for line in made.lines(plan)}
    assert (lines["coop"].state, lines["coop"].words) == ("skipped", "skipped")
    assert lines["ridge"].words == "place 3"
    assert made.takes(plan, "coop") == "skipped"
