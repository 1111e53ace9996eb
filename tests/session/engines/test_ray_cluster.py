"""Jobs on a Ray cluster: what is set there, who listens, and that nothing is lost, whoever dies."""

import os
import signal
import time
from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.ray_nodes import NODE, two_nodes
from mmap_studio.errors import InputError, TrainingError
from mmap_studio.session.engines import ray_cluster, ray_start
from mmap_studio.session.engines.engine import Begun, Ended, Failed, Lost, Told
from mmap_studio.session.engines.fan_out import Again, fanned_out
from mmap_studio.session.engines.ray_cluster import RayCluster
from tests.session.engines.ray_nodes import LOOPBACK, NEEDS_RAY, family, listening
from tests.session.engines.test_engine import heard, job
from tests.session.engines.test_local_processes import asleep, gone

pytestmark = [pytest.mark.slow, NEEDS_RAY]


@pytest.fixture(scope="module")
def cluster():
    with two_nodes(num_gpus=1) as made:  # a GPU that is counted, and that nothing computes on
        yield made


@pytest.fixture(autouse=True)
def asking(monkeypatch):
    """The cluster is this test's own; that it asks for a token is the matter of test_ray_start, and takes seconds."""
    monkeypatch.setattr(ray_start, "_asks", lambda where: True)


@pytest.fixture
def engine(cluster):
    with RayCluster(cluster.address, device="cpu") as made:
        yield made


def test_nodes_of_one_computer_are_told_apart(engine):
    names = [node.name for node in engine.resources.nodes]
    assert len(set(names)) == engine.resources.at_once == 2
    assert "2 jobs of 1 thread at a time" in engine.resources.name


def test_two_jobs_run_on_two_nodes_and_say_where(engine, tmp_path):
    engine.submit(job("a", "watches", str(tmp_path)))
    engine.submit(job("b", "watches", str(tmp_path)))
    where = {}
    while len(where) < 2:
        where |= {one.job.name: one.where for one in engine.messages(0.2) if isinstance(one, Begun)}
    assert sorted(where.values()) == sorted(node.name for node in engine.resources.nodes)


def test_threads_and_devices_are_set_for_every_job(cluster):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "RAY_USAGE_STATS_ENABLED")
    with RayCluster(cluster.address, gpu_share=0.25) as engine:
        assert (engine.resources.at_once, engine.resources.threads) == (2, 1), "cores are short before GPUs are"
        assert engine._terms.share.memory == pytest.approx(0.9 * 0.25)
        engine.submit(job("a", "environment", *names))
        assert heard(engine)[-2].event == ("1", "1", "0", "0")
    with RayCluster(cluster.address, device="cpu") as engine:
        engine.submit(job("a", "site"))
        assert heard(engine)[-2].event == "cpu"


def test_jobs_give_way_as_far_as_they_are_told(cluster):
    with RayCluster(cluster.address, device="cpu") as engine:
        engine.submit(job("a", "niceness"))
        own = heard(engine)[-2].event
    with RayCluster(cluster.address, device="cpu", nice=3) as engine:
        engine.submit(job("a", "niceness"))
        assert heard(engine)[-2].event == own + 3


def test_a_killed_process_is_lost_and_its_job_begins_again(engine, tmp_path):
    found = list(fanned_out(engine, [job("a", "is_killed", str(tmp_path), 1)]))
    assert [type(one) for one in found if not isinstance(one, Told | Begun)] == [Again, Ended]
    assert [one.event for one in found if isinstance(one, Told)] == ["begun", "begun", "done"]
    assert "its process was ended from outside" in next(one.sentence for one in found if isinstance(one, Again))


def test_one_that_ends_without_a_word_has_not_done_its_job(engine):
    engine.submit(job("a", "ends_without_a_word"))
    while not (found := [one for one in engine.messages(0.2) if isinstance(one, Lost | Ended | Failed)]):
        pass
    assert [type(one) for one in found] == [Lost]


def test_a_deaf_job_is_ended_all_the_same(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_cluster, "CLEARING", 0.5)
    engine.submit(job("a", "hears_no_interrupt", str(tmp_path)))
    (pid,) = asleep(tmp_path)
    engine.cancel(["a"])
    assert gone(pid)


