"""Rows of results: what is one row, what is told apart, and what comes back from the run folders."""

from dataclasses import dataclass, replace

import pytest

from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.results.results import (
    RecordedScores,
    Result,
    ResultsBook,
    recorded_results,
    results_of_document,
    split_key,
)
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions


GROUPS = Grouping.of([["art", "ink"], ["real"]])


@dataclass(frozen=True)
class Judged:
    accuracy: float
    macro_f1: float = 0.5
    ece: float = 0.1
    predictions: tuple = ()


def result(method="run", groups=GROUPS, accuracy=0.5, backbone="tiny", digest="d1", **changes) -> Result:
    settings = settings_from({"preset": "light"}, changes)
    return Result(method, {"art": RecordedScores(accuracy, 0.4, 0.1)}, 100, settings, backbone, digest, groups)


def rows_of(*results):
    book = ResultsBook()
    for one in results:
        book.add(one)
    return book.rows()


def test_runs_that_differ_in_the_seed_alone_are_one_row():
    (row,) = rows_of(result(seed=1), result(seed=3), result(seed=2))
    assert row.seeds == (1, 2, 3)
    assert row.differs == ""


def test_runs_on_other_test_images_are_another_row_on_another_ground():
    one, other = (replace(result(seed=seed), split=split_key({"art": digest})) for seed, digest in ((1, "a"), (2, "b")))
    first, second = rows_of(one, other)
    assert (first.seeds, second.seeds) == ((1,), (2,))
    assert first.differs == f"split {one.split}"
    assert len({one.ground, other.ground}) == 2


def test_a_split_of_which_a_task_is_not_known_has_no_key():
    assert split_key({"art": "a", "real": ""}) == split_key({}) == ""


def test_the_order_of_groups_and_members_makes_no_other_row():
    assert len(rows_of(result(), result(groups=Grouping.of([["real"], ["ink", "art"]])))) == 1


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"train.epochs": 3}, ("train.epochs 10", "train.epochs 3")),
        ({"prompt.depth": 2, "seed": 4}, ("prompt.depth 3", "prompt.depth 2")),
        ({"groups": Grouping.together(["art", "ink", "real"])}, ("", "")),
        ({"backbone": "large", "digest": "d2"}, ("backbone tiny", "backbone large")),
        ({"digest": "d2"}, ("weights d1", "weights d2")),
        ({"precision": "bfloat16"}, ("precision auto", "precision bfloat16")),
    ],
)
def test_other_groups_or_settings_are_another_row_that_says_what_differs(other, differs):
    rows = rows_of(result(), result(**other))
    assert tuple(row.differs for row in rows) == differs


def test_zero_shot_depends_on_no_training_setting():
    zero = result("zero_shot", None)
    (row,) = rows_of(zero, replace(zero, settings=settings_from({"preset": "light"}, {"train.epochs": 3, "seed": 5})))
    assert row.seeds == ()


def test_the_same_grouping_is_one_row_whether_run_or_compared_with():
    together = Grouping.together(["art", "ink"])
    assert len(rows_of(result(groups=together), result("together", together))) == 1
    assert len(rows_of(result(groups=together), result("random", together))) == 2


def test_scores_from_a_folder_do_not_displace_predictions_that_say_the_same():
    live = replace(result(), per_task={"art": Judged(0.5)})
    (row,) = rows_of(live, replace(result(), run="20260101T000000Z-x"))
    assert row.has_predictions
    assert row.newest.run == "20260101T000000Z-x"
    (row,) = rows_of(live, result(accuracy=0.6))
    assert not row.has_predictions


def test_finished_runs_come_back_from_their_folders(tmp_path):
    project, store = projects.make(tmp_path), MemoryStore()
    first = list(run(project, RunOptions(groups="together", controls=("separate",)), store))[-1]
    again = project.with_settings(project.settings.model_copy(update={"seed": 9}))
    second = list(run(again, RunOptions(groups="together"), store))[-1]
    found, problems = recorded_results(project)
    assert problems == []
    assert [one.method for one in found][:4] == ["zero_shot", "zero_shot_ensemble", "run", "separate"]
    rows = {row.newest.grouping: row for row in rows_of(*found) if row.newest.grouping}
    assert rows[Grouping.together(projects.DOMAINS)].seeds == (1, 9)
    assert rows[Grouping.separate(projects.DOMAINS)].seeds == (1,)
    newest = rows[Grouping.together(projects.DOMAINS)].newest
    assert newest.run == second.run_folder.name
    assert (newest.settings.precision, newest.digest) == ("float32", second.document["backbone"]["digest"])
    assert {n: f.accuracy for n, f in newest.per_task.items()} == second.document["run"]["per_task"]
    assert newest.parameters == second.document["trained_parameters"]
    assert newest.when.isoformat().startswith(f"{newest.run[:4]}-")
    (first.run_folder / "results.json").write_text("{}")
    found, problems = recorded_results(project)
    assert {one.run for one in found} == {newest.run}
    assert len(problems) == 1
    assert first.run_folder.name in problems[0]


@pytest.mark.parametrize("document", [{}, {"settings": {}, "metrics": {"run": 3}}, {"settings": 1, "metrics": {}}])
def test_a_document_that_is_none_is_refused(document):
    with pytest.raises(InputError, match=r"x must have the results\.json that a run writes"):
        results_of_document(document, "x")
