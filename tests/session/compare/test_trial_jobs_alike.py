"""One comparison of every family of methods, two amounts, two seeds: in this process, on two processes, on two nodes.

Equal threads give equal bits: predictions, confidences and learned numbers of every trial, and everything on their way.
"""

from collections import Counter

import pytest

from benchmarks.ray_nodes import two_nodes
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.trial import Trial
from mmap_studio.session.engines.local_processes import LocalProcesses
from mmap_studio.session.engines.ray_cluster import RayCluster
from mmap_studio.storage.store import FolderStore
from tests import lazy, projects
from tests.lazy import imported_later
from tests.session.compare import test_trial_jobs
from tests.session.compare.test_queue import walked
from tests.session.compare.test_trial_jobs import contents
from tests.session.compare.test_trial_jobs import one_thread as one_thread
from tests.session.engines.ray_nodes import NEEDS_RAY

with imported_later():
    from mmap_studio.session.compare.catalogue import chosen_entries
    from mmap_studio.session.compare.queue import compare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
METHODS = ("zero_shot", "ridge", "tip_adapter_f", "coop", "clip_lora", "mmap_together", "mmap_suggested")
SHOTS, SEEDS = "2,full", (1, 2)
TRIALS = len(METHODS) * 2 * len(SEEDS)


def made(project, root, engine=None):
    options = CompareOptions(METHODS, parse_amounts(SHOTS), SEEDS, choose=False, engine=engine)
    reports, comparison = walked(compare(project, options, FolderStore(root)))
    ends = Counter(one.text for one in reports if one.trial is not None and not one.cached)
    assert (len(ends), set(ends.values()), len(comparison.trials)) == (TRIALS, {1}, TRIALS)
    return contents(root), {trial.cell: about(trial) for trial in comparison.trials}


def about(trial: Trial):
    """Everything of a trial but its time."""
    each = {name: one.predictions.tolist() for name, one in trial.per_task.items()}
    return each, trial.parameters, trial.steps, trial.values, trial.grouping, trial.losses, trial.validation


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """What the fixtures from elsewhere import with their own first test."""
    lazy.load(test_trial_jobs)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("alike"), **{"train.epochs": 1, "affinity.epochs": 1})


@pytest.fixture(scope="module")
def alone(project, tmp_path_factory):
    assert {entry.family for entry in chosen_entries(METHODS)} == {
        "zero_shot",
        "features",
        "prompts",
        "weights",
        "mmap",
    }
    return made(project, tmp_path_factory.mktemp("alone"))


def test_two_processes_make_the_same_bits(project, alone, tmp_path):
    with LocalProcesses(2, threads=1) as engine:
        assert made(project, tmp_path, engine) == alone


@NEEDS_RAY
def test_two_nodes_of_a_cluster_make_the_same_bits(project, alone, tmp_path):
    with two_nodes() as cluster, RayCluster(cluster.address, device="cpu", shared=[tmp_path]) as engine:
        assert engine.resources.at_once == 2
        assert made(project, tmp_path, engine) == alone
