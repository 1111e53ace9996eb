import threading

import numpy as np
import pytest

from mmap_studio.errors import InputError, StorageError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.engines.choice import HERE
from mmap_studio.session.events import AffinityMeasured, GroupingChosen, Notice
from mmap_studio.session.project import autosave
from mmap_studio.session.project.lock import ProjectLock
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.session.runtime.job import BackgroundJob, State
from mmap_studio.session.studio.events import NotSaved
from mmap_studio.session.studio.studio import Studio
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.affinity.lookahead import AffinityMeter


TASKS = ("Noto", "Twemoji", "OpenMoji", "Fluent flat", "Fluent 3D", "High contrast")


def chosen(grouping: Grouping) -> GroupingChosen:
    return GroupingChosen(grouping, None, "given")


class Script:
    """An engine that says what it is told to say."""

    run_on = HERE

    def __init__(self, events=()):
        self.events = tuple(events)

    def opening(self, project):
        return lambda stop: iter(())

    def recalling(self, project, tasks, grouping, draw=True):
        return lambda stop: iter(())

    def running(self, project, groups, controls=(), only_affinity=False, **more):
        return lambda stop: iter(self.events)


def opened(engine=None) -> Studio:
    studio = Studio(engine or Script(), BackgroundJob(on_thread=lambda: None))
    studio.open("starter")
    settle(studio)
    return studio


def settle(studio: Studio) -> None:
    assert studio.job.join(5)
    studio.poll()


def test_a_fresh_starter_has_all_tasks_on_its_board(home):
    studio = opened()
    assert studio.board.tasks == TASKS
    assert studio.jobs.state is State.DONE
    assert studio.close()


def test_a_run_hands_its_groups_to_an_untouched_board_only(home):
    found = Grouping.of([TASKS[:3], TASKS[3:]])
    studio = opened(Script([chosen(found)]))
    studio.jobs.run()
    settle(studio)
    assert studio.board.grouping == found
    studio.engine.events = (chosen(Grouping.separate(TASKS)),)
    studio.jobs.run()
    studio.board.move("Noto", None)
    mine = studio.board.grouping
    settle(studio)
    assert studio.board.grouping == mine
    studio.close()


def test_a_second_window_is_told_which_process_has_it(home, tmp_path):
    studio = opened()
    with pytest.raises(InputError, match="process"):
        ProjectLock(studio.project.folder).acquire()
    studio.close()
    other = ProjectLock(studio.project.folder)
    other.acquire()
    other.release()


def test_an_own_project_is_written_with_every_edit(tmp_path):
    Project.new(tmp_path / "mine", [TaskEntry(name="a", folder="a"), TaskEntry(name="b", folder="b")])
    studio = Studio(Script(), BackgroundJob(on_thread=lambda: None))
    studio.open(tmp_path / "mine")
    studio.set_settings(studio.project.settings.model_copy(update={"seed": 5}))
    studio.settle()
    assert Project.open(tmp_path / "mine").settings.seed == 5
    assert studio.command() == f"mmap-studio run {tmp_path / 'mine'} --groups auto"
    settle(studio)
    studio.close()


def test_affinity_of_other_tasks_is_not_taken_for_theirs(home):
    studio = opened()
    entries = studio.project.file.tasks
    studio.known.estimate = AffinityMeter([entry.name for entry in entries]).snapshot()
    studio.board.set_affinity(np.eye(len(TASKS)), TASKS)
    studio.set_settings(studio.project.settings.model_copy(update={"seed": 9}))
    assert studio.jobs.groups_to_run == "auto"  # nobody has arranged them yet
    studio.board.move("Twemoji", None)
    assert studio.jobs.groups_to_run == studio.board.grouping.text()
    studio.edit_tasks("Remove Noto", [entry for entry in entries if entry.name != "Noto"])
    assert studio.jobs.groups_to_run == "auto"
    assert studio.board.score is None
    settle(studio)
    studio.close()


def test_a_run_that_waits_is_not_lost_to_what_is_asked_for_after_it(home):
    gate, engine = threading.Event(), Script()
    asked = []

    def opening(project):
        return lambda stop: iter([Notice(str(gate.wait(5)))])

    def running(project, groups, controls=(), only_affinity=False, **more):
        asked.append(([entry.name for entry in project.file.tasks], groups))
        return lambda stop: iter(())

    engine.opening, engine.running = opening, running
    studio = Studio(engine, BackgroundJob(on_thread=lambda: None))
    studio.open("starter")
    assert studio.jobs.run()
    studio.edit_tasks("Remove Noto", [entry for entry in studio.project.file.tasks if entry.name != "Noto"])
    gate.set()
    for _ in range(3):  # the opening, the one of other tasks, the run
        settle(studio)
    assert asked == [(list(TASKS[1:]), "auto")]
    studio.close()


