"""Splits: disjoint, seeded, the same everywhere, one task's apart from every other's."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmap_studio.data.draw import draw
from mmap_studio.data.split import (
    MAX_VAL_SHOTS,
    UNVALIDATED,
    Split,
    few_shot_plan,
    fraction_plan,
    given_split,
    share_plan,
)
from mmap_studio.errors import DataError, InputError

NAMES = tuple("abcdefgh")
THIRDS = (0.6, 0.2, 0.2)
labellings = st.lists(st.integers(0, len(NAMES) - 1), max_size=120)
givens = st.sampled_from(["train", "val", "test", None])
seeds = st.integers(0, 2**31 - 1)


def fractions(labels, fractions=THIRDS, seed=1, task_name="Art", names=NAMES):
    return draw([fraction_plan(labels, names, fractions, task_name=task_name)], seed=seed)[0]


def shots(labels, k, seed=1, task_name="Art", names=NAMES, given=None):
    return draw([few_shot_plan(labels, names, k, task_name=task_name, given=given)], seed=seed)[0]


def share_of(labels, share, seed=1, **asked):
    return draw([share_plan(labels, NAMES, share, task_name="Art", **asked)], seed=seed)[0]


def counts(split, labels, name):
    return np.bincount(np.asarray(labels, int)[list(split.part(name))], minlength=len(NAMES))


def is_partition(split, n):
    return sorted([*split.train, *split.val, *split.test]) == list(range(n))


class TestFractions:
    @settings(deadline=None)  # shared machines stall
    @given(labellings, seeds, st.sampled_from([THIRDS, (0.1, 0.0, 0.9), (0.01, 0.01, 0.98), (0.98, 0.01, 0.01)]))
    def test_every_class_is_cut_by_the_fractions(self, labels, seed, wanted):
        split = fractions(labels, wanted, seed)
        assert is_partition(split, len(labels))
        n = np.bincount(np.asarray(labels, int), minlength=len(NAMES))
        train, val, test = (counts(split, labels, name) for name in ("train", "val", "test"))
        assert (train[n >= 1] >= 1).all()
        assert (test[n >= 2] >= 1).all()
        for part, share in zip((train, val, test), wanted, strict=True):
            assert (np.abs(part - n * share) < 2).all()

    @pytest.mark.parametrize(
        ("n", "wanted"),
        [
            (0, (0, 0, 0)), (1, (1, 0, 0)), (2, (1, 0, 1)), (3, (2, 0, 1)), (4, (2, 1, 1)), (5, (3, 1, 1)),
            (10, (6, 2, 2)), (99, (59, 20, 20)),
        ],
    )  # fmt: skip
    def test_counts_by_largest_remainder(self, n, wanted):
        split = fractions([0] * n)
        assert tuple(map(len, (split.train, split.val, split.test))) == wanted

    @pytest.mark.parametrize(
        "wanted", [(0.5, 0.5, 0.0), (0.0, 0.5, 0.5), (0.6, 0.2, 0.3), (1.2, -0.4, 0.2), (float("nan"), 0.2, 0.2)]
    )
    def test_fractions_that_are_none_are_refused(self, wanted):
        with pytest.raises(InputError, match=r"Task 'Art': fractions must be .* 1 together. Got"):
            fractions([0, 0], wanted)


class TestShots:
    @settings(deadline=None)  # shared machines stall
    @given(labellings, st.integers(1, 20), seeds)
    def test_every_class_gives_k_or_what_it_has(self, labels, k, seed):
        split = shots(labels, k, seed)
        assert is_partition(split, len(labels))
        n = np.bincount(np.asarray(labels, int), minlength=len(NAMES))
        train, val, test = (counts(split, labels, name) for name in ("train", "val", "test"))
        assert (train == np.where(n == 1, 1, np.minimum(k, np.maximum(n - 1, 0)))).all()
        assert (val == np.clip(n - k - 1, 0, min(k, MAX_VAL_SHOTS))).all()
        assert (test[n >= 2] >= 1).all()

    @settings(deadline=None)  # shared machines stall
    @given(labellings, st.integers(1, 20), seeds, st.data())
    def test_with_a_given_split_each_part_stays_in_its_own(self, labels, k, seed, data):
        given = data.draw(st.lists(givens, min_size=len(labels), max_size=len(labels)))
        if "train" not in given or "test" not in given:
            return
        split = shots(labels, k, seed, given=given)
        assert list(split.test) == [i for i, g in enumerate(given) if g == "test"]
        assert {given[i] for i in split.train} == {"train"}
        assert {given[i] for i in split.val} <= ({"val"} if "val" in given else {"train"})
        assert counts(split, labels, "train").max() <= k
        assert max(counts(split, labels, "val")) <= min(k, MAX_VAL_SHOTS)

    def test_a_given_split_of_nothing_is_none(self):
        assert shots([0] * 5, 2, given=[None] * 5) == shots([0] * 5, 2)

    def test_a_lone_training_part_is_divided_as_if_none_were_given(self):
        labels, alone = [0] * 6 + [1] * 6, ["train"] * 12
        assert shots(labels, 2, given=alone) == shots(labels, 2)
        share = share_of(labels, 0.25, given=alone)
        assert share == share_of(labels, 0.25)
        assert [len(share.part(part)) for part in ("train", "val", "test")] == [4, 4, 4]

    def test_more_shots_add_to_fewer(self):
        labels = [0, 1] * 30
        assert set(shots(labels, 2).train) < set(shots(labels, 4).train) < set(shots(labels, 16).train)

    def test_no_shots_are_refused(self):
        with pytest.raises(InputError, match=r"shots must be 1 or more a class. Got 0"):
            shots([0, 1], 0)


class TestSeeds:
    @settings(deadline=None)  # shared machines stall
    @given(labellings, seeds)
    def test_the_same_seed_gives_the_same_split(self, labels, seed):
        assert fractions(labels, seed=seed) == fractions(np.array(labels, np.int64), seed=seed)
        assert shots(labels, 2, seed).digest == shots(labels, 2, seed).digest

    def test_another_seed_or_task_gives_another(self):
        labels = [0, 1] * 40
        found = {fractions(labels, seed=s, task_name=t).digest for s in (1, 2, 3) for t in ("Art", "Clip")}
        assert len(found) == 6

    def test_a_class_does_not_depend_on_the_others(self):
        alone = fractions([0] * 20 + [1] * 20)
        among = fractions([0] * 20 + [2] * 33, names=("a", "x", "y"))
        assert [i for i in alone.train if i < 20] == [i for i in among.train if i < 20]

    def test_the_order_is_pinned(self):
        """A change here changes everybody's splits: on another machine, another numpy, or by an edit."""
        assert fractions([0] * 10, names=("dog",)) == Split((0, 1, 2, 3, 6, 9), (7, 8), (4, 5))

    def test_a_process_of_its_own_finds_the_same(self):
        code = (
            "from mmap_studio.data.draw import draw; from mmap_studio.data.split import few_shot_plan; "
            "print(draw([few_shot_plan([0, 1] * 20, ('dog', 'cat'), 3, task_name='Clip')], seed=7)[0].digest)"
        )
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        assert found == shots([0, 1] * 20, 3, 7, "Clip", ("dog", "cat")).digest


