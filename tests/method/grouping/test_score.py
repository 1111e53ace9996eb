"""Scores of a grouping: numbers one can add up by hand, and a move's change against scoring twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.score import move_changes, score_grouping, task_scores

TASKS = ("a", "b", "c", "d")
Z = np.array(  # rows the source, columns the recipient
    [
        [9.0, 1.0, 2.0, 3.0],
        [4.0, 9.0, 5.0, 6.0],
        [7.0, 8.0, 9.0, 10.0],
        [11.0, 12.0, 13.0, 9.0],
    ]
)


def test_scores_are_means_onto_the_recipient():
    grouping = Grouping.parse("a+b+c,d", TASKS)
    onto = [(4 + 7) / 2, (1 + 8) / 2, (2 + 5) / 2, -0.5]
    assert task_scores(Z, TASKS, grouping, singleton_score=-0.5).tolist() == onto
    assert score_grouping(Z, TASKS, grouping, singleton_score=-0.5) == pytest.approx(sum(onto) / 4)


def test_a_task_alone_scores_what_the_setting_says():
    assert score_grouping(Z, TASKS, Grouping.separate(TASKS)) == 0.0
    assert score_grouping(Z, TASKS, Grouping.separate(TASKS), singleton_score=0.25) == 0.25


def test_the_order_of_groups_and_members_does_not_matter():
    one, other = Grouping.parse("a+b+c+d", TASKS), Grouping.parse("d+c+a+b", TASKS)
    for seed in range(20):  # to the last bit, although a sum depends on its order
        noisy = np.random.default_rng(seed).normal(size=(4, 4))
        assert task_scores(noisy, TASKS, one).tolist() == task_scores(noisy, TASKS, other).tolist()


def test_only_needed_cells_must_be_finite():
    holes = Z.copy()
    holes[1, 2] = np.nan
    np.fill_diagonal(holes, np.nan)
    assert score_grouping(holes, TASKS, Grouping.parse("a+b,c+d", TASKS)) == (4 + 1 + 13 + 10) / 4
    with pytest.raises(InputError, match=r"Z\[b -> c\] must be a finite number to score a grouping. Got nan"):
        score_grouping(holes, TASKS, Grouping.parse("a,b+c+d", TASKS))


@pytest.mark.parametrize(
    ("affinity", "tasks", "groups", "singleton", "message"),
    [
        (Z[:3], TASKS, TASKS, 0.0, r"\(4, 4\), one row and column a task. Got \(3, 4\)"),
        (Z, ("a", "b", "c", "c"), "abc", 0.0, "tasks must differ"),
        (Z, TASKS, "abc", 0.0, "must place .*'d'.* Got .*'c'\\] instead"),
        (Z, TASKS, TASKS, float("nan"), "singleton_score must be a finite"),
    ],
)
def test_what_does_not_fit_is_refused(affinity, tasks, groups, singleton, message):
    with pytest.raises(InputError, match=message):
        score_grouping(affinity, tasks, Grouping.separate(groups), singleton)


MANY = tuple("abcdefgh")


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8), st.sets(st.sampled_from(MANY)), st.integers(0, 4))
def test_a_moves_change_is_the_difference_of_two_scores(labels, moved, to):
    matrix = np.random.default_rng(1).normal(size=(8, 8))
    members = ([task for task, label in zip(MANY, labels, strict=True) if label == one] for one in range(4))
    before = Grouping.of(group for group in members if group)
    target = to if to < len(before) else None
    after = before.move(sorted(moved), target)
    change = score_grouping(matrix, MANY, after, 0.3) - score_grouping(matrix, MANY, before, 0.3)
    told = move_changes(matrix, MANY, before, sorted(moved), [None, target], 0.3)
    assert told[1] == pytest.approx(change, abs=1e-12)
