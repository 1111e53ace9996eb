"""Edits of a project: each is kept, is undone at the right time, and is said in the command where one can say it."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from tests.session.studio.test_studio import TASKS, opened, settle


def test_edits_come_back_after_closing(home):
    studio = opened()
    studio.board.move("Noto", None)
    studio.set_settings(studio.project.settings.model_copy(update={"seed": 7}))
    grouping = studio.board.grouping
    studio.close()
    again = opened()
    assert again.board.grouping == grouping
    assert again.project.settings.seed == 7
    again.close()


def test_the_command_says_what_is_not_as_shipped(home):
    studio = opened()
    assert studio.command() == "mmap-studio run starter --groups auto"
    studio.set_settings(studio.project.settings.model_copy(update={"seed": 9}))
    assert studio.command() == "mmap-studio run starter --groups auto --set seed=9"
    studio.edit_tasks("Remove", studio.project.file.tasks[1:])
    settle(studio)
    with pytest.raises(InputError, match="tasks or backbone are not as shipped"):
        studio.command()
    studio.board.undo()
    settle(studio)
    assert studio.command() == "mmap-studio run starter --groups auto --set seed=9"
    studio.close()


def test_settings_and_tasks_can_be_undone(home):
    studio = opened()
    before = studio.project.settings
    studio.set_settings(before.model_copy(update={"seed": 9}))
    entries = [e for e in studio.project.file.tasks if e.name != "Noto"]
    studio.edit_tasks("Remove Noto", entries)
    assert "Noto" not in studio.board.tasks
    settle(studio)
    studio.board.undo()
    assert "Noto" in studio.board.tasks
    assert [e.name for e in studio.project.file.tasks] == list(TASKS)
    studio.board.undo()
    assert studio.project.settings == before
    studio.close()


def test_what_a_run_is_of_is_not_undone_under_it(home, monkeypatch):
    studio = opened()
    studio.set_backbone("ViT-B-32:random")
    settle(studio)
    studio.edit_tasks("Remove Noto", studio.project.file.tasks[1:])
    settle(studio)
    monkeypatch.setattr(type(studio.jobs), "doing", "running")
    with pytest.raises(InputError, match="stop it before 'Remove Noto' is undone"):
        studio.board.undo()
    assert len(studio.board.tasks) == len(studio.project.file.tasks) == 5
    studio.board.move("Twemoji", None)
    studio.board.undo()  # groups may be arranged meanwhile
    monkeypatch.setattr(type(studio.jobs), "doing", "")
    studio.board.undo()
    settle(studio)
    monkeypatch.setattr(type(studio.jobs), "doing", "running")
    with pytest.raises(InputError, match="'Remove Noto' is done again"):
        studio.board.redo()
    with pytest.raises(InputError, match="'Change backbone' is undone"):
        studio.board.undo()
    assert len(studio.board.tasks) == len(studio.project.file.tasks) == 6
    monkeypatch.setattr(type(studio.jobs), "doing", "")
    studio.close()


def test_a_task_keeps_its_group_when_it_is_renamed(home):
    studio = opened()
    studio.board.replace(Grouping.of([TASKS[:2], TASKS[2:]]))
    entries = [e.model_copy(update={"name": "N"}) if e.name == "Noto" else e for e in studio.project.file.tasks]
    studio.edit_tasks("Rename Noto", entries)
    assert studio.board.grouping == Grouping.of([("N", "Twemoji"), TASKS[2:]])
    settle(studio)
    studio.close()
