"""A comparison whose trials an engine makes: the same trials, bit for bit, none made twice, none lost."""

import hashlib
import os
import pickle
import signal
from collections import Counter
from dataclasses import replace

import pytest

from mmap_studio.errors import InputError, Interrupted
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.engines.engine import Told
from mmap_studio.session.engines.fan_out import fanned_out
from mmap_studio.session.engines.local_processes import LocalProcesses
from mmap_studio.session.engines.this_process import ThisProcess
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked

with imported_later():
    import torch

    from mmap_studio.session.compare import trial_jobs
    from mmap_studio.session.compare.queue import Queue, compare

pytestmark = pytest.mark.slow
METHODS = ("ridge", "text_head", "coop", "finetune", "wise_ft", "mmap_suggested", "mmap_together", "mmap_random")
TRIALS = 2 * (len(METHODS) + 1)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("trials"), **{"train.epochs": 1, "affinity.epochs": 1})


@pytest.fixture(scope="module")
def engine():
    with LocalProcesses(2, threads=1) as made:
        yield made


def asked(engine=None, methods=METHODS, **more):
    return CompareOptions(methods, parse_amounts("2,full"), (1,), choose=False, engine=engine, **more)


def contents(root):
    """sha256 of all arrays of every artifact, by kind and digest."""
    store, found = FolderStore(root), {}
    for entry in store.entries():
        digest = hashlib.sha256()
        for name, array in sorted(store.get(entry.kind, entry.digest).arrays.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
        found[entry.kind, entry.digest] = digest.hexdigest()
    return found


@pytest.fixture(scope="module")
def alone(project, tmp_path_factory):
    """The comparison in this process: what it said, its trials, and its cache."""
    root = tmp_path_factory.mktemp("alone")
    return *walked(compare(project, asked(), FolderStore(root))), root


@pytest.fixture(scope="module")
def fanned(project, engine, tmp_path_factory):
    root = tmp_path_factory.mktemp("fanned")
    return *walked(compare(project, asked(engine), FolderStore(root))), root


def test_every_artifact_has_the_same_bits_as_those_of_one_process(alone, fanned):
    ours, theirs = contents(alone[2]), contents(fanned[2])
    assert len([one for one in ours if one[0] == "trials"]) == TRIALS
    assert {kind for kind, _ in ours} >= {"trials", "prompts", "affinity", "embeddings", "learned"}
    assert theirs == ours


def test_the_comparison_is_the_same_in_the_order_of_the_queue(alone, fanned):
    assert [replace(one, per_task={}, seconds=0) for one in fanned[1].trials] == [
        replace(one, per_task={}, seconds=0) for one in alone[1].trials
    ]
    assert fanned[1].about == alone[1].about


def test_every_trial_is_told_once_and_nothing_large_comes_back(fanned):
    reports = fanned[0]
    ends = Counter(one.text for one in reports if one.trial is not None)
    assert (len(ends), set(ends.values())) == (TRIALS, {1})
    assert [one.done for one in reports if one.trial is not None] == list(range(1, TRIALS + 1))
    assert any(0 < one.step <= one.steps for one in reports)
    assert [one.text for one in reports if "2 processes of 1 thread" in one.text]
    notices = Counter(one.text for one in reports if one.notice)
    assert set(notices.values()) == {1}, "each of the processes reads the images, and one of them says so"


def test_a_second_time_no_job_is_made(project, fanned):
    class NoEngine(ThisProcess):
        def submit(self, job):
            raise AssertionError(f"{job.title} is kept")

    reports, again = walked(compare(project, asked(NoEngine()), FolderStore(fanned[2])))
    assert all(one.cached for one in reports if one.trial is not None)
    assert len(again.trials) == TRIALS


def test_a_killed_worker_costs_nothing_but_time(project, alone, tmp_path):
    """Once before anything is trained, once after a group is in the cache."""
    store, killed, again = FolderStore(tmp_path), set(), []
    with LocalProcesses(2, threads=1) as engine:
        for report in compare(project, asked(engine), store):
            again += [report.text] if "SIGKILL; it begins again (attempt" in report.text else []
            trained = any(entry.kind == "prompts" for entry in store.entries())
            worker = next((one for one in engine._workers if one.job is not None), None)
            if worker and len(again) < (2 if trained else 1) and worker.process.pid not in killed:
                killed.add(worker.process.pid)
                os.kill(worker.process.pid, signal.SIGKILL)
    assert len(again) == 2
    assert contents(tmp_path) == contents(alone[2])


def test_a_stop_keeps_what_is_made_and_the_rest_is_made_afterwards(project, engine, alone, tmp_path):
    seen = []

    def watch():
        if len(seen) >= 4:
            raise Interrupted("stopped")

    def walk():
        for report in compare(project, asked(engine, watch=watch), FolderStore(tmp_path)):
            seen.extend([report] if report.trial is not None else [])

    with pytest.raises(Interrupted):
        walk()
    kept = [one for one in contents(tmp_path) if one[0] == "trials"]
    assert 4 <= len(kept) < TRIALS
    reports, comparison = walked(compare(project, asked(engine), FolderStore(tmp_path)))
    assert len([one for one in reports if one.trial is not None and one.cached]) >= len(kept)
    assert len(comparison.trials) == TRIALS
    assert contents(tmp_path) == contents(alone[2])


def test_methods_of_one_training_are_one_job_and_random_groups_come_after_the_suggested(project, alone):
    queue = Queue(project, asked(), FolderStore(alone[2]))
    list(queue.opened())
    by_job = {}
    for place in queue.places:
        by_job.setdefault(trial_jobs._job_of(place), []).append(place)
    jobs = {job.name: job for job in trial_jobs._jobs(queue, by_job)}
    assert len(jobs) == 1 + 2 * 6
    assert jobs["finetune:pooled, full, seed 1"].given[1] == ("finetune", "wise_ft")
    assert jobs["features, 2, seed 1"].given[1] == ("ridge", "text_head")
    assert jobs["mmap_random:pooled, 2, seed 1"].after == ("preparing", "mmap_suggested:pooled, 2, seed 1")
    assert all(job.after[:1] == ("preparing",) for name, job in jobs.items() if name != "preparing")


def test_a_job_s_events_are_small_and_no_trial(project, alone, tmp_path):
    queue = Queue(project, asked(methods=("ridge",)), FolderStore(tmp_path))
    list(queue.opened())
    by_job = {}
    for place in queue.places:
        by_job.setdefault(trial_jobs._job_of(place), []).append(place)
    events = [m.event for m in fanned_out(ThisProcess(), trial_jobs._jobs(queue, by_job)) if isinstance(m, Told)]
    assert Counter(one.cell[0] for one in events if one.made) == {"zero_shot": 2, "ridge": 2}
    assert max(len(pickle.dumps(one)) for one in events) < 2000


def test_a_cache_that_processes_cannot_reach_is_refused(project):
    with pytest.raises(InputError, match="need a cache in a folder"):
        walked(compare(project, asked(ThisProcess(), methods=("ridge",)), MemoryStore()))
