"""MmAP in the groups of the board: what the board says is trained, other groups are other trials, none is told."""

import pytest

from mmap_studio.session.compare.board_groups import on_board
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.project.autosave import save
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked

with imported_later():
    from mmap_studio.method.grouping.grouping import Grouping
    from mmap_studio.session.board.state import Arrangement, BoardState
    from mmap_studio.session.compare.parameter_counts import trainable_parameters
    from mmap_studio.session.compare.queue import compare

ART, CLIP, REAL = projects.DOMAINS


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("board"))


def arrange(project, *groups):
    save(project, BoardState(Arrangement(Grouping(groups), tuple("abc"[: len(groups)]))).to_json())


def test_the_groups_on_the_board_are_trained_and_others_are_other_trials(project, clip):
    options = CompareOptions(("mmap_board",), parse_amounts("full"), (1,), clip=clip)
    store = MemoryStore()
    reports, comparison = walked(compare(project, options, store))
    assert [one.method for one in comparison.trials] == ["zero_shot"]
    said = next(one.text for one in reports if one.failed)
    assert "is left out: The board must have groups of the project's tasks, and has none; make some in the" in said
    numbers = {}
    for groups in (((ART, CLIP), (REAL,)), ((ART,), (CLIP, REAL))):
        arrange(project, *groups)
        assert on_board(project) == Grouping(groups)
        reports, comparison = walked(compare(project, options, store))
        trial = next(one for one in comparison.trials if one.method == "mmap_board")
        assert Grouping.parse(trial.grouping, projects.DOMAINS) == Grouping(groups)
        assert not next(one for one in reports if one.trial and one.trial.method == "mmap_board").cached
        numbers = {name: count for name, _, _, count, _ in trainable_parameters(project, store, clip)}
        assert numbers["mmap_board"] == trial.parameters
    assert numbers["mmap_together"] < numbers["mmap_board"] < numbers["mmap_separate"]


def test_a_board_of_other_tasks_has_no_groups(project):
    save(project, BoardState(Arrangement(Grouping(((ART,), ("gone",))), ("a", "b"))).to_json())
    assert on_board(project) is None
    save(project, {"version": 9})
    assert on_board(project) is None
