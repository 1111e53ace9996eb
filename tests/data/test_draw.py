"""Joint draws: one subject in one part everywhere, with the numbers of every task's plan."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmap_studio.data.draw import draw, leaked_images, parts_of
from mmap_studio.data.split import Split, few_shot_plan, fraction_plan, share_plan
from mmap_studio.method.task import SPLITS

NAMES, DOMAINS, EACH = tuple("abc"), ("Art", "Clip", "Real"), 20
LABELS = [label for label in range(len(NAMES)) for _ in range(EACH)]
SAME = [np.arange(len(LABELS))] * len(DOMAINS)
PLANS = {  # how a task is planned, and how many images of a class are in each part then
    "fractions": (lambda labels, name, given=None: fraction_plan(labels, NAMES, task_name=name), (12, 4, 4)),
    "shots": (
        lambda labels, name, given=None: few_shot_plan(labels, NAMES, 4, task_name=name, given=given), (4, 4, 12)
    ),
    "one shot": (
        lambda labels, name, given=None: few_shot_plan(labels, NAMES, 1, task_name=name, given=given), (1, 1, 18)
    ),
    "share": (lambda labels, name, given=None: share_plan(labels, NAMES, 0.1, task_name=name, given=given), (2, 2, 16)),
    "rest is test": (
        lambda labels, name, given=None: share_plan(labels, NAMES, 0.1, task_name=name, given=given, rest="test"),
        (2, 0, 18),
    ),
}  # fmt: skip


def counts(split, labels, part):
    return np.bincount(np.asarray(labels)[list(split.part(part))], minlength=len(NAMES)).tolist()


def parts(splits, subjects):
    """Subject -> the parts that it is in."""
    found = {}
    for split, ids in zip(splits, subjects, strict=True):
        for part in SPLITS:
            for image in split.part(part):
                found.setdefault(int(ids[image]), set()).add(part)
    return found


@pytest.mark.parametrize("kind", PLANS)
def test_domains_that_show_the_same_do_not_leak_and_have_the_numbers_that_were_asked_for(kind):
    make, each = PLANS[kind]
    plans = [make(LABELS, name) for name in DOMAINS]
    apart = draw(plans, seed=1)
    leaking = sum(leaked_images(apart, SAME)) / sum(len(split.test) for split in apart)
    assert leaking > {"fractions": 0.75, "shots": 0.3, "one shot": 0.03}.get(kind, 0.1)
    together = draw(plans, seed=1, subjects=SAME)
    assert leaked_images(together, SAME) == [0, 0, 0]
    assert {len(found) for found in parts(together, SAME).values()} == {1}
    for split in together:
        assert [counts(split, LABELS, part) for part in SPLITS] == [[n] * 3 for n in each]


@pytest.mark.parametrize("kind", PLANS)
def test_images_that_are_alone_are_drawn_as_if_there_were_no_subjects(kind):
    plans = [PLANS[kind][0](LABELS, name) for name in DOMAINS]
    alone = [np.arange(len(LABELS)) + 1000 * number for number in range(len(DOMAINS))]
    assert draw(plans, seed=3, subjects=alone) == draw(plans, seed=3)


@settings(deadline=None, max_examples=60)  # shared machines stall
@given(st.data(), st.sampled_from([*PLANS]), st.integers(0, 2**31 - 1))
def test_whatever_overlaps_no_subject_is_tested_and_trained_on(data, kind, seed):
    own = data.draw(st.lists(st.sampled_from(range(len(NAMES))), min_size=5, max_size=40))
    plans, subjects = [], []
    for name in DOMAINS[: data.draw(st.integers(1, 3))]:
        ids = data.draw(st.lists(st.integers(0, len(own) - 1), min_size=1, max_size=40))
        plans.append(PLANS[kind][0]([own[one] for one in ids], name))
        subjects.append(np.array(ids))
    splits = draw(plans, seed=seed, subjects=subjects)
    assert sum(leaked_images(splits, subjects)) == 0
    assert all(len(found) == 1 for found in parts(splits, subjects).values())
    most = {"shots": 4, "one shot": 1}.get(kind, len(own) * 40)
    for plan, split in zip(plans, splits, strict=True):
        assert max(counts(split, plan.labels, "train")) <= most
        if kind == "fractions":
            assert sum(len(split.part(part)) for part in SPLITS) == len(plan.labels)


def test_the_same_seed_draws_the_same_and_another_another():
    plans = [PLANS["shots"][0](LABELS, name) for name in DOMAINS]
    first = draw(plans, seed=1, subjects=SAME)
    assert draw(plans, seed=1, subjects=SAME) == first
    assert draw(plans, seed=2, subjects=SAME) != first
    assert draw(plans[::-1], seed=1, subjects=SAME)[::-1] == first  # whatever the order of the tasks


def test_a_domain_that_has_only_some_of_the_subjects_gets_its_shots_too():
    few = [image for image in range(len(LABELS)) if image % EACH < 5]
    plans = [PLANS["shots"][0](LABELS, "Art"), PLANS["shots"][0]([LABELS[image] for image in few], "Clip")]
    subjects = [np.arange(len(LABELS)), np.array(few)]
    art, clip = draw(plans, seed=1, subjects=subjects)
    assert counts(art, LABELS, "train") == counts(clip, plans[1].labels, "train") == [4] * 3
    assert leaked_images([art, clip], subjects) == [0, 0]


def test_a_given_test_is_kept_and_what_it_shows_is_trained_on_nowhere():
    given = ["test" if image % EACH < 5 else "train" for image in range(len(LABELS))]
    plans = [PLANS["shots"][0](LABELS, "Art", given), PLANS["shots"][0](LABELS, "Clip")]
    art, clip = draw(plans, seed=1, subjects=SAME[:2])
    assert art.test == tuple(image for image, part in enumerate(given) if part == "test")
    assert set(art.test) <= set(clip.test)
    assert counts(clip, LABELS, "train") == [4] * 3
    assert leaked_images([art, clip], SAME[:2]) == [0, 0]


def test_what_other_tasks_have_decided_holds():
    plan, ids = PLANS["fractions"][0](LABELS, "Clip"), SAME[0]
    art = draw([PLANS["fractions"][0](LABELS, "Art")], seed=1)
    (clip,) = draw([plan], seed=1, subjects=[ids], decided=parts_of(art, [ids]))
    assert clip == art[0]
    assert clip != draw([plan], seed=1)[0]


def test_a_subject_in_two_parts_is_kept_from_training():
    splits = [Split((0,), (1,), ()), Split((1,), (), (0,))]
    assert parts_of(splits, [np.array([7, 8]), np.array([7, 8])]) == {7: "test", 8: "val"}
    assert leaked_images(splits, [np.array([7, 8]), np.array([7, 8])]) == [0, 1]


def test_equal_images_of_one_class_are_in_one_part_and_never_more_than_the_shots():
    copies = np.repeat(np.arange(len(LABELS) // 2), 2)  # every image twice
    (shots,) = draw([PLANS["shots"][0](LABELS, "Art")], seed=1, subjects=[copies])
    assert counts(shots, LABELS, "train") == [4] * 3
    (one,) = draw([PLANS["one shot"][0](LABELS, "Art")], seed=1, subjects=[copies])
    assert counts(one, LABELS, "train") == [1] * 3  # the copy of it is not used
    assert leaked_images([one], [copies]) == [0]
    (fractions,) = draw([PLANS["fractions"][0](LABELS, "Art")], seed=1, subjects=[copies])
    assert [counts(fractions, LABELS, part) for part in SPLITS] == [[12] * 3, [4] * 3, [4] * 3]


def test_an_earlier_draw_from_given_parts_is_followed():
    given = ["test" if image % EACH < 5 else "train" for image in range(len(LABELS))]
    plans = [few_shot_plan(LABELS, NAMES, 4, task_name=name, given=given) for name in DOMAINS]
    first = draw(plans, seed=1, subjects=SAME)
    gone = first[0].train[0]
    moved = [*given[:gone], "test", *given[gone + 1 :]]
    again = draw(
        [few_shot_plan(LABELS, NAMES, 4, task_name=name, given=moved, before=before)
         for name, before in zip(DOMAINS, first, strict=True)],
        seed=2, subjects=SAME,
    )  # fmt: skip
    for before, split in zip(first, again, strict=True):
        assert set(before.train) - {gone} < set(split.train)
        assert len(split.train) == len(before.train)
