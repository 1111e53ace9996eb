"""Why the groups are as they are: hand-set affinities, and what is said of them."""

import numpy as np
import pytest

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from mmap_studio.session.board.reasons import reasons

TASKS = ("a", "b", "c", "d")
MATRIX = np.array([[0, 4, 1, -2], [4, 0, -1, -2], [1, 1, 0, -3], [-1, -1, -1, 0]], float) / 10
"""a and b help each other; d helps nobody, and nobody helps it."""


@pytest.fixture
def board():
    made, rng = Board(TASKS), np.random.default_rng(0)
    noise = rng.normal(0, 0.03, (20, 4, 4))
    measured = MATRIX + noise - noise.mean(0)
    made.set_affinity(MATRIX, TASKS, 0.0, lambda: measured)
    return made


def test_a_task_that_fits_nobody_is_named_by_itself(board):
    board.replace(Grouping.of([["a", "b"], ["c", "d"]]))
    assert board.misfits == ("c", "d")
    board.replace(Grouping.of([["a", "b", "c"], ["d"]]))
    assert board.misfits == ()
    board.take(board.suggestion(2)())
    board.replace(Grouping.of([["a", "b", "c", "d"]]))
    assert board.misfits == ("d",)
    assert board.verdict.startswith("d: only negative affinities in its group · ")
    assert reasons(board).sentences[0] == "d has nothing but negative affinities with its group."
    assert "d has nothing" in reasons(board, ["d"]).sentences[0]


def test_of_a_task_what_it_receives_and_where_else_it_could_be(board):
    board.replace(Grouping.of([["a", "b"], ["c"], ["d"]]))
    found = reasons(board, ["a"])
    assert found.title == "a"
    assert found.sentences[0] == "It receives 0.400 from its group on average."
    changes = board.changes_if_moved(["a"])
    best = max(change for place, change in enumerate(changes) if place)
    assert f"by {abs(best):.3f}" in found.sentences[1]
    assert "would fall" in found.sentences[1]
    verdicts = {(cell.source, cell.recipient): cell.verdict for cell in found.cells}
    assert verdicts["b", "a"] == verdicts["a", "d"] == "for"
    assert verdicts["a", "c"] == "against"  # it would help, and is in another group
    assert not any("a" not in pair for pair in verdicts)


def test_cells_within_noise_speak_for_nothing(board):
    weak = MATRIX.copy()
    weak[0, 2] = 0.001
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.03, (20, 4, 4))
    board.set_affinity(weak, TASKS, 0.0, lambda: weak + noise - noise.mean(0))
    found = {(c.source, c.recipient): c for c in reasons(board, ["a"]).cells}
    assert found["a", "c"].verdict == "within noise"
    assert found["a", "c"].error == pytest.approx(0.03 / 20**0.5, rel=0.4)
    assert found["a", "b"].verdict == "for"


def test_a_group_says_who_receives_most(board):
    board.replace(Grouping.of([["a", "b", "c"], ["d"]]))
    found = reasons(board, ["a", "b", "c"])
    assert found.title == board.group_names[0]
    assert found.sentences == ("a receives most from its group (0.250 on average), c least (0.000).",)
    assert reasons(board, ["d"]).sentences


def test_of_all_groups_the_runner_up_the_resamples_and_the_cost_of_a_number(board):
    board.take(board.suggestion(2)())
    free = board.score_of(Board(TASKS).grouping)
    better = board.score + 0.05
    said = " ".join(reasons(board, (), better).sentences)
    assert "of resampled measurements" in said
    assert "The second best grouping, " in said
    assert "asking for 2 costs 0.050." in said
    assert "asking for" not in " ".join(reasons(board).sentences)
    assert free is not None
    assert {"a", "b", "c", "d"} == {cell.source for cell in reasons(board).cells}


def test_affinity_by_training_is_recommended_only_where_it_was_measured_another_way(board):
    rng = np.random.default_rng(0)
    noise = 0.3 + rng.normal(size=(8, 4, 4))
    board.set_affinity(noise.mean(0), TASKS, 0.0, lambda: noise)
    board.take(board.suggestion()())
    assert not board.evidence.found
    said = {how: " ".join(reasons(board, measured=how).sentences) for how in ("exact", "first_order", "training")}
    assert ["by training" in text for text in said.values()] == [True, True, False]


def test_without_an_affinity_it_says_what_is_missing():
    found = reasons(Board(TASKS))
    assert found.sentences == ("No affinity is measured yet; it says which tasks help each other.",)
    assert found.cells == ()
    assert reasons(Board(TASKS), ["a"]).sentences == ("No affinity of this task is measured yet.",)
