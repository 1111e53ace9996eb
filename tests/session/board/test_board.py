"""The board: edits are steps, steps come back, and nothing is ever lost."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from tests.session.board.cases import CASES, START, TASKS, Case, board


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_moves(case: Case) -> None:
    made = board()
    made.move(case.tasks, case.to)
    assert made.grouping.groups == case.after
    assert made.history.undo_label == case.label
    made.undo()
    assert made.grouping.groups == START
    made.redo()
    assert made.grouping.groups == case.after


def test_names_stay_with_their_group() -> None:
    made = board()
    made.rename_group(1, "Cameras")
    made.move(["art", "clipart", "sketch"], 1)
    assert made.group_names == ("Cameras", "Group 3")
    made.move("scan", None)
    assert made.group_names == ("Cameras", "Group 3", "Group 1")
    made.split(0, ["art"])
    assert made.group_names == ("Cameras", "Group 2", "Group 3", "Group 1")
    assert made.grouping.groups[1] == ("art",)


def test_names_follow_the_most_shared_tasks() -> None:
    made = board()
    made.rename_group(1, "Cameras")
    made.replace(Grouping.of([["toy", "photo", "scan"], ["art"], ["sketch", "clipart"]]))
    assert made.group_names == ("Cameras", "Group 2", "Group 1")


@pytest.mark.parametrize("name", ["Group 1", "", "  "])
def test_a_name_is_its_groups_own(name: str) -> None:
    made = board()
    with pytest.raises(InputError, match="name of its own"):
        made.rename_group(1, name)
    assert made.group_names == ("Group 1", "Group 2", "Group 3")


def test_groupings_kept_side_by_side() -> None:
    made = board()
    made.keep("mine")
    made.move("art", 1)
    assert made.kept_name is None
    made.keep("other")
    made.switch("mine")
    assert (made.grouping.groups, made.kept_name) == (START, "mine")
    made.remove_task("scan")
    made.add_task("new")
    made.switch("other")
    assert set(made.tasks) == set(TASKS) - {"scan"} | {"new"}
    made.forget("other")
    assert set(made.kept) == {"mine"}
    made.undo()
    assert set(made.kept) == {"mine", "other"}
    with pytest.raises(InputError, match="'none such'"):
        made.switch("none such")


def test_trained_mark_is_about_members() -> None:
    made = board()
    made.set_trained([{"scan", "photo"}])
    assert [made.trained(i) for i in range(3)] == [False, True, False]
    made.move("scan", 0)
    assert not any(made.trained(i) for i in range(3))
    made.undo()
    assert made.trained(1)


def test_renamed_task_keeps_everything() -> None:
    made = board()
    made.lock("art")
    made.set_trained([START[0]])
    made.keep("mine")
    score = made.score
    made.rename_task("art", "paintings")
    assert (made.grouping.groups[0][0], made.locked, made.score) == ("paintings", {"paintings"}, score)
    assert made.trained(0)
    made.switch("mine")
    assert "paintings" in made.grouping
    made.undo()
    assert (made.grouping.groups, made.locked, made.score) == (START, {"art"}, score)
    assert made.trained(0)


def test_history_is_shared_with_the_project() -> None:
    made, project = board(), list(TASKS)
    with made.history.together("Remove toy"):
        made.remove_task("toy")
        project.remove("toy")
        made.history.push("", lambda: project.append("toy"), lambda: project.remove("toy"))
    assert made.history.undo_label == "Remove toy"
    made.undo()
    assert project == list(TASKS)
    assert made.grouping.groups == START
    made.redo()
    assert "toy" not in made.grouping
    assert "toy" not in project


def test_failed_step_is_taken_back() -> None:
    made = board()

    def two_moves() -> None:
        with made.history.together("Two moves"):
            made.move("art", 1)
            made.move("none such", 1)

    with pytest.raises(InputError, match="'none such'"):
        two_moves()
    assert made.grouping.groups == START
    assert made.history.undo_label is None


def test_listeners_hear_until_they_stop() -> None:
    made, heard = board(), []
    stop = made.changed.listen(lambda: heard.append(made.grouping.groups))
    made.move("toy", 0)
    assert heard == [made.grouping.groups]
    stop()
    made.undo()
    assert len(heard) == 1


def test_stored_and_restored() -> None:
    made = board()
    made.rename_group(0, "Drawn")
    made.lock("art")
    made.keep("mine")
    made.move("toy", 1)
    again = Board()
    again.restore(json.loads(json.dumps(made.to_json())))
    assert again.to_json() == made.to_json()
    assert again.history.undo_label is None
    again.switch("mine")
    assert again.grouping.groups == START


def test_a_board_knows_whether_anybody_has_arranged_it() -> None:
    made = Board(("art", "toy"))
    made.add_task("real", 0)
    made.keep("as it came")
    assert not made.arranged
    made.replace(Grouping.together(made.tasks), "All together")
    assert made.arranged
    assert made.history.undo_label == "Keep as it came"  # nothing that is seen has changed
    stored = made.to_json()
    again = Board()
    again.restore(stored)
    assert again.arranged
    made.undo()
    made.undo()
    assert made.arranged
    made.reset(("art",))
    assert not made.arranged
    del stored["arranged"]  # as older versions stored it
    again.restore(stored)
    assert not again.arranged
    again.move("toy", None)
    older = again.to_json()
    del older["arranged"]
    made.restore(older)
    assert made.arranged


@pytest.mark.parametrize(
    "spoilt",
    [None, {}, {"version": 9}, {"version": 1}, {"version": 1, "groups": [{"name": "a"}]},
     {"version": 1, "groups": [{"name": "a", "tasks": []}]}, {"version": 1, "groups": [], "kept": []}],
)  # fmt: skip
def test_spoilt_store_is_refused(spoilt: object) -> None:
    made = board()
    with pytest.raises(InputError):
        made.restore(spoilt)
    assert made.grouping.groups == START


EDITS = [
    "move", "new", "merge", "split", "rename", "lock", "suggest", "keep", "switch", "add", "remove", "undo", "redo",
]  # fmt: skip
NAMES = count()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_edits_keep_the_partition_and_come_back(data: st.DataObject) -> None:
    made = board()
    for _ in range(data.draw(st.integers(1, 12))):
        edit(made, data.draw(st.sampled_from(EDITS)), lambda values: data.draw(st.sampled_from(values)))
        assert sorted(made.tasks) == sorted(set(made.tasks))
        assert all(made.grouping.groups)
        assert len(set(made.group_names)) == len(made.grouping)
        assert made.locked <= set(made.tasks)
    end = made.to_json()
    steps = 0
    while made.history.undo_label:
        made.undo()
        steps += 1
    assert {**made.to_json(), "arranged": False} == board().to_json()  # that somebody did stays
    for _ in range(steps):
        made.redo()
    assert made.to_json() == end


def edit(made: Board, kind: str, pick: Callable[[Sequence], Any]) -> None:
    """One edit with arguments that may be refused, as a user's may."""
    if not made.tasks and kind not in ("undo", "redo"):
        return
    group = pick(range(len(made.grouping))) if made.tasks else 0
    with suppress(InputError):
        if kind in ("undo", "redo"):
            getattr(made, kind)()
        elif kind == "suggest":
            made.take(made.suggestion()())
        elif kind == "keep":
            made.keep("kept")
        elif kind == "switch":
            made.switch("kept")
        elif kind == "add":
            made.add_task(f"task {next(NAMES)}")
        elif kind == "rename":
            made.rename_group(group, f"name {next(NAMES)}")
        elif kind == "split":
            made.split(group)
        elif kind == "merge":
            made.merge(group, pick(range(len(made.grouping))))
        elif kind == "lock":
            task = pick(made.tasks)
            made.lock(task, task not in made.locked)
        elif kind == "remove":
            made.remove_task(pick(made.tasks))
        else:
            made.move(pick(made.tasks), None if kind == "new" else group)


def test_imports_neither_qt_nor_torch() -> None:
    code = "import sys, mmap_studio.session.board.board; print([m for m in ('torch', 'PySide6') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