class TestGiven:
    def test_parts_are_as_given(self):
        split = given_split(["train", "test", None, "val", "train", "test"], [0, 0, 0, 0, 1, 1], ("a", "b"), "Art")
        assert (split.train, split.val, split.test) == ((0, 4), (3,), (1, 5))
        assert split.notices == ("Task 'Art': 1 class has no validation image: 'b'.",)

    def test_without_test_images_validation_is_the_test(self):
        split = given_split(["train", "val"], [0, 0], ("a",), "Art")
        assert (split.train, split.val, split.test) == ((0,), (), (1,))
        assert "Task 'Art': no test images are given, so the validation images are the test." in split.notices

    @pytest.mark.parametrize(
        ("given", "found"),
        [([None, None], "none of them"), (["train"] * 2, "found train;"), (["test", "val"], "val, test")],
    )
    def test_too_little_is_refused(self, given, found):
        with pytest.raises(DataError, match=f"Task 'Art': a given split needs images in train and in test.*{found}"):
            given_split(given, [0, 1], ("a", "b"), "Art")


class TestNotices:
    def test_small_classes_are_named(self):
        assert fractions([0] * 5 + [1, 1, 3], names=("a", "b", "c", "d")).notices == (
            "Task 'Art': 1 class has no training image: 'c'.",
            "Task 'Art': 2 classes have no test image: 'c', 'd'.",
            "Task 'Art': 3 classes have no validation image: 'b', 'c', 'd'.",
        )

    def test_too_few_shots_are_named(self):
        split = shots([0] * 30 + [1] * 3, 4, names=("a", "b"))
        assert split.notices == (
            "Task 'Art': 1 class has no validation image: 'b'.",
            "Task 'Art': 1 class has fewer than 4 training images: 'b'.",
        )

    def test_a_part_without_any_image_is_one_notice(self):
        (said,) = fractions([0, 0, 1, 1], names=("a", "b")).notices
        assert said == f"Task 'Art': there are no validation images: {UNVALIDATED}."

    def test_nothing_unusual_is_no_notice(self):
        assert fractions([0, 1] * 10, names=("a", "b")).notices == ()


class TestValue:
    SPLIT = Split((0, 2), (1,), (3,), ("something",))

    def test_parts_must_be_disjoint(self):
        with pytest.raises(ValueError, match="disjoint"):
            Split((0, 1), (1,), ())
        with pytest.raises(ValueError, match="0 or more"):
            Split((-1,), (), ())

    def test_notices_do_not_make_a_difference(self):
        assert Split((0, 2), (1,), (3,)) == self.SPLIT
        assert Split((0, 2), (1,), (3,)).digest == self.SPLIT.digest
        assert Split((0, 2), (3,), (1,)).digest != self.SPLIT.digest

    def test_unreadable_images_are_taken_out_and_the_rest_stays(self):
        assert self.SPLIT.without({2, 3}) == Split((0,), (1,), ())

    def test_a_part_has_one_of_three_names(self):
        with pytest.raises(ValueError, match=r"must be one of train, val, test. Got 'dev'"):
            self.SPLIT.part("dev")

    def test_labels_outside_the_classes_are_refused(self):
        with pytest.raises(ValueError, match=r"must lie in 0\.\.1"):
            fractions([0, 2], names=("a", "b"))
