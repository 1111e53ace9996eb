"""Evidence on hand-made matrices, against brute force, and how often it is claimed where there is none."""

import json
import math
from itertools import combinations

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.evidence import (
    FEW,
    LEAST,
    LONGEST,
    Evidence,
    evidence_of,
    margins_of,
    suggested_grouping,
    usable,
)
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.local_search import best_neighbour
from mmap_studio.method.grouping.partitions import PartitionItems, best_partition, greatest_values, second_partition
from mmap_studio.method.grouping.score import score_grouping, score_weights
from mmap_studio.method.grouping.search import EXACT_TASKS, best_grouping

FOUR = ("a", "b", "c", "d")
PAIRS = Grouping.parse("a+b,c+d", FOUR)
BLOCKS = np.kron(np.eye(2), np.ones((2, 2)))


def names(count):
    return tuple(f"t{i:02}" for i in range(count))


def groupings(tasks):
    """Every partition."""
    if not tasks:
        return [Grouping(())]
    return [g.with_task(tasks[-1], to) for g in groupings(tasks[:-1]) for to in [*range(len(g)), None]]


def noise(kind, rng, count, tasks):
    """(n, T, T) whose cells off the diagonal of one column have one expectation."""
    shape = (count, tasks, tasks)
    if kind == "normal":
        return 1 + rng.normal(size=shape)
    if kind == "zero":
        return rng.normal(size=shape)
    if kind == "heavy":
        return 1 + rng.standard_t(3, size=shape)
    if kind == "recipients":  # some learn more than others
        return rng.gamma(2, 0.5, size=tasks) * (1 + rng.normal(size=shape))
    if kind == "drift":  # less and less, as training goes on
        return np.linspace(2, 0.3, count)[:, None, None] * (1 + rng.normal(size=shape))
    mean = rng.normal(size=60)  # gradients with a common part: cells of a row and a column move together
    gradients = 4 * mean / np.linalg.norm(mean) + rng.normal(size=(count, tasks, 60))
    return gradients @ gradients.swapaxes(1, 2) / 60


KINDS = ("normal", "zero", "heavy", "recipients", "drift", "gradients")


def share_found(kind, tasks, count, trials, planted=0.0, seed=0):
    """Share of trials in which there is evidence; `planted` is added within two halves and taken away between them."""
    rng, half = np.random.default_rng([seed, tasks, count]), np.arange(tasks) * 2 // tasks
    signs, found = np.where(np.equal.outer(half, half), 1, -1), 0
    for _ in range(trials):
        values = noise(kind, rng, count, tasks) + planted * signs
        result = suggested_grouping(values.mean(axis=0), values, names(tasks))
        found += result.evidence.found
    return found / trials


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tasks", [3, 4, 6, 8])
def test_without_groups_evidence_is_rare(kind, tasks):
    trials = 40
    share = np.mean([share_found(kind, tasks, count, trials) for count in (5, 20)])
    assert share <= 0.1  # 4.5 % plus two standard errors of 80 trials


def test_the_standard_errors_of_the_best_grouping_alone_would_claim_groups_in_noise():
    """The bias that is corrected: of 203 partitions the best is above all together."""
    rng, claimed = np.random.default_rng(1), 0
    for _ in range(60):
        values = noise("normal", rng, 20, 6)
        best = best_grouping(values.mean(axis=0), names(6)).grouping
        margins = margins_of(usable(values, names(6)), names(6), best)
        claimed += margins.mean() > 2 * margins.std(ddof=1) / math.sqrt(20)
    assert claimed >= 12


@pytest.mark.parametrize("kind", ["normal", "heavy", "drift", "gradients"])
@pytest.mark.parametrize("tasks", [4, 6, 8])
def test_planted_groups_are_found(kind, tasks):
    planted = 0.15 if kind == "gradients" else 0.8
    assert share_found(kind, tasks, 20, 20, planted) >= 0.9


def test_two_tasks_that_harm_each_other_are_parted():
    values = -0.5 + 0.5 * np.random.default_rng(0).normal(size=(20, 2, 2))
    result = suggested_grouping(values.mean(axis=0), values, ("a", "b"))
    assert result.grouping == Grouping.separate(("a", "b"))
    assert result.evidence.found