def test_a_run_that_waits_does_not_follow_into_another_project(tmp_path, home):
    engine, asked = Script(), []
    engine.running = lambda *which, **more: asked.append(which)
    Project.new(tmp_path / "mine", [TaskEntry(name="a", folder="a"), TaskEntry(name="b", folder="b")])
    studio = Studio(engine, BackgroundJob(on_thread=lambda: None))
    studio.open("starter")
    studio.jobs.run()
    studio.open(tmp_path / "mine")
    for _ in range(3):
        settle(studio)
    assert not asked
    studio.close()


def test_the_board_scores_and_suggests_by_the_settings_as_a_run_does(home):
    matrix = np.full((len(TASKS), len(TASKS)), 0.1)
    np.fill_diagonal(matrix, 0.5)
    meter = AffinityMeter(TASKS)
    for _ in range(5):
        meter.update(matrix)
    studio = opened(Script([AffinityMeasured(meter.snapshot(), 1, 1)]))
    studio.jobs.run()
    settle(studio)
    board, settings = studio.board, studio.project.settings
    assert board.score == pytest.approx(0.2)  # of what a task's own step gives
    grouping = settings.grouping.model_copy(update={"normalised": False, "singleton_score": 0.3})
    studio.set_settings(settings.model_copy(update={"grouping": grouping}))
    assert board.score == pytest.approx(0.1)
    assert board.changes_if_moved(["Noto"])[-1] == pytest.approx((0.3 - 0.1) / 6)
    board.take(board.suggestion()())
    assert board.grouping == Grouping.separate(TASKS)
    settle(studio)
    studio.close()


def test_affinity_that_cannot_be_normalised_is_scored_raw(home):
    matrix = np.full((len(TASKS), len(TASKS)), 0.1) - 0.2 * np.eye(len(TASKS))
    meter = AffinityMeter(TASKS)
    meter.update(matrix)
    studio = opened(Script([AffinityMeasured(meter.snapshot(), 1, 1)]))
    studio.jobs.run()
    settle(studio)
    assert studio.board.score == pytest.approx(0.1)
    studio.close()


def test_stop_withdraws_a_run_that_waits_and_the_project_is_opened_after_all(home):
    gate, engine, begun = threading.Event(), Script(), []

    def opening(project):
        begun.append("opening")
        return lambda stop: iter([Notice(str(gate.wait(5)))])

    engine.opening = opening
    engine.running = lambda *which, **more: begun.append("run")
    studio = Studio(engine, BackgroundJob(on_thread=lambda: None))
    studio.open("starter")
    studio.jobs.run()
    assert studio.jobs.run_waits
    studio.jobs.stop()
    assert not studio.jobs.run_waits
    gate.set()
    for _ in range(3):
        settle(studio)
    assert begun == ["opening", "opening"]
    studio.close()


def test_an_edit_that_cannot_be_written_stands_is_said_and_is_written_with_the_next(home, monkeypatch):
    studio, told = opened(), []
    studio.listen(lambda event: told.append(event) if isinstance(event, NotSaved) else None)
    settings = studio.project.settings
    with monkeypatch.context() as full:
        full.setattr(autosave, "save", refuse)
        studio.set_settings(settings.model_copy(update={"seed": 7}))
        studio.settle()
        studio.board.replace(Grouping.separate(TASKS))
        studio.settle()
    assert [event.sentence for event in told] == ["The disk is full."] * 2
    assert (studio.project.settings.seed, len(studio.board.grouping)) == (7, len(TASKS))
    studio.save()
    studio.board.undo()
    studio.board.undo()
    assert (studio.project.settings.seed, len(studio.board.grouping)) == (settings.seed, 1)
    assert len(told) == 2
    settle(studio)
    studio.close()


def refuse(*args):
    raise StorageError("The disk is full.")


def test_what_is_edited_during_a_run_is_read_after_it(home):
    studio, gate = opened(), threading.Event()
    studio.engine.running = lambda *which, **more: lambda stop: iter([Notice(str(gate.wait(5)))])
    opened_with = []
    studio.engine.opening = lambda project: opened_with.append(project.settings.precision) or (lambda stop: iter(()))
    studio.jobs.run()
    studio.set_settings(studio.project.settings.model_copy(update={"precision": "bfloat16"}))
    gate.set()
    settle(studio)
    assert opened_with == ["bfloat16"]
    settle(studio)
    studio.close()
