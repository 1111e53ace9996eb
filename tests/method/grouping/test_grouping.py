"""`Grouping`: a partition by construction, equal whatever its order, edited into new ones."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping

TASKS = ("art", "clip", "real", "sketch")
PAIRS = Grouping.of([["art", "clip"], ["real", "sketch"]])

NAMES = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=8, unique=True)


@st.composite
def groupings(draw, names=NAMES):
    tasks = draw(names)
    labels = [draw(st.integers(0, len(tasks) - 1)) for _ in tasks]
    used = list(dict.fromkeys(labels))
    return Grouping.of([[task for task, label in zip(tasks, labels, strict=True) if label == one] for one in used])


# ---- construction


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([["art"], []], "at least one task"),
        ([["art"], ["art", "clip"]], "'art' more than once"),
        ([["art", "art"]], "'art' more than once"),
        ([["art", ""]], "not empty"),
        ([["art", 3]], "Got 3 instead"),
        (["art", "clip"], "collection of task names"),
    ],
)
def test_what_is_no_partition_is_refused(groups, text):
    with pytest.raises(InputError, match=text):
        Grouping.of(groups)


def test_lists_need_of_because_a_value_owns_what_it_holds():
    with pytest.raises(InputError, match=r"Grouping\.of takes lists"):
        Grouping([["art"]])  # type: ignore[arg-type]


def test_together_and_separate():
    assert Grouping.together(TASKS).groups == (TASKS,)
    assert Grouping.separate(TASKS).groups == (("art",), ("clip",), ("real",), ("sketch",))
    assert Grouping.together([]) == Grouping.separate([]) == Grouping(())


def test_order_is_kept_but_not_compared():
    turned = Grouping.of([["sketch", "real"], ["clip", "art"]])
    assert turned == PAIRS
    assert hash(turned) == hash(PAIRS)
    assert turned.groups == (("sketch", "real"), ("clip", "art"))
    assert turned.key == PAIRS.key == (("art", "clip"), ("real", "sketch"))
    assert Grouping.of([["art", "real"], ["clip", "sketch"]]) != PAIRS
    assert PAIRS.groups != PAIRS


# ---- reading


def test_reading():
    assert PAIRS.tasks == TASKS
    assert (len(PAIRS), list(PAIRS)) == (2, [("art", "clip"), ("real", "sketch")])
    assert PAIRS.group_of("sketch") == 1
    assert PAIRS.mates("art") == ("clip",)
    assert Grouping.separate(TASKS).mates("art") == ()
    assert "art" in PAIRS
    assert "oil" not in PAIRS
    with pytest.raises(InputError, match="Got 'oil' instead"):
        PAIRS.group_of("oil")


# ---- text and JSON


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("art+clip,real+sketch", [["art", "clip"], ["real", "sketch"]]),
        (" art + clip ,\treal+ sketch ", [["art", "clip"], ["real", "sketch"]]),
        ("ART,Clip+real+SKETCH", [["art"], ["clip", "real", "sketch"]]),
    ],
)
def test_parse(text, groups):
    assert Grouping.parse(text, TASKS).to_json() == groups


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("art+clip,real", "'sketch' missing"),
        ("art+clip,real+sketch+oil", "'art', 'clip', 'real', 'sketch'. Got 'oil'"),
        ("art+clip,real+sketch+art", "'art' more than once"),
        ("art+clip,real+sketch+ART", "'art' more than once"),
        ("art+clip,,real+sketch", "must name its tasks"),
        ("art++clip,real+sketch", "must name its tasks"),
        ("", "must name its tasks"),
        ("art+clip,real+sketch\\", "A backslash must be followed"),
    ],
)
def test_parse_names_what_is_wrong(text, message):
    with pytest.raises(InputError, match=message):
        Grouping.parse(text, TASKS)


def test_an_exact_name_wins_over_its_twin_in_another_case():
    assert Grouping.parse("art,ART", ["art", "ART"]).to_json() == [["art"], ["ART"]]
    with pytest.raises(InputError, match="'Art' instead, fitting 'art', 'ART'"):
        Grouping.parse("Art", ["art", "ART"])


def test_accents_match_however_they_are_composed():
    assert Grouping.parse("caf\u00e9", ["Cafe\u0301"]).tasks == ("Cafe\u0301",)


def test_odd_names_are_escaped():
    odd = Grouping.of([["black+white", "a, b"], [" edge ", "back\\slash"]])
    assert odd.text() == r"black\+white+a\, b,\ edge\ +back\\slash"
    assert Grouping.parse(odd.text(), odd.tasks).groups == odd.groups


@given(groupings())
def test_text_and_json_give_the_same_back(grouping):
    assert Grouping.parse(grouping.text(), grouping.tasks).groups == grouping.groups
    assert Grouping.from_json(grouping.to_json()).groups == grouping.groups


@pytest.mark.parametrize("value", [None, "art", {"groups": []}, ["art"], [["art"], "clip"], [[1]]])
def test_json_of_something_else_is_refused(value):
    with pytest.raises(InputError):
        Grouping.from_json(value)


# ---- edits

EDITS = [  # one case table for the value, the board and the view
    (lambda g: g.move("art", 1), [["clip"], ["real", "sketch", "art"]]),
    (lambda g: g.move("art", 0), [["art", "clip"], ["real", "sketch"]]),
    (lambda g: g.move("art", None), [["clip"], ["real", "sketch"], ["art"]]),
    (lambda g: g.move(["art", "clip"], 1), [["real", "sketch", "art", "clip"]]),
    (lambda g: g.move(["art", "clip"], None), [["art", "clip"], ["real", "sketch"]]),
    (lambda g: g.move(["art", "real"], None), [["clip"], ["sketch"], ["art", "real"]]),
    (lambda g: g.move(["art", "real", "art"], 0), [["art", "clip", "real"], ["sketch"]]),
    (lambda g: g.move([], None), [["art", "clip"], ["real", "sketch"]]),
    (lambda g: g.merge(1, 0), [["real", "sketch", "art", "clip"]]),
    (lambda g: g.split(0, "art"), [["clip"], ["art"], ["real", "sketch"]]),
    (lambda g: g.without("art"), [["clip"], ["real", "sketch"]]),
    (lambda g: g.without("art").without("clip"), [["real", "sketch"]]),
    (lambda g: g.with_task("oil"), [["art", "clip"], ["real", "sketch"], ["oil"]]),
    (lambda g: g.with_task("oil", 0), [["art", "clip", "oil"], ["real", "sketch"]]),
]


@pytest.mark.parametrize(("edit", "groups"), EDITS)
def test_edits(edit, groups):
    assert edit(PAIRS).to_json() == groups
    assert PAIRS.to_json() == [["art", "clip"], ["real", "sketch"]]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda g: g.move("oil", 0), "Got 'oil' instead"),
        (lambda g: g.move("art", 2), "from 0 to 1. Got 2"),
        (lambda g: g.move("art", -1), "from 0 to 1. Got -1"),
        (lambda g: g.merge(0, 0), "must be two"),
        (lambda g: g.merge(0, 5), "Got 5"),
        (lambda g: g.merge(5, 0), "Got 5"),
        (lambda g: g.split(0, ["art", "clip"]), "some, not all"),
        (lambda g: g.split(0, []), "Got none"),
        (lambda g: g.split(0, "real"), "Got 'real'"),
        (lambda g: g.without("oil"), "Got 'oil'"),
        (lambda g: g.with_task("art"), "more than once"),
        (lambda g: g.with_task("oil", 2), "Got 2"),
    ],
)
def test_edits_that_make_no_sense_are_refused(edit, message):
    with pytest.raises(InputError, match=message):
        edit(PAIRS)


@given(groupings(), st.data())
def test_a_move_changes_only_what_it_moves(grouping, data):
    moved = data.draw(st.lists(st.sampled_from(grouping.tasks), unique=True))
    to = data.draw(st.none() | st.integers(0, len(grouping) - 1))
    after = grouping.move(moved, to)
    assert set(after.tasks) == set(grouping.tasks)
    if moved:
        assert {after.group_of(task) for task in moved} == {after.group_of(moved[0])}
    stayed = [task for task in grouping.tasks if task not in moved]
    for task in stayed:  # who did not move keeps the mates that did not move either
        assert {*after.mates(task)} - {*moved} == {*grouping.mates(task)} - {*moved}


# ---- the control


@given(groupings(), st.integers(0, 2**32))
def test_random_keeps_the_sizes_and_differs(grouping, seed):
    drawn = Grouping.random(grouping.tasks, grouping, seed)
    assert [len(group) for group in drawn] == [len(group) for group in grouping]
    assert set(drawn.tasks) == set(grouping.tasks)
    assert (drawn == grouping) == (len(grouping) in (1, len(grouping.tasks)))


def test_random_follows_the_seed_and_reaches_every_other_partition():
    drawn = {Grouping.random(TASKS, PAIRS, seed) for seed in range(50)}
    assert drawn == {Grouping.parse(text, TASKS) for text in ("art+real,clip+sketch", "art+sketch,clip+real")}
    assert Grouping.random(TASKS, PAIRS, 3) == Grouping.random(TASKS[::-1], PAIRS, 3)
    with pytest.raises(InputError, match="sizes_like has, 4"):
        Grouping.random(TASKS[:3], PAIRS, 0)


def test_importing_it_loads_neither_torch_nor_scikit_learn():
    heavy = "[m for m in ('torch', 'sklearn') if m in sys.modules]"
    code = f"import sys, mmap_studio.method.grouping.grouping; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
