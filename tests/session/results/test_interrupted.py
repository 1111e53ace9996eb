"""A run that did not end says what it was asked for, and whether it can go on with the project as it is now."""

from contextlib import closing
from dataclasses import replace

import pytest

from mmap_studio.session.events import GroupingChosen, PhaseStarted, TrainingResumed
from mmap_studio.session.results.interrupted import interrupted_run
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.storage import runs
from mmap_studio.storage.runs import RunFolder, list_runs
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.run.pipeline import run

pytestmark = pytest.mark.slow


def stop_in(project, options, store, phase, after=3):
    """A run that is stopped some events after a phase began."""
    with closing(run(project, options, store)) as events:
        for event in events:
            if isinstance(event, PhaseStarted) and event.phase == phase:
                break
        for _ in range(after):
            next(events)


def test_a_run_that_was_stopped_while_measuring_goes_on_in_its_folder(tmp_path):
    project, store = projects.make(tmp_path, **{"affinity.epochs": 4}), MemoryStore()
    assert interrupted_run(project) is None
    stop_in(project, RunOptions(controls=("together",)), store, "affinity", after=8)
    found = interrupted_run(project)
    assert (found.state, found.training) == ("cancelled", False)
    assert "was stopped while measuring the affinity; it can go on from there" in found.sentence
    assert (found.asked.groups, found.asked.controls, found.settings) == ("auto", ("together",), project.settings)
    events = list(run(project, RunOptions(found.asked.groups, found.asked.controls, resume=True), store))
    assert [event.phase for event in events if isinstance(event, TrainingResumed)] == ["affinity"]
    assert [one.name for one in list_runs(project.runs)] == [found.name]
    assert interrupted_run(project) is None


def test_groups_that_were_edited_meanwhile_are_those_that_it_goes_on_with(tmp_path):
    project, store = projects.make(tmp_path), MemoryStore()
    with closing(run(project, RunOptions("art+real,clip art"), store)) as events:
        next(event for event in events if isinstance(event, GroupingChosen))
        next(events)
    found = interrupted_run(project)
    assert (found.asked.groups, found.training) == ("art+real,clip art", True)
    assert "while training its groups" in found.sentence


def test_a_project_that_has_become_another_is_not_gone_on_with(tmp_path):
    project, store = projects.make(tmp_path), MemoryStore()
    stop_in(project, RunOptions("together"), store, "zero_shot", after=0)
    train = project.settings.train.model_copy(update={"epochs": 9})
    others = project.with_settings(project.settings.model_copy(update={"train": train}))
    assert interrupted_run(others).settings == project.settings  # with those it began with
    elsewhere = project.with_settings(project.settings.model_copy(update={"device": "cuda"}))
    assert interrupted_run(elsewhere).settings == elsewhere.settings, "where a run goes on is the project's to say"
    assert interrupted_run(project.with_tasks(project.file.tasks[:2])) is None
    assert interrupted_run(project.with_backbone("starter")) is None
    assert interrupted_run(replace(project, file=project.file.model_copy(update={"name": "other"}))) is not None


@pytest.mark.parametrize("asked", ["groups = 7", 'groups = "art+nobody"', 'controls = ["no such thing"]', "x = ["])
def test_a_config_that_was_changed_offers_nothing(tmp_path, asked):
    project, store = projects.make(tmp_path), MemoryStore()
    stop_in(project, RunOptions("together"), store, "zero_shot", after=0)
    (folder,) = list_runs(project.runs)
    text = (folder.path / runs.CONFIG).read_text()
    before, table, after = text.partition("[asked]\n")
    assert table
    (folder.path / runs.CONFIG).write_text(before + table + asked + "\n" + after.partition("\n\n")[2])
    assert interrupted_run(project) is None


def test_a_killed_run_is_interrupted_and_one_that_failed_is_not_offered(tmp_path, monkeypatch):
    project, store = projects.make(tmp_path), MemoryStore()
    stop_in(project, RunOptions("together"), store, "zero_shot", after=0)
    for state, offered in (("interrupted", True), ("failed", False), ("damaged", False), ("running", False)):
        monkeypatch.setattr(RunFolder, "state", property(lambda self, state=state: state))
        assert (interrupted_run(project) is not None) is offered
    monkeypatch.setattr(RunFolder, "state", property(lambda self: "interrupted"))
    assert "was interrupted while about to train its groups" in interrupted_run(project).sentence
