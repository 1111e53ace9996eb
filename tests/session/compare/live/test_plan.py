"""The plan of a comparison: what it asks the queue for, and that it comes back as it was kept."""

import json

import pytest

from mmap_studio.errors import CorruptError
from mmap_studio.method.budget import Budget
from mmap_studio.session.compare.live.plan import FOLDER, NAME, ComparisonPlan, read_plan, write_plan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW, DOMAIN_OUT, SHOTS

CELL = ("coop", "4", 2)


def test_a_plan_comes_back_as_it_was_kept(tmp_path):
    plan = ComparisonPlan(
        ("coop", "ridge:pooled"), parse_amounts("4,10%,full"), (3, 1), False, "ridge", (CELL,), "begun", (CELL,),
        BASE_TO_NEW, Budget("images", 800),
    )  # fmt: skip
    assert read_plan(tmp_path) is None
    write_plan(tmp_path, plan)
    assert read_plan(tmp_path) == plan


@pytest.mark.parametrize(
    ("field", "value"),
    [("amounts", ["many"]), ("amounts", []), ("seeds", [-1]), ("methods", [3]), ("first", [["coop", "4"]]),
     ("without", [["coop", "4"]]), ("first", [["coop", "4", "\u00b2"]]), ("without", [["coop", "4", "9" * 5000]]),
     ("first", [["coop", "4", "2"]]), ("without", [[3, "4", 2]]), ("first", [["coop", "4", -1]]),
     ("state", "made"), ("format", 2), ("protocol", "new"), ("protocol", 1),
     ("budget", "60 seconds")],
)  # fmt: skip
def test_a_plan_that_was_changed_by_hand_is_refused_with_file_and_remedy(tmp_path, field, value):
    write_plan(tmp_path, ComparisonPlan())
    path = tmp_path / FOLDER / NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(CorruptError, match=r"plan\.json .*elete the file to plan anew"):
        read_plan(tmp_path)


def test_it_asks_the_queue_for_what_it_says():
    plan = ComparisonPlan(("coop",), parse_amounts("4"), (1, 2), False, "ridge", (CELL,), protocol=DOMAIN_OUT,
                budget=Budget("steps", 9))  # fmt: skip
    options = plan.options(without=[("ridge", "4", 1)], only_kept=True)
    assert options.all_methods == ("ridge", "coop")
    assert (options.amounts, options.seeds, options.choose) == (plan.amounts, (1, 2), False)
    assert options.first == (CELL,)
    assert options.without == {("ridge", "4", 1)}
    assert options.only_kept
    assert (options.protocol, options.budget) == (DOMAIN_OUT, Budget("steps", 9))


def test_a_protocol_and_a_budget_have_a_report_and_trials_of_its_own():
    """The folder of the usual one is where it was before there were others."""
    plans = [ComparisonPlan(protocol=one) for one in (SHOTS, BASE_TO_NEW, DOMAIN_OUT)] + [
        ComparisonPlan(budget=Budget("steps", 9))
    ]
    assert len({one.options().digest("project") for one in plans}) == 4
    assert not plans[0].same_trials(plans[1])
    assert ComparisonPlan().options().digest("project") == "7ae46c4c84"


def test_what_is_moved_up_last_comes_first_and_stands_there_once():
    plan = ComparisonPlan().moved_up([CELL]).moved_up([("ridge", "4", 1), CELL])
    assert plan.first == (("ridge", "4", 1), CELL)
    assert plan.same_trials(ComparisonPlan())
    assert not plan.same_trials(ComparisonPlan(seeds=(1,)))


def test_what_is_skipped_is_left_out_of_the_queue_until_it_is_wanted_again():
    other = ("ridge", "4", 1)
    plan = ComparisonPlan(("coop",), parse_amounts("4"), (1, 2)).skipping([CELL, other, CELL])
    assert plan.without == (CELL, other)
    assert plan.options(without=[("clap", "4", 1)]).without == {CELL, other, ("clap", "4", 1)}
    assert plan.with_again([CELL]).without == (other,)
    assert not plan.same_trials(plan.with_again([CELL]))


def test_a_plan_of_before_there_was_skipping_is_read(tmp_path):
    write_plan(tmp_path, ComparisonPlan())
    path = tmp_path / FOLDER / NAME
    document = json.loads(path.read_text())
    del document["without"]
    path.write_text(json.dumps(document))
    assert read_plan(tmp_path) == ComparisonPlan()
