"""A comparison whose trials two nodes of a Ray cluster make: equal bits, none made twice, none lost, whoever dies."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.ray_nodes import two_nodes
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.engines.ray_cluster import RayCluster
from mmap_studio.storage.store import FolderStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked
from tests.session.compare.test_trial_jobs import contents
from tests.session.engines.ray_nodes import NEEDS_RAY, family
from tests.session.engines.test_local_processes import gone

with imported_later():
    import torch

    from mmap_studio.session.compare.queue import compare

pytestmark = [pytest.mark.slow, NEEDS_RAY]
METHODS = ("ridge", "coop", "mmap_together", "mmap_suggested")
TRIALS = len(METHODS) + 1
JOBS = 5
"""One that prepares, the methods on features together, and three trainings."""
ROOT = Path(__file__).parents[3]
DRIVER = """
import sys
from mmap_studio.session.compare.queue import compare
from mmap_studio.session.engines.ray_cluster import RayCluster
from mmap_studio.session.project.project import Project
from mmap_studio.storage.store import FolderStore
from tests.session.compare.test_trial_jobs_on_ray import asked

with RayCluster(sys.argv[1], device="cpu") as engine:
    for report in compare(Project.open(sys.argv[2]), asked(engine), FolderStore(sys.argv[3])):
        if report.trial is not None:
            print("made", report.text, flush=True)
"""


def asked(engine=None):
    return CompareOptions(METHODS, parse_amounts("full"), (1,), choose=False, engine=engine)


def workers():
    """Processes that have a job of the cluster in hand."""
    return {pid for pid in family() if b"ray::_job" in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("trials"), **{"train.epochs": 8, "affinity.epochs": 1})


@pytest.fixture(scope="module")
def alone(project, tmp_path_factory):
    """What every artifact must be: the comparison in this process."""
    root, before = tmp_path_factory.mktemp("alone"), torch.get_num_threads()
    torch.set_num_threads(1)
    walked(compare(project, asked(), FolderStore(root)))
    torch.set_num_threads(before)
    found = contents(root)
    assert {kind for kind, _ in found} >= {"trials", "prompts", "affinity", "embeddings", "learned"}
    return found


@pytest.fixture(scope="module")
def cluster():
    with two_nodes() as made:
        yield made


def test_every_artifact_has_the_same_bits_as_those_of_one_process(project, cluster, alone, tmp_path):
    with RayCluster(cluster.address, device="cpu", shared=[tmp_path]) as engine:
        reports, comparison = walked(compare(project, asked(engine), FolderStore(tmp_path)))
    assert contents(tmp_path) == alone
    made = Counter(one.text for one in reports if one.trial is not None)
    assert (len(made), set(made.values()), len(comparison.trials)) == (TRIALS, {1}, TRIALS)
    where = [one.text for one in reports if " runs on " in one.text]
    assert len(where) == JOBS
    assert len({text.rpartition(" runs on ")[2] for text in where}) == 2, "two nodes worked"


def test_a_killed_worker_costs_nothing_but_time(project, cluster, alone, tmp_path):
    """Once before anything is trained, once after a group is in the cache."""
    store, killed, again = FolderStore(tmp_path), set(), []
    with RayCluster(cluster.address, device="cpu") as engine:
        for report in compare(project, asked(engine), store):
            again += [report.text] if "it begins again (attempt" in report.text else []
            trained = any(entry.kind == "prompts" for entry in store.entries())
            if len(again) < (2 if trained else 1) and len(killed) == len(again):
                for pid in sorted(workers() - killed)[:1]:
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)
    assert (len(killed), len(again)) == (2, 2)
    assert contents(tmp_path) == alone


def test_a_node_that_is_gone_costs_nothing_but_time(project, alone, tmp_path):
    removed, again = [], []
    with two_nodes() as cluster, RayCluster(cluster.address, device="cpu") as engine:
        second = engine._named(cluster.nodes[1].node_id)
        for report in compare(project, asked(engine), FolderStore(tmp_path)):
            again += [report.text] if "it begins again (attempt" in report.text else []
            if not removed and report.text.endswith(f" runs on {second}.") and not report.text.startswith("Zero-shot"):
                cluster.remove_node(cluster.nodes[1], allow_graceful=False)
                removed.append(second)
        assert [node.name for node in engine.resources.nodes] != [second]
    assert (len(removed), len(again)) == (1, 1)
    assert "its computer is gone" in again[0]
    assert contents(tmp_path) == alone


def test_a_killed_command_goes_on_where_it_was(project, cluster, alone, tmp_path):
    """No worker outlives it, what it had made is not made again, and the end is the same.

    Features that only a trained group needed, which is in the cache, are not made again.
    """
    store = tmp_path / "cache"
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, cluster.address, str(project.folder), str(store)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True,
    ) as driver:  # fmt: skip
        while not any(entry.kind == "prompts" for entry in FolderStore(store).entries()):
            assert driver.poll() is None
            time.sleep(0.05)  # or this process takes a core from those that it waits for
        left = workers()
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    assert left
    assert all(map(gone, left))
    kept = {name: bits for name, bits in contents(store).items() if name[0] in ("trials", "prompts", "affinity")}
    when = {entry.path: entry.modified for entry in FolderStore(store).entries() if (entry.kind, entry.digest) in kept}
    with RayCluster(cluster.address, device="cpu") as engine:
        walked(compare(project, asked(engine), FolderStore(store)))
    found = contents(store)
    assert found.items() <= alone.items()
    assert {kind for kind, _ in alone.keys() - found.keys()} <= {"embeddings"}
    assert {path: FolderStore(store)._entry(path).modified for path in when} == when
    assert 0 < len(when) < len(alone)
