"""Edits survive whatever ends the process, and the next session says so and offers the way back."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmap_studio.errors import StorageError
from mmap_studio.session.project import autosave
from mmap_studio.session.project.autosave import NAME
from mmap_studio.session.project.project import FILE_NAME, Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.session.studio.studio import Studio

TASKS, ROUNDS = ("a", "b", "c"), 12
EDITOR = """
import random, sys
from mmap_studio.session.runtime.job import BackgroundJob
from mmap_studio.session.studio.studio import Studio

class Idle:
    def opening(self, project):
        return lambda stop: iter(())

job = BackgroundJob(on_thread=lambda: None)  # without torch
studio, rng, seed = Studio(Idle(), job), random.Random(int(sys.argv[2])), 0
studio.open(sys.argv[1])
studio.job.join()
studio.poll()
print("ready", flush=True)
for line in sys.stdin:
    if rng.random() < 0.5:
        seed += 1
        studio.set_settings(studio.project.settings.model_copy(update={"seed": seed + 100}))
    else:
        studio.board.move(rng.choice(studio.board.tasks), rng.randrange(len(studio.board.grouping)))
        studio.board.rename_group(0, f"Round {line.strip()}")
    studio.settle()
    print(line.strip(), studio.project.settings.seed, studio.board.group_names[0], sep=";", flush=True)
"""


class Idle:
    def opening(self, project):
        return lambda stop: iter(())


@pytest.fixture
def folder(tmp_path) -> Path:
    Project.new(tmp_path / "mine", [TaskEntry(name=name, folder=name) for name in TASKS])
    return tmp_path / "mine"


def opened(folder: Path) -> Studio:
    studio = Studio(Idle())
    studio.open(folder)
    studio.job.join()
    studio.poll()
    return studio


def editor(folder: Path, seed: int) -> subprocess.Popen:
    command = [sys.executable, "-c", EDITOR, str(folder), str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "ready"
    return process


@pytest.mark.parametrize("seed", range(3))
def test_no_edit_that_was_made_is_lost_when_the_process_is_killed(folder, seed):
    process, rng = editor(folder, seed), random.Random(seed)
    for round_ in range(ROUNDS):
        process.stdin.write(f"{round_}\n")
        process.stdin.flush()
        said = process.stdout.readline().strip().split(";")
    process.stdin.write("late\n")  # one that is perhaps made, perhaps not, but never half
    process.stdin.flush()
    time.sleep(rng.random() * 0.02)
    process.kill()
    process.wait()
    studio = opened(folder)
    state = [str(studio.project.settings.seed), studio.board.group_names[0]]
    one_more = state[1] == "Round late" or int(state[0]) == int(said[1]) + 1
    assert state == said[1:] or one_more
    assert set(studio.board.tasks) == set(TASKS)
    assert studio.recovered is not None
    assert studio.recovered.process == process.pid
    assert studio.recovered.began.edits >= ROUNDS
    studio.close()
    for pipe in (process.stdin, process.stdout):
        pipe.close()


def test_the_last_session_can_be_taken_back_in_one_step_and_that_undone(folder):
    first = opened(folder)
    first.board.replace(first.board.grouping.move(("c",), None))
    first.close()
    began = opened(folder)
    began_board, began_seed = began.board.to_json(), began.project.settings.seed
    began.close()
    process = editor(folder, 5)
    for round_ in range(ROUNDS):
        process.stdin.write(f"{round_}\n")
        process.stdin.flush()
        process.stdout.readline()
    process.kill()
    process.communicate()
    studio = opened(folder)
    edited = studio.board.to_json(), studio.project.settings.seed
    assert edited != (began_board, began_seed)
    studio.take_back()
    studio.job.join()
    studio.settle()
    assert (studio.board.to_json(), studio.project.settings.seed) == (began_board, began_seed)
    assert Project.open(folder).settings.seed == began_seed
    studio.board.undo()
    assert (studio.board.to_json(), studio.project.settings.seed) == edited
    studio.close()


def test_a_session_that_ends_properly_leaves_nothing_to_offer(folder):
    studio = opened(folder)
    studio.set_settings(studio.project.settings.model_copy(update={"seed": 9}))
    studio.settle()
    assert "began" in json.loads((folder / NAME).read_text())
    studio.close()
    assert "began" not in json.loads((folder / NAME).read_text())
    again = opened(folder)
    assert again.recovered is None
    again.take_back()
    assert again.project.settings.seed == 9
    again.close()


def test_a_killed_session_that_edited_nothing_is_said_without_an_offer(folder):
    process = editor(folder, 0)
    process.kill()
    process.communicate()
    studio = opened(folder)
    assert studio.recovered.began is None
    assert "nothing had been edited" in studio.recovered.sentence
    studio.close()


def test_opening_writes_nothing_so_a_death_while_opening_loses_no_board(folder):
    studio = opened(folder)
    studio.board.replace(studio.board.grouping.move(("c",), None))
    kept = studio.board.grouping
    studio.close()
    before = (folder / NAME).read_bytes(), (folder / FILE_NAME).read_bytes()
    again = opened(folder)
    assert ((folder / NAME).read_bytes(), (folder / FILE_NAME).read_bytes()) == before
    assert again.board.grouping == kept
    again.close()


def test_another_project_of_the_same_tasks_is_not_written_while_one_is_opened(folder, tmp_path):
    other = Project.new(tmp_path / "other", [TaskEntry(name=name, folder=name) for name in TASKS])
    studio = opened(folder)
    studio.board.replace(studio.board.grouping.move(("c",), None))
    kept = studio.board.grouping
    studio.open(other.folder)
    studio.job.join()
    studio.close()
    again = opened(folder)
    assert again.board.grouping == kept
    again.close()


def test_a_full_disk_at_the_end_does_not_keep_the_window_open(folder, monkeypatch):
    studio = opened(folder)
    studio.set_settings(studio.project.settings.model_copy(update={"seed": 9}))

    def full(*args):
        raise StorageError("no room")

    monkeypatch.setattr(autosave, "save", full)
    assert studio.close()