def test_margin_and_standard_error_by_hand():
    """Pairs give 3 and 5 a task where all together give 5/3 and 7/3: margins 4/3 and 8/3, mean 2, error 2/3."""
    one = np.ones((4, 4)) + 2 * BLOCKS  # 3 within a pair, 1 across: (3 + 1 + 1) / 3 together
    two = np.ones((4, 4)) + 4 * BLOCKS
    found = evidence_of(np.stack([one, two]), FOUR, PAIRS)
    assert found.margin == pytest.approx(2)
    assert found.standard_error == pytest.approx(2 / 3)
    assert (found.measurements, found.found) == (2, False)
    assert found.probability == 1


def test_the_margin_is_the_difference_of_the_scores():
    values = np.random.default_rng(3).normal(size=(7, 5, 5))
    tasks = names(5)
    for grouping in groupings(tasks):
        scores = [
            score_grouping(one, tasks, grouping, -0.3) - score_grouping(one, tasks, Grouping.together(tasks), -0.3)
            for one in values
        ]
        assert margins_of(usable(values, tasks), tasks, grouping, -0.3) == pytest.approx(scores)
        weights, constant = score_weights(tasks, grouping, -0.3)
        assert (weights * values[0]).sum() + constant == pytest.approx(score_grouping(values[0], tasks, grouping, -0.3))


@pytest.mark.parametrize("groups", [None, 1, 2, 3])
@pytest.mark.parametrize("blocks", [[], [[0, 2]], [[0], [3, 1]]])
def test_greatest_values_are_those_of_the_best_partitions(groups, blocks):
    if groups == 1 and len(blocks) > 1:
        return
    matrices = np.random.default_rng(4).normal(size=(9, 6, 6))
    found = greatest_values(PartitionItems.of(matrices, -0.2, blocks), groups)
    for value, matrix in zip(found, matrices, strict=True):
        items = PartitionItems.of(matrix, -0.2, blocks)
        grouping = Grouping.of(
            [names(6)[task] for item in group for task in items.tasks[item]] for group in best_partition(items, groups)
        )
        assert value / 6 == pytest.approx(score_grouping(matrix, names(6), grouping, -0.2))