def test_the_jobs_of_a_node_that_is_gone_begin_again_on_another(tmp_path):
    with two_nodes() as cluster, RayCluster(cluster.address, device="cpu") as engine:
        walk = fanned_out(engine, [job(name, "sleeps_on_the_second", cluster.nodes[1].node_id) for name in "ab"])
        found = []
        while not any(isinstance(one, Told) and one.event == "on the second" for one in found):
            found.append(next(walk))
        cluster.remove_node(cluster.nodes[1], allow_graceful=False)
        found += walk
    again = [one for one in found if isinstance(one, Again)]
    assert [one.job.name for one in again if "its computer is gone" in one.sentence] == [again[0].job.name]
    assert Counter(one.job.name for one in found if isinstance(one, Ended)) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [({"threads": 2}, "must find a node with 2 cores. Found none in .*has 1 core"),
     ({"device": "mps"}, "must compute on auto, cpu or cuda. Got 'mps'"),
     ({"device": "cpu", "gpu_share": 0.5}, "A share of a GPU needs one")],
)  # fmt: skip
def test_what_no_node_has_is_refused_at_once(cluster, asked, sentence):
    with pytest.raises(InputError, match=sentence):
        RayCluster(cluster.address, **{"device": "cpu"} | asked)


def test_without_a_node_that_fits_the_work_ends(engine, monkeypatch):
    monkeypatch.setattr(ray_cluster, "EVERY", 0.0)
    monkeypatch.setattr(ray_cluster, "GRACE", 0.3)
    monkeypatch.setattr(ray_cluster, "_alive", lambda ray: {})
    with pytest.raises(TrainingError, match="What is finished is in the cache"):
        list(fanned_out(engine, [job("a", "counts", 1)], lambda: time.sleep(0.1)))


def test_nodes_must_share_the_folder_and_have_what_is_needed(cluster, tmp_path):
    with RayCluster(cluster.address, device="cpu", shared=[tmp_path], needed=[tmp_path]) as engine:
        (mark,) = tmp_path.iterdir()
        engine.submit(job("a", "counts", 1))
        assert len(heard(engine)) == 2
        mark.write_text("of another disk")
        engine.submit(job("b", "counts", 1))
        while not (found := [one for one in engine.messages(0.2) if isinstance(one, Lost | Ended | Failed)]):
            pass
        (lost,) = found
        assert isinstance(lost, Lost)
        assert f"must share the folder {tmp_path} with the computer that asks. Found another one" in lost.why
        assert engine.resources.at_once == 1, "no job goes there again"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"must have .*/images\. Found nothing there"):
        RayCluster(cluster.address, device="cpu", needed=[tmp_path / "images"])


def test_a_node_that_joins_and_does_not_fit_gets_no_second_job_and_ends_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_cluster, "EVERY", 0.0)
    other = tmp_path / "numpy-0.0.1.dist-info" / "METADATA"
    other.parent.mkdir()
    other.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.0.1\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    with two_nodes() as cluster, RayCluster(cluster.address, device="cpu") as engine:
        bad = cluster.add_node(**NODE | {"num_cpus": 2}, env_vars={"PYTHONPATH": path})
        while len(engine.resources.nodes) < 3:
            engine.messages(0.1)
        assert engine.resources.at_once == 4
        found = list(fanned_out(engine, [job(name, "counts", 1) for name in "abcdefgh"]))
        assert engine.resources.at_once == 2
        name = engine._named(bad.node_id)
    assert sorted(one.job.name for one in found if isinstance(one, Ended)) == list("abcdefgh")
    said = [one.sentence for one in found if isinstance(one, Again)]
    assert 1 <= len(said) <= 2, "as many as it has cores"
    assert all(f"the node {name} must have numpy" in one and "Found 0.0.1: install the same" in one for one in said)


def test_where_all_nodes_have_come_not_to_fit_the_work_ends_with_the_reason(engine, monkeypatch):
    monkeypatch.setattr(ray_cluster, "EVERY", 0.0)
    monkeypatch.setattr(ray_cluster, "GRACE", 0.3)
    engine._terms = replace(engine._terms, versions=(("numpy", "0.0.1"),))
    with pytest.raises(TrainingError, match=r"must have numpy 0\.0\.1, .*What is finished is in the cache"):
        list(fanned_out(engine, [job("a", "counts", 1)], lambda: time.sleep(0.1)))


def test_one_cluster_at_a_time_and_signals_stay_ours(cluster):
    before = signal.getsignal(signal.SIGTERM)
    with RayCluster(cluster.address, device="cpu"):
        assert signal.getsignal(signal.SIGTERM) is before
        with pytest.raises(InputError, match="one Ray cluster at a time"):
            RayCluster(cluster.address)


def test_closing_leaves_no_process_of_a_job(cluster, tmp_path):
    with RayCluster(cluster.address, device="cpu") as engine:
        engine.submit(job("a", "is_deaf", str(tmp_path)))
        (pid,) = asleep(tmp_path)
    assert gone(pid)
    assert os.getpid() in family()


def test_every_socket_listens_on_this_computer_alone(cluster, engine, tmp_path):
    engine.submit(job("a", "is_deaf", str(tmp_path)))
    asleep(tmp_path)
    found = listening(family())
    assert len(found) >= 7, "one of the head, two of each node, one of the worker and of this process"
    assert [one for one in found if not one.startswith(LOOPBACK)] == []
