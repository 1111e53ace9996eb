"""Rounds: which classes and tasks are trained, what is tested, and what cannot be divided."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW, DOMAIN_OUT, SHOTS
from mmap_studio.session.compare.protocols.rounds import rounds
from tests import tiny

TASKS = tuple(tiny.task(name, seed) for seed, name in enumerate(("art", "clipart", "real")))
SUBJECTS = tuple(np.arange(12) + 100 * n for n in range(3))


def named(task, *names):
    return replace(task, class_names=names)


def test_the_usual_protocol_is_one_round_of_everything():
    (only,) = rounds(SHOTS, TASKS, SUBJECTS)
    assert only.trained == TASKS
    assert [one.task for one in only.tested] == list(TASKS)
    assert [one.name for one in only.tested_by(TASKS[1:2])] == ["clipart"]


def test_classes_are_halved_and_images_keep_theirs():
    (only,) = rounds(BASE_TO_NEW, TASKS[:2], SUBJECTS[:2])
    base, new = (one.task for one in only.tested[:2])
    assert [one.name for one in only.tested] == ["art (base)", "art (new)", "clipart (base)", "clipart (new)"]
    assert only.trained[0] is base
    assert (base.class_names, new.class_names) == (tiny.WORDS[:2], tiny.WORDS[2:4])
    whole = TASKS[0].test
    for half, first in ((base, 0), (new, 2)):
        rows = np.flatnonzero((whole.labels == first) | (whole.labels == first + 1))
        assert np.array_equal(half.test.labels, whole.labels[rows] - first)
        assert np.array_equal(half.test.pixels([0, 2]), whole.pixels(rows[[0, 2]]))
    assert np.array_equal(only.tested[1].subjects, np.flatnonzero(whole.labels >= 2))
    assert len(base.train) + len(new.train) == len(TASKS[0].train)
    assert [one.name for one in only.tested_by(only.trained[:1])] == ["art (base)", "art (new)"]


def test_split_zips_have_digests_of_their_own_that_stay():
    def digests():
        (only,) = rounds(BASE_TO_NEW, TASKS[:1], SUBJECTS[:1])
        return [one.task.test.digest for one in only.tested]

    assert digests() == digests()
    assert len({*digests(), TASKS[0].test.digest}) == 3


def test_an_odd_class_more_is_trained():
    five = named(tiny.task("art", classes=4), "a", "b", "c", "d", "e")
    (only,) = rounds(BASE_TO_NEW, (five,), SUBJECTS[:1])
    assert only.trained[0].class_names == ("a", "b", "c")


def test_a_class_of_several_tasks_is_trained_in_all_or_none():
    one, other = named(TASKS[0], "a", "b", "c", "d"), named(TASKS[1], "d", "x", "a", "y")
    (only,) = rounds(BASE_TO_NEW, (one, other), SUBJECTS[:2])
    assert [task.class_names for task in only.trained] == [("a", "b"), ("x", "a")]
    assert only.tested[3].task.class_names == ("d", "y")


def test_too_few_classes_are_refused():
    with pytest.raises(
        InputError, match=r"need 4 classes of a task at least.*Found 2 and 1 of task 'art'; use another"
    ):
        rounds(BASE_TO_NEW, (tiny.task("art", classes=3),), SUBJECTS[:1])


def test_classes_whose_side_others_have_chosen_can_leave_a_task_without_one():
    one_side = (
        named(TASKS[0], "a", "b", "c", "d"),
        named(TASKS[1], "e", "f", "a", "b"),
        named(TASKS[2], "c", "d", "e", "f"),
    )
    with pytest.raises(InputError, match="Found 0 and 4 of task 'real'"):
        rounds(BASE_TO_NEW, one_side, SUBJECTS)


def test_no_test_image_on_a_side_is_refused():
    task = TASKS[0]
    none = replace(task, test=tiny.image_set(12, 2, 0))
    with pytest.raises(InputError, match=r"need test images of both.*Task 'art' lacks some"):
        rounds(BASE_TO_NEW, (none,), SUBJECTS[:1])


def test_every_task_is_left_out_once_and_tested_then():
    found = rounds(DOMAIN_OUT, TASKS, SUBJECTS)
    assert [[one.name for one in each.trained] for each in found] == [
        ["clipart", "real"], ["art", "real"], ["art", "clipart"],
    ]  # fmt: skip
    assert [[one.name for one in each.tested] for each in found] == [["art"], ["clipart"], ["real"]]
    assert all(each.tested_by(each.trained) == each.tested for each in found)


def test_a_domain_alone_or_with_a_class_of_its_own_cannot_be_left_out():
    with pytest.raises(InputError, match=r"needs two tasks at least\. Found 1; add one"):
        rounds(DOMAIN_OUT, TASKS[:1], SUBJECTS[:1])
    other = named(TASKS[1], "apple", "desk lamp", "fox", "hen")
    with pytest.raises(InputError, match="Class 'red car' is in 'art' alone; leave it out of the project"):
        rounds(DOMAIN_OUT, (TASKS[0], other), SUBJECTS[:2])


def test_classes_that_read_alike_are_one_class():
    """Else what one task is trained on would be new in another."""
    one, other = named(TASKS[0], "TV", "b", "c", "d"), named(TASKS[1], "x", "y", "tv", "D")
    (only,) = rounds(BASE_TO_NEW, (one, other), SUBJECTS[:2])
    assert [task.class_names for task in only.trained] == [("TV", "b"), ("x", "TV")]
    assert [each.task.class_names for each in only.tested] == [("TV", "b"), ("c", "d"), ("x", "TV"), ("y", "d")]
    alike = named(TASKS[0], "TV", "b", "c", "d"), named(TASKS[1], "c", "B", "tv", "d")
    found = rounds(DOMAIN_OUT, alike, SUBJECTS[:2])
    assert [each.trained[0].class_names for each in found] == [("c", "b", "TV", "d"), ("TV", "b", "c", "d")]
    assert rounds(SHOTS, alike, SUBJECTS[:2])[0].trained == alike
