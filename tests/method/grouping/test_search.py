"""The search for the best grouping: against listing all partitions, against the clustering, on planted blocks."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmap_studio.errors import InputError
from mmap_studio.method.grouping import local_search
from mmap_studio.method.grouping import search as grouping_search
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.local_search import LocalSearch, clustered, improved_partition
from mmap_studio.method.grouping.partitions import TIE, PartitionItems, partition_count
from mmap_studio.method.grouping.score import score_grouping
from mmap_studio.method.grouping.search import EXACT_TASKS, best_grouping

BELL = [1, 1, 2, 5, 15, 52, 203, 877]


def names(count):
    return tuple(f"t{i:02}" for i in range(count))


@cache
def all_groupings(tasks):
    """Every partition, by placing the last task into each group of the others, or alone."""
    if not tasks:
        return [Grouping(())]
    smaller = all_groupings(tasks[:-1])
    return [g.with_task(tasks[-1], to) for g in smaller for to in [*range(len(g)), None]]


def rank(matrix, tasks, singleton):
    """The order the search promises, spelled out: score, fewest groups, then the earliest mates of the first."""

    def of(grouping):
        groups = sorted(sorted(tasks.index(task) for task in group) for group in grouping)
        mates = [[task not in group for task in range(len(tasks))] for group in groups]
        return -round(score_grouping(matrix, tasks, grouping, singleton), 9), len(groups), mates

    return of


MATRICES = {
    "random": lambda rng, n: rng.normal(size=(n, n)),
    "negative": lambda rng, n: -rng.uniform(1, 2, size=(n, n)),
    "positive": lambda rng, n: rng.uniform(1, 2, size=(n, n)),
    "ties": lambda rng, n: rng.integers(-1, 2, size=(n, n)).astype(float),
    "tenths": lambda rng, n: 0.1 * rng.integers(-1, 2, size=(n, n)),  # ties that rounding pulls apart
    "even": lambda rng, n: np.full((n, n), 0.1),  # pairs add up to one ulp more than all together
    "flat": lambda rng, n: np.zeros((n, n)),
}


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize("singleton", [0.0, -1.5, -1e6])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 6])
def test_exact_is_the_first_of_all_partitions(kind, singleton, count):
    tasks, matrix = names(count), MATRICES[kind](np.random.default_rng(count), count)
    every = all_groupings(tasks)
    assert len(set(every)) == len(every) == BELL[count]
    for groups in [None, *range(1, count + 1)]:
        allowed = [g for g in every if groups in (None, len(g))]
        found = best_grouping(matrix, tasks, groups, singleton)
        assert found.grouping == min(allowed, key=rank(matrix, tasks, singleton))
        assert found.score == score_grouping(matrix, tasks, found.grouping, singleton)
        assert (found.method, found.exact, found.candidates) == ("exact", True, len(allowed))


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 1, 2, 4, 7]), st.sampled_from([0.0, -0.5, 0.5]))
@settings(max_examples=8, deadline=None)
def test_exact_at_seven_tasks(seed, groups, singleton):
    tasks, matrix = names(7), np.random.default_rng(seed).normal(size=(7, 7))
    allowed = [g for g in all_groupings(tasks) if groups in (None, len(g))]
    best = max(score_grouping(matrix, tasks, g, singleton) for g in allowed)
    assert best_grouping(matrix, tasks, groups, singleton).score == pytest.approx(best, abs=1e-12)


def test_the_starters_matrix_pairs_the_styles_up():
    tasks = ("noto", "twemoji", "openmoji", "flat", "3d", "contrast")
    matrix = [  # the first trial's, divided by the recipient's own diagonal
        [1.00, 0.11, 0.03, 0.06, 0.10, 0.02],
        [0.13, 1.00, -0.03, 0.09, 0.07, 0.04],
        [0.05, -0.01, 1.00, 0.01, 0.08, 0.08],
        [0.06, 0.09, 0.01, 1.00, 0.08, 0.07],
        [0.11, 0.08, 0.08, 0.07, 1.00, -0.02],
        [0.01, 0.03, 0.08, 0.06, -0.03, 1.00],
    ]
    found = best_grouping(np.array(matrix), tasks, singleton_score=-1.0)
    flat_shaded_outlined = Grouping.parse("twemoji+flat,noto+3d,openmoji+contrast", tasks)
    assert score_grouping(np.array(matrix), tasks, flat_shaded_outlined) == pytest.approx(0.55 / 6)
    assert found.score == pytest.approx(0.55 / 6)  # at two decimals a tie, and noto's earliest mate decides
    assert found.grouping == Grouping.parse("noto+twemoji,flat+3d,openmoji+contrast", tasks)
    assert found.how == "exact, best of 203 partitions"


def test_alone_wins_exactly_when_company_costs_more():
    tasks, matrix = names(4), -np.ones((4, 4))
    assert best_grouping(matrix, tasks, singleton_score=0.0).grouping == Grouping.separate(tasks)
    assert best_grouping(matrix, tasks, singleton_score=-1.0).grouping == Grouping.together(tasks)  # a tie
    assert best_grouping(matrix, tasks, singleton_score=-2.0).grouping == Grouping.together(tasks)


def as_grouping(tasks, labels):
    return Grouping.of([tasks[i] for i in np.flatnonzero(labels == one)] for one in np.unique(labels))


def planted(count, size, seed=0, noise=0.0):
    """Tasks shuffled over blocks of `size`: 1 within, -1 between."""
    rng = np.random.default_rng(seed)
    block = rng.permutation(np.arange(count) // size)
    matrix = np.where(block[:, None] == block, 1.0, -1.0) + noise * rng.normal(size=(count, count))
    tasks = names(count)
    return matrix, tasks, as_grouping(tasks, block)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "size"), [(12, 3), (24, 6), (64, 8), (64, 16)])
def test_planted_blocks_are_found(count, size):
    matrix, tasks, blocks = planted(count, size)
    free = best_grouping(matrix, tasks)
    assert (free.grouping, free.score, free.exact) == (blocks, 1.0, count <= EXACT_TASKS)
    noisy, tasks, blocks = planted(count, size, noise=0.3)
    assert best_grouping(noisy, tasks, count // size).grouping == blocks


@pytest.mark.parametrize("groups", [None, 1, 2, 5, 19, 20])
@pytest.mark.parametrize("kind", MATRICES)
def test_local_moves_are_never_worse_than_the_clustering(monkeypatch, kind, groups):
    count = 20
    monkeypatch.setattr(local_search, "SHAKES", 10)
    tasks, matrix = names(count), MATRICES[kind](np.random.default_rng(3), count)
    cuts = [as_grouping(tasks, labels) for labels in clustered(PartitionItems.of(matrix, -0.1))]
    assert [len(cut) for cut in cuts] == list(range(1, count + 1))
    found = best_grouping(matrix, tasks, groups, -0.1)
    assert groups in (None, len(found.grouping))
    starts = cuts if groups is None else [cuts[groups - 1]]
    best_start = max(score_grouping(matrix, tasks, start, -0.1) for start in starts)
    assert found.score >= best_start - TIE * count
    if kind == "random" and groups in (None, 5):
        assert found.score > best_start + 0.01  # the moves are there for something
    assert (found.exact, found.method) == (False, "clustering and local moves")
    assert found == best_grouping(matrix, tasks, groups, -0.1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", [None, 3])
def test_local_moves_find_what_the_exact_search_finds(monkeypatch, seed, groups):
    tasks, matrix = names(9), np.random.default_rng(seed).normal(size=(9, 9))
    exact = best_grouping(matrix, tasks, groups)
    monkeypatch.setattr(grouping_search, "EXACT_TASKS", 1)
    local = best_grouping(matrix, tasks, groups)
    assert (local.grouping, local.exact) == (exact.grouping, False)


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("blocks", [(), ((1, 2, 3), (0, 7), (8,))])
def test_the_gains_of_the_moves_are_what_the_values_say(blocks, free):
    items = PartitionItems.of(np.random.default_rng(5).normal(size=(10, 10)), -0.4, blocks)
    search = LocalSearch(items, free=free)
    labels = np.array([0, 1, 1, 2, 2, 3, 2, 0, 2, 3][: len(items)])
    for gain, apply in search.neighbours(labels):
        for row, column in np.ndindex(gain.shape):
            changed = apply(row, column)
            together = [np.count_nonzero(items.apart[changed == group]) > 1 for group in np.unique(changed)]
            if np.isfinite(gain[row, column]):
                difference = search.value(changed) - search.value(labels)
                assert gain[row, column] == pytest.approx(difference, abs=1e-12)
                assert not any(together)


def test_among_equals_the_local_search_too_prefers_the_fewest_groups():
    search = LocalSearch(PartitionItems.of(np.zeros((6, 6)), 0.0), free=True)
    assert search.climb(np.arange(6)).tolist() == [0] * 6
    pairs, separate = np.array([0, 0, 1, 1, 2, 2]), np.arange(6)
    assert search.best([separate, pairs]) is pairs


def test_relabelling_the_tasks_relabels_the_answer():
    tasks, matrix = names(8), np.random.default_rng(7).normal(size=(8, 8))
    order = np.random.default_rng(8).permutation(8)
    turned = best_grouping(matrix[np.ix_(order, order)], [tasks[i] for i in order])
    assert turned.grouping == best_grouping(matrix, tasks).grouping


def test_the_answer_is_written_in_the_order_of_the_tasks():
    tasks = ("z", "y", "x", "w")
    matrix = np.array([[0, -1, 1, -1], [-1, 0, -1, 1], [1, -1, 0, -1], [-1, 1, -1, 0.0]])
    assert best_grouping(matrix, tasks).grouping.groups == (("z", "x"), ("y", "w"))


@pytest.mark.parametrize("count", [4, EXACT_TASKS + 1])
@pytest.mark.parametrize("groups", [0, -1, 99])
def test_a_number_of_groups_that_cannot_be_is_refused(count, groups):
    with pytest.raises(InputError, match=f"from 1 to the number of tasks, {count}. Got {groups} instead"):
        best_grouping(np.zeros((count, count)), names(count), groups)


def test_cells_that_are_not_finite_are_named():
    matrix = np.zeros((3, 3))
    np.fill_diagonal(matrix, np.nan)
    assert best_grouping(matrix, names(3)).grouping == Grouping.together(names(3))
    matrix[2, 0] = np.inf
    with pytest.raises(InputError, match=r"Z\[t02 -> t00\] must be a finite number .* Got inf"):
        best_grouping(matrix, names(3))


def test_no_tasks_are_no_question():
    with pytest.raises(InputError, match="at least one"):
        best_grouping(np.zeros((0, 0)), [])


def test_partitions_are_counted():
    assert [partition_count(n) for n in range(8)] == BELL
    assert partition_count(10) == 115_975
    assert [partition_count(4, k) for k in range(1, 5)] == [1, 7, 6, 1]


def test_a_fixed_number_of_groups_survives_shaking():
    assert improved_partition(PartitionItems.of(np.zeros((16, 16)), 0.0), groups=15)[0].max() + 1 == 15


LOCKS = {
    "one block": [["t00", "t02"]],
    "two blocks": [["t01"], ["t04", "t00"]],
    "three blocks": [["t00"], ["t03", "t01"], ["t05"]],
    "everything": [["t02", "t05", "t00"], ["t01", "t03", "t04"]],
}


def keeps(grouping, blocks):
    homes = [{grouping.group_of(task) for task in block} for block in blocks]
    return all(len(home) == 1 for home in homes) and len(set.union(*homes)) == len(blocks)


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize("singleton", [0.0, -1e6])
@pytest.mark.parametrize("blocks", LOCKS.values(), ids=LOCKS)
def test_with_locked_tasks_it_is_the_first_of_all_partitions_that_keep_them(kind, singleton, blocks):
    tasks, matrix = names(6), MATRICES[kind](np.random.default_rng(6), 6)
    every = [grouping for grouping in all_groupings(tasks) if keeps(grouping, blocks)]
    assert every
    for groups in [None, *sorted({len(grouping) for grouping in every})]:
        allowed = [grouping for grouping in every if groups in (None, len(grouping))]
        found = best_grouping(matrix, tasks, groups, singleton, blocks)
        assert found.grouping == min(allowed, key=rank(matrix, tasks, singleton))
        assert found.score == score_grouping(matrix, tasks, found.grouping, singleton)
        assert (found.method, found.exact, found.candidates) == ("exact", True, len(allowed))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("groups", [None, 3, 5])
def test_local_moves_with_locked_tasks_find_what_the_exact_search_finds(monkeypatch, seed, groups):
    tasks, matrix = names(10), np.random.default_rng(seed).normal(size=(10, 10))
    blocks = [["t00", "t09", "t04"], ["t02"], ["t06", "t07"]]
    exact = best_grouping(matrix, tasks, groups, locked=blocks)
    monkeypatch.setattr(grouping_search, "EXACT_TASKS", 1)
    local = best_grouping(matrix, tasks, groups, locked=blocks)
    assert keeps(local.grouping, blocks)
    assert (local.grouping, local.exact) == (exact.grouping, False)


@pytest.mark.parametrize("blocks", LOCKS.values(), ids=LOCKS)
@pytest.mark.parametrize("kind", MATRICES)
def test_every_cut_of_the_clustering_keeps_the_locks(kind, blocks):
    tasks, matrix = names(9), MATRICES[kind](np.random.default_rng(4), 9)
    items = PartitionItems.of(matrix, 0.0, [[tasks.index(task) for task in block] for block in blocks])
    cuts = [
        Grouping.of(
            [tasks[row] for item in np.flatnonzero(cut == one) for row in items.tasks[item]] for one in set(cut)
        )
        for cut in clustered(items)
    ]
    assert [len(cut) for cut in cuts] == list(range(len(blocks), len(items) + 1))
    assert all(keeps(cut, blocks) for cut in cuts)


def test_a_locked_pair_costs_what_it_costs():
    tasks = names(3)
    matrix = np.array([[0, 1, -1], [1, 0, 1], [-1, 1, 0.0]])  # t00 and t02 harm each other
    free = best_grouping(matrix, tasks)
    assert (free.grouping.text(), free.score) == ("t00+t01,t02", pytest.approx(2 / 3))
    apart = best_grouping(matrix, tasks, locked=[["t00"], ["t02"]])
    assert (apart.grouping, apart.candidates) == (free.grouping, 3)
    assert best_grouping(matrix, tasks, 2, locked=[["t00", "t02"]]).score == pytest.approx(-2 / 3)


@pytest.mark.parametrize(("groups", "locked", "told"), [
    (1, [["t00"], ["t01"]], "from 2 to 4. Got 1"),
    (4, [["t00", "t01"], ["t02"]], "from 2 to 3. Got 4"),
    (None, [["t00"], ["t00", "t01"]], "each once. Got 't00', 't00', 't01'"),
    (None, [["fox"]], "locked must hold some of 't00', .* Got 'fox' instead"),
])  # fmt: skip
def test_locks_that_cannot_be_are_refused(groups, locked, told):
    with pytest.raises(InputError, match=told):
        best_grouping(np.zeros((4, 4)), names(4), groups, locked=locked)


def test_partitions_that_keep_locks_are_counted():
    assert [partition_count(n, None, 1) for n in range(5)] == BELL[1:6]
    assert [partition_count(2, k, 2) for k in range(1, 5)] == [0, 4, 5, 1]  # r-Stirling numbers, r = 2