@pytest.mark.parametrize("groups", [None, 1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_the_runner_up_is_the_second_of_all_partitions(groups, seed):
    tasks, matrix = names(5), np.random.default_rng(seed).normal(size=(5, 5))
    allowed = [g for g in groupings(tasks) if groups in (None, len(g))]
    allowed.sort(key=lambda g: -score_grouping(matrix, tasks, g))
    found = evidence_of(np.stack([matrix, matrix]), tasks, allowed[0], groups)
    assert found.runner_up == (allowed[1] if len(allowed) > 1 else None)
    if found.runner_up:
        assert found.margin - found.runner_up_margin == pytest.approx(
            score_grouping(matrix, tasks, allowed[0]) - score_grouping(matrix, tasks, allowed[1])
        )


def test_the_runner_up_keeps_the_locked_tasks():
    tasks, matrix = names(5), np.random.default_rng(9).normal(size=(5, 5))
    blocks = [[0, 1], [2]]
    items = PartitionItems.of(matrix, 0.0, blocks)
    best = best_partition(items)
    found = second_partition(items, None, best)
    assert found != best
    where = {task: number for number, group in enumerate(found) for item in group for task in items.tasks[item]}
    assert where[0] == where[1] != where[2]
    assert len(where) == len(tasks)


@pytest.mark.parametrize("free", [True, False])
def test_of_many_tasks_the_runner_up_is_one_change_away(free):
    matrix = np.random.default_rng(2).normal(size=(6, 6))
    items = PartitionItems.of(matrix, 0.0)
    groups = [[0, 1], [2, 3], [4, 5]]
    near = best_neighbour(items, groups, free)
    pairs = {frozenset(pair) for group in near for pair in combinations(group, 2)}
    assert pairs != {frozenset(group) for group in groups}
    assert sorted(item for group in near for item in group) == list(range(6))
    assert free or len(near) == 3
    assert best_neighbour(items, [list(range(6))], free=False) is None


def test_many_tasks_are_judged_by_halves():
    tasks, rng = names(EXACT_TASKS + 2), np.random.default_rng(0)
    half = np.arange(len(tasks)) % 2
    plain = 1 + rng.normal(size=(10, len(tasks), len(tasks)))
    without = suggested_grouping(plain.mean(axis=0), plain, tasks)
    assert without.grouping == Grouping.together(tasks)
    assert without.evidence.by_chance > 0.1
    planted = plain + np.where(np.equal.outer(half, half), 1, -1)
    assert suggested_grouping(planted.mean(axis=0), planted, tasks).evidence.found


def test_without_evidence_the_tasks_train_together():
    values = noise("normal", np.random.default_rng(0), 10, 4)
    result = suggested_grouping(values.mean(axis=0), values, FOUR)
    assert best_grouping(values.mean(axis=0), FOUR).grouping != Grouping.together(FOUR)
    assert result.grouping == Grouping.together(FOUR)
    assert result.score == pytest.approx(score_grouping(values.mean(axis=0), FOUR, result.grouping))
    assert result.evidence.grouping == best_grouping(values.mean(axis=0), FOUR).grouping
    assert result.evidence.sentence.startswith("No evidence for groups: train together. ")
    needed = result.evidence.measurements_needed
    assert needed > 10
    assert f"10 measurements are few: about {needed} would tell." in result.evidence.sentence


def test_a_number_that_was_asked_for_is_obeyed_and_says_its_price():
    values = 1 + 0.1 * noise("zero", np.random.default_rng(0), 20, 4)
    result = suggested_grouping(values.mean(axis=0), values, FOUR, groups=4)
    assert result.grouping == Grouping.separate(FOUR)
    assert result.evidence.margin == pytest.approx(-values.mean(axis=0)[~np.eye(4, dtype=bool)].mean())
    assert "4 groups, as asked for" in result.evidence.sentence
    assert "less than all together" in result.evidence.sentence
    two = suggested_grouping(values.mean(axis=0), values, FOUR, groups=2)
    assert len(two.grouping) == 2
    assert "by chance alone" in two.evidence.sentence
    long = [name * LONGEST for name in FOUR]
    said = suggested_grouping(values.mean(axis=0), values, long, groups=2).evidence.sentence
    assert said.startswith("2 groups, as asked for: the best scores ")
    one = suggested_grouping(values.mean(axis=0), values, FOUR, groups=1)
    assert one.evidence.sentence == "1 group, as asked for: all together."


def test_tasks_that_are_locked_apart_stay_apart():
    values = noise("normal", np.random.default_rng(0), 10, 4)
    result = suggested_grouping(values.mean(axis=0), values, FOUR, locked=[["a"], ["c"]])
    assert result.grouping.group_of("a") != result.grouping.group_of("c")
    assert not result.evidence.found


def test_without_measurements_nothing_is_known_of_the_evidence():
    matrix = np.random.default_rng(0).normal(size=(4, 4))
    result = suggested_grouping(matrix, None, FOUR)
    assert result == best_grouping(matrix, FOUR)
    assert result.evidence is None


@pytest.mark.parametrize("count", [0, 1, LEAST - 1])
def test_a_few_measurements_are_never_evidence(count):
    values = np.repeat((1 + 4 * BLOCKS)[None], count, axis=0) * np.linspace(0.9, 1.1, count)[:, None, None]
    result = suggested_grouping(1 + 4 * BLOCKS, values, FOUR)
    assert result.grouping == Grouping.together(FOUR)
    assert f"at least {LEAST} are needed" in result.evidence.sentence
    assert result.evidence.measurements == count


def test_measurements_that_are_not_finite_are_left_out():
    values = noise("normal", np.random.default_rng(0), 9, 4)
    whole = evidence_of(values[1:], FOUR, PAIRS)
    values[0, 1, 2] = np.nan
    values[1:, 0, 0] = np.nan  # the diagonal is not read
    assert evidence_of(values, FOUR, PAIRS) == whole


def test_needed_falls_with_the_root_of_the_measurements():
    made = Evidence(PAIRS, None, 0.1, 0.08, 0.05, 0.2, 0.5, None, math.nan, 10)
    assert made.measurements_needed == 40
    assert Evidence(PAIRS, None, -0.1, 0.08, 0.05, 0.2, 0.5, None, math.nan, 10).measurements_needed is None
    assert "few" not in Evidence(PAIRS, None, 0.1, 0.08, 0.05, 0.2, 0.5, None, math.nan, FEW).sentence


def test_the_json_form_is_json():
    made = Evidence(PAIRS, None, 0.3, 0.05, 0.05, 0.2, 0.9, None, math.nan, 25)
    document = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert document["found"] is True
    assert document["grouping"] == [["a", "b"], ["c", "d"]]
    assert (document["runner_up"], document["runner_up_margin"]) == (None, None)
    assert document["sentence"].startswith("Evidence for groups: a+b,c+d scores 0.300 ± 0.050 more than all together")


def test_a_wrong_shape_is_refused_by_name():
    with pytest.raises(InputError, match=r"measurements must be \('n', 4, 4\)"):
        evidence_of(np.zeros((4, 4)), FOUR, PAIRS)
