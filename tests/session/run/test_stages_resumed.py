"""A run that was stopped or killed inside a training goes on there, and ends as one that was not."""

import json
import os
import signal
from contextlib import suppress

import numpy as np
import pytest

from mmap_studio.errors import StorageError
from mmap_studio.session.events import (
    AffinityMeasured,
    GroupReady,
    Notice,
    Progress,
    RunEnded,
    Stepped,
    TrainingResumed,
)
from mmap_studio.storage.hdf5 import unpack
from mmap_studio.storage.runs import AFFINITY, list_runs
from mmap_studio.storage.store import FolderStore
from tests import projects
from tests.lazy import imported_later
from tests.storage import faults

with imported_later():
    from mmap_studio.session.cache import unfinished
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions

pytestmark = pytest.mark.slow

CHANGES = {"train.epochs": 3, "train.batch_size": 6, "affinity.epochs": 2, "affinity.every": 2}
"""12 training images a task: 2 steps an epoch, 4 of stage 1, 6 of each of two groups."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return told(*walked(tmp_path_factory.mktemp("whole"), resume=False))


def walked(folder, resume, groups="2"):
    """The project in a folder, made at the first time, and all events of a run of it."""
    project, store = placed(folder)
    return project, store, list(run(project, RunOptions(groups=groups, resume=resume), store))


def placed(folder):
    from mmap_studio.session.project.project import Project

    there = (folder / "project").is_dir()
    project = Project.open(folder / "project") if there else projects.make(folder, **CHANGES)
    return project, FolderStore(folder / "cache")


def told(project, store, events):
    """All that a run that came to its end has left, without paths and times."""
    document = json.loads(json.dumps(events[-1].document))
    for name in ("timings", "paths", "project", "trained_nothing", "backbone"):
        document.pop(name)
    groups = {
        event.group.members: (
            {(which, str(key), name): array.tobytes() for which in ("final", "best")
             for key, arrays in getattr(event.group, which).items() for name, array in arrays.items()},
            event.group.validation, event.group.best_epoch, event.group.zero_shot, event.group.complete,
            {name: points.tobytes() for name, points in event.group.losses.items()},
        )
        for event in events if isinstance(event, GroupReady)
    }  # fmt: skip
    measured = [(e.step, e.estimate.mean.tobytes(), e.estimate.latest.tobytes())
                for e in events if isinstance(e, AffinityMeasured)]  # fmt: skip
    newest = list_runs(project.runs)[-1]
    rows = sorted(json.dumps(row, sort_keys=True) for row in newest.metrics() if row["what"] == "epoch")
    kept = {name: array.tobytes() for name, array in unpack(newest.path / AFFINITY).arrays.items()}
    assert newest.verify() == []
    assert not [entry for entry in store.entries() if entry.kind == unfinished.KIND]
    return document, groups, measured, rows, kept


def stopped(folder, after, resume):
    """A run that is closed after so many steps, as by a stop; whether it was."""
    project, store = placed(folder)
    events = run(project, RunOptions(groups="2", resume=resume), store)
    steps = 0
    for event in events:
        steps += isinstance(event, Stepped)
        if steps == after:
            events.close()
            return True
    return False


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("every", [2, 5])
def test_stopped_again_and_again_it_ends_with_the_same_bits(tmp_path, undisturbed, every):
    stops = 0
    while stopped(tmp_path, every, stops > 0):
        stops += 1
    assert stops == 16 // every
    assert len(list_runs(tmp_path / "project" / "runs")) == 1
    assert told(*walked(tmp_path, resume=False))[:2] == undisturbed[:2], "all of it is cached now"


@pytest.mark.parametrize("after", [1, 3, 6, 9, 11, 13])
def test_resumed_it_says_where_and_repeats_no_step(tmp_path, undisturbed, after):
    assert stopped(tmp_path, after, resume=False)
    project, store, events = walked(tmp_path, resume=True)
    assert told(project, store, events) == undisturbed
    assert len(of(Stepped, events)) == 16 - after
    (resumed,) = of(TrainingResumed, events)
    first = of(Stepped, events)[0]
    assert (first.phase, first.report.step) == (resumed.phase, resumed.step + 1)
    assert set(resumed.losses) == set(resumed.members) == set(first.report.members)
    assert all(len(losses) == resumed.step for losses in resumed.losses.values())
    sentence = f"goes on at step {resumed.step + 1} of {first.report.steps}, where it was stopped before."
    assert len([one for one in of(Notice, events) if one.text.endswith(sentence)]) == 1
    assert sentence in (list_runs(project.runs)[-1].path / "log.txt").read_text()
    mine = [one for one in of(Progress, events[events.index(resumed) :]) if one.phase == resumed.phase]
    assert [one.done for one in mine] == list(range(mine[0].done, mine[0].total + 1))
    assert mine[0].done - mine[0].cached == 1, "only what this run did says how fast it is"


def test_simply_run_again_it_goes_on_in_a_new_folder_with_every_epoch(tmp_path, undisturbed):
    assert stopped(tmp_path, 11, resume=False)
    project, _, events = walked(tmp_path, resume=False)
    assert len(of(Stepped, events)) == 5
    assert len(list_runs(project.runs)) == 2
    assert told(*walked(tmp_path, resume=False))[1] == undisturbed[1]
    rows = [row for row in list_runs(project.runs)[1].metrics() if row["what"] == "epoch"]
    members = rows[-1]["members"]
    assert [(row["epoch"], row["first_step"]) for row in rows if row["members"] == members] == [(1, 1), (2, 3), (3, 5)]


def test_other_settings_begin_anew(tmp_path):
    assert stopped(tmp_path, 11, resume=False)
    project, store = placed(tmp_path)
    other = project.with_settings(project.settings.model_copy(update={"seed": 7}))
    events = list(run(other, RunOptions(groups="2"), store))
    assert not of(TrainingResumed, events)
    assert len(of(Stepped, events)) == 16


def test_a_stopped_run_keeps_the_prompts_of_the_epoch_before_though_it_did_not_reach_another(tmp_path):
    from mmap_studio.storage.prompt_folder import load_prompts

    assert stopped(tmp_path, 7, resume=False)  # of stage 1 four, of the group an epoch and a step
    project, store = placed(tmp_path)
    events = run(project, RunOptions(groups="2"), store)
    with suppress(StopIteration):
        while not isinstance(next(events), TrainingResumed):
            pass
    events.close()
    assert load_prompts(list_runs(project.runs)[-1].path / "prompts").adapters


def test_a_snapshot_that_is_none_of_the_training_begins_anew(tmp_path, undisturbed):
    assert stopped(tmp_path, 11, resume=False)
    _, store = placed(tmp_path)
    (entry,) = [entry for entry in store.entries() if entry.kind == unfinished.KIND]
    artifact = store.get(entry.kind, entry.digest)
    arrays = {name: np.full_like(a, np.nan) if name == "module_0" else a for name, a in artifact.arrays.items()}
    store.put(entry.kind, entry.digest, arrays, artifact.meta)
    project, store, events = walked(tmp_path, resume=True)
    assert not of(TrainingResumed, events)
    assert isinstance(events[-1], RunEnded)
    assert told(project, store, events)[:2] == undisturbed[:2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a killed child is forked")
@pytest.mark.parametrize("kill", [4, 10], ids=["of stage 1", "of a group"])
def test_killed_at_the_last_step_of_a_training_its_last_epoch_is_in_the_record(tmp_path, undisturbed, kill):
    def work(_):
        project, store = placed(tmp_path)
        steps = (event for event in run(project, RunOptions(groups="2"), store) if isinstance(event, Stepped))
        for done, _ in enumerate(steps, start=1):
            if done == kill:
                os.kill(os.getpid(), signal.SIGKILL)

    placed(tmp_path)
    assert faults.in_child(work)[0] == signal.SIGKILL
    assert told(*walked(tmp_path, resume=True)) == undisturbed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a killed child is forked")
def test_killed_at_several_steps_it_ends_with_the_same_bits(tmp_path, undisturbed, monkeypatch):
    """SIGKILL, which leaves no time to keep anything: what was written before is what there is."""
    monkeypatch.setattr(unfinished, "EVERY", 0.0)
    placed(tmp_path)

    def work(kill, resume):
        project, store = placed(tmp_path)
        steps = 0
        for event in run(project, RunOptions(groups="2", resume=resume), store):
            steps += isinstance(event, Stepped)
            if steps == kill:
                os.kill(os.getpid(), signal.SIGKILL)

    for number, kill in enumerate((2, 1, 4, 3, 2)):  # in stage 1 twice, in one group twice, in the other
        ended, _ = faults.in_child(lambda _, kill=kill, number=number: work(kill, number > 0))
        assert ended == signal.SIGKILL
    project, store, events = walked(tmp_path, resume=True)
    assert told(project, store, events) == undisturbed
    assert len(list_runs(project.runs)) == 1
    assert len(of(Stepped, events)) == 16 - 12


def measured_by_training(folder, stop_after=None):
    """The events of stage 1, by training every pair, of a project made at the first time."""
    from mmap_studio.session.project.project import Project

    there = (folder / "project").is_dir()
    changes = CHANGES | {"affinity.by": "training", "affinity.repeats": 2}
    project = Project.open(folder / "project") if there else projects.make(folder, **changes)
    events = run(project, RunOptions(only_affinity=True, resume=there), FolderStore(folder / "cache"))
    seen = []
    for event in events:
        seen.append(event)
        if len([one for one in of(Progress, seen) if one.phase == "affinity"]) == stop_after:
            events.close()
            break
    return seen


def test_affinity_by_training_is_kept_training_by_training(tmp_path):
    whole = measured_by_training(tmp_path / "whole")
    steps = [one for one in of(Progress, whole) if one.phase == "affinity"]
    assert [one.done for one in steps] == list(range(1, steps[0].total + 1))
    assert steps[-1].share == 1
    assert [one.step for one in of(AffinityMeasured, whole)] == [1, 2]

    measured_by_training(tmp_path / "again", stop_after=len(steps) // 2)
    rest = measured_by_training(tmp_path / "again")
    later = [one for one in of(Progress, rest) if one.phase == "affinity" and one.done > one.cached]
    assert len(later) <= len(steps) // 2 + 6  # at most the training in hand is made again: 4 or 6 steps
    assert np.array_equal(of(AffinityMeasured, rest)[-1].estimate.mean, of(AffinityMeasured, whole)[-1].estimate.mean)

    cached = measured_by_training(tmp_path / "again")
    assert [one.cached for one in of(AffinityMeasured, cached)] == [True, True]
    found = [one.estimate.mean for events in (rest, cached) for one in of(AffinityMeasured, events)[-1:]]
    assert np.array_equal(*found)
    store = FolderStore(tmp_path / "again" / "cache")
    assert not [entry for entry in store.entries() if entry.kind == unfinished.KIND]


def test_a_disk_that_refuses_what_was_measured_so_far_is_said_once(tmp_path, monkeypatch):
    put = FolderStore.put

    def full(self, kind, digest, *values):
        if kind == unfinished.KIND:
            raise StorageError("The disk is full.")
        put(self, kind, digest, *values)

    monkeypatch.setattr(FolderStore, "put", full)
    events = measured_by_training(tmp_path)
    said = [one.text for one in of(Notice, events) if "The measurement goes on" in one.text]
    assert said == ["The disk is full. The measurement goes on; it would be lost if it were stopped."]
    assert len(of(AffinityMeasured, events)) == 2
