"""A comparison as events: the survey before it, its trials, and a plan that changes under way."""

from dataclasses import replace

import pytest

from mmap_studio.errors import InputError, TrainingError
from mmap_studio.session.compare.live.events import (
    Compared,
    Exported,
    MethodsListed,
    Surveyed,
    TrialLeftOut,
    TrialMade,
    TrialStepped,
)
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.live.trials import comparing, exporting, surveying
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.engines.this_process import ThisProcess
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.rivals.features.ridge import Ridge

PLAN = ComparisonPlan(("ridge", "coop"), parse_amounts("2,full"), (1,), choose=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("live"))


def made(events):
    return [one.cell for one in events if isinstance(one, TrialMade)]


def nothing():
    pass


def test_the_survey_tells_methods_before_the_backbone_and_what_is_kept(project, clip):
    store, opened = MemoryStore(), []
    list(comparing(project, lambda: ComparisonPlan(("ridge",), PLAN.amounts, (1,), choose=False), store, clip, nothing))
    events = []
    for event in surveying(project, PLAN, store, lambda: opened.append(len(events)) or clip):
        events.append(event)
    assert opened == [1], "the methods are told before the backbone is opened"
    first, second, last = events
    assert isinstance(first, MethodsListed)
    assert all(one.parameters is None for one in first.methods)
    counts = {one.name: one.parameters for one in second.methods}
    assert counts["zero_shot"] == 0
    assert counts["ridge"] > 0
    assert all(one.what and one.source for one in second.methods)
    assert isinstance(last, Surveyed)
    kept = {(one.method, one.amount.label) for one in last.ahead if one.kept}
    assert kept == {(name, label) for name in ("zero_shot", "ridge") for label in ("2", "full")}
    assert {one.method for one in last.ahead} == set(counts), "of every method: ticking one asks nothing anew"
    assert len(last.comparison.trials) == 4
    assert last.comparison.about["backbone"]["name"]


def test_a_project_without_tasks_lists_its_methods_and_opens_no_backbone(project):
    empty = project.with_tasks([])
    assert [type(one) for one in surveying(empty, PLAN, MemoryStore(), None)] == [MethodsListed]


def test_trials_are_told_one_by_one_with_their_steps(project, clip):
    events = list(comparing(project, lambda: PLAN, MemoryStore(), clip, nothing))
    assert isinstance(events[-1], Compared)
    assert len(made(events)) == len(events[-1].comparison.trials) == 6
    assert any(isinstance(one, TrialStepped) and one.cell[0] == "coop" for one in events)


def test_what_is_moved_up_under_way_is_made_next_and_more_seeds_are_made_too(project, clip):
    plans, events = [PLAN], []
    for event in comparing(project, lambda: plans[-1], MemoryStore(), clip, nothing):
        events.append(event)
        if made(events[-1:]) == [("zero_shot", "2", 1)] and len(plans) == 1:
            plans.append(replace(PLAN, first=(("coop", "full", 1),), seeds=(1, 2)))
    order = list(dict.fromkeys(made(events)))
    assert order.index(("coop", "full", 1)) < order.index(("ridge", "2", 1))
    assert len(order) == 12
    assert len([one for one in events if isinstance(one, TrialMade) and not one.cached]) == 12, "nothing twice"
    assert events[-1].comparison.seeds == (1, 2)


def test_what_an_engine_has_in_hand_comes_to_its_end_before_another_plan_is_followed(project, clip, tmp_path):
    class Seen(ThisProcess):
        cancelled = 0

        def cancel(self, names):
            self.cancelled += len(names)
            super().cancel(names)

    plans, order, engine = [PLAN], [], Seen()
    for event in comparing(project, lambda: plans[-1], FolderStore(tmp_path), clip, nothing, engine):
        order += made([event])
        if isinstance(event, TrialStepped) and len(plans) == 1:
            in_hand = event.cell
            plans.append(replace(PLAN, seeds=(1, 2), first=(("coop", "full", 2),)))
    assert engine.cancelled == 0
    assert order.index(in_hand) < order.index(("coop", "full", 2)) < order.index(("ridge", "2", 2))
    assert len(set(order)) == 12


def test_a_plan_that_is_as_before_when_the_training_in_hand_ends_is_made_whole(project, clip, tmp_path):
    asked = []

    def plan():
        asked.append(PLAN)
        return replace(PLAN, seeds=(1, 2)) if len(asked) == 4 else PLAN

    *_, last = comparing(project, plan, FolderStore(tmp_path), clip, nothing, ThisProcess())
    assert len(last.comparison.trials) == 6


def test_what_failed_is_told_once_and_not_tried_again_with_another_plan(project, clip, monkeypatch):
    tried = []

    def fails(self, data, values, seed):
        tried.append(seed)
        yield from ()
        raise TrainingError("losses must be finite")

    monkeypatch.setattr(Ridge, "fit", fails)
    plans, events = [replace(PLAN, amounts=parse_amounts("full"))], []
    for event in comparing(project, lambda: plans[-1], MemoryStore(), clip, nothing):
        events.append(event)
        if isinstance(event, TrialLeftOut):
            plans.append(replace(plans[-1], first=(("coop", "full", 1),)))
    (left,) = [one for one in events if isinstance(one, TrialLeftOut)]
    assert left.cell == ("ridge", "full", 1)
    assert "losses must be finite" in left.sentence
    assert len(tried) == 1
    assert [trial.method for trial in events[-1].comparison.trials] == ["zero_shot", "coop"]


def test_what_a_trial_learned_is_written_and_a_trial_of_zero_shot_is_refused(project, clip, tmp_path):
    store, cell = MemoryStore(), ("ridge", "2", 1)
    list(comparing(project, lambda: PLAN, store, clip, nothing))
    events = list(exporting(project, PLAN.skipping([cell]), cell, tmp_path / "out", store, clip, nothing))
    assert events[-1] == Exported(cell, tmp_path / "out")
    assert not made(events)
    assert (tmp_path / "out" / "method.json").is_file()
    with pytest.raises(InputError, match="learns nothing"):
        list(exporting(project, PLAN, ("zero_shot", "2", 1), tmp_path / "none", store, clip, nothing))
    assert not (tmp_path / "none").exists()
