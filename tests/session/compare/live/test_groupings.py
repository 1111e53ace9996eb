"""What trials say of groups: ranks of the ways to make them, and what pairs gained."""

from dataclasses import replace

import numpy as np

from mmap_studio.session.compare.live.groupings import gains_of, partitions_of, with_groupings
from tests.session.compare import made_up

LABELS = made_up.labels_of(5)
N = len(LABELS)


def trial(way, seed, art, clipart, grouping, amount="4"):
    """Right on the first so many images of each task."""
    right = {"art": np.arange(N) < art, "clipart": np.arange(N) < clipart}
    return made_up.trial(way, amount, seed, right, LABELS, family="mmap", grouping=grouping)


PAIR, APART = "art+clipart", "art,clipart"


def test_ways_to_make_groups_are_ranked_over_the_seeds_that_all_have():
    made = made_up.comparison([
        trial("mmap_suggested", 1, 20, 10, APART), trial("mmap_suggested", 2, 0, 0, APART),
        trial("mmap_together", 1, 20, 20, PAIR),
    ])  # fmt: skip
    assert partitions_of(made) == (("mmap_suggested", 0.75, True), ("mmap_together", 1.0, False))


def test_where_the_suggested_groups_are_those_of_every_way_there_is_no_rank():
    made = made_up.comparison([trial("mmap_suggested", 1, 20, 10, PAIR), trial("mmap_together", 1, 20, 10, PAIR)])
    assert partitions_of(made) == ()
    alone = made_up.comparison([trial("mmap_together", 1, 20, 20, PAIR)])
    assert partitions_of(alone) == ()


def test_a_pair_gains_what_it_reaches_beyond_training_apart_seed_by_seed():
    made = made_up.comparison([
        trial("mmap_separate", 1, 10, 10, APART), trial("mmap_separate", 2, 10, 10, APART),
        trial("mmap_together", 1, 20, 10, PAIR), trial("mmap_random", 2, 10, 5, PAIR),
        trial("mmap_random", 3, 0, 0, PAIR),
    ])  # fmt: skip
    affinity = {("art", "clipart"): 0.1, ("clipart", "art"): -0.2}
    found = {(source, recipient): (known, gain) for source, recipient, known, gain in gains_of(made, affinity)}
    assert found == {("clipart", "art"): (-0.2, 0.25), ("art", "clipart"): (0.1, -0.125)}
    assert gains_of(made, {}) == ()


def test_lists_that_are_there_stay():
    given = (("a", "b", 0.1, 0.2),)
    made = made_up.comparison([trial("mmap_together", 1, 20, 20, PAIR)])
    assert with_groupings(replace(made, affinity_gains=given)).affinity_gains == given
