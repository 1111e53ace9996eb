"""Which engine is meant."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.engines import choice
from mmap_studio.session.engines.choice import RunOn


def test_without_a_number_the_work_is_done_here():
    with choice.chosen_engine(choice.HERE) as engine:
        assert engine is None


def test_processes_share_the_gpus_that_the_jobs_would_use(monkeypatch):
    monkeypatch.setattr(choice, "gpus", lambda device: 2 if device == "auto" else 0)
    with choice.chosen_engine(RunOn(4), "auto") as engine:
        assert (engine.resources.at_once, engine.resources.nodes[0].gpus) == (4, 2)
    with choice.chosen_engine(RunOn(4, threads=3), "cpu") as engine:
        assert (engine.resources.nodes[0].gpus, engine.resources.threads) == (0, 3)


def test_a_cluster_of_this_computer_gives_way_to_its_window(monkeypatch):
    from mmap_studio.session.engines import ray_cluster

    monkeypatch.setattr(ray_cluster, "RayCluster", lambda *given: given)
    *_, here = choice.chosen_engine(RunOn(cluster="local"), "cpu", nice=5)
    *_, there = choice.chosen_engine(RunOn(cluster="head:7"), "cpu", nice=5)
    assert (here, there) == (5, 0)


def test_a_device_that_is_no_gpu_asks_nobody():
    assert choice.gpus("cpu") == choice.gpus("mps") == 0


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_processes_that_is_none_is_refused(count):
    with pytest.raises(InputError, match=f"from 1 to 256. Got {count} instead"):
        choice.chosen_engine(RunOn(count))


@pytest.mark.parametrize(
    "asked", [RunOn(), RunOn(3, threads=2), RunOn(cluster="head:7"), RunOn(None, "local", 1, 0.25)]
)
def test_what_is_asked_for_is_kept_as_texts(asked):
    assert RunOn.of(asked.texts) == asked


@pytest.mark.parametrize("texts", [{"processes": "0"}, {"gpu-share": "much"}, {"cluster": "ray://x"}, {"threads": "2"}])
def test_kept_texts_that_mean_nothing_are_this_process(texts):
    assert RunOn.of(texts) == RunOn()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [(RunOn(2, "local"), "--processes .* or on a --cluster. Got both"),
     (RunOn(threads=2), "--threads .* Got neither"),
     (RunOn(2, threads=0), "must be 1 or more. Got 0"),
     (RunOn(cluster="ray://head:10001"), "local or HOST:PORT, on a computer that is itself a node .* Got 'ray:"),
     (RunOn(cluster="head:0"), "must be local or HOST:PORT. Got 'head:0'"),
     (RunOn(2, gpu_share=0.5), "--gpu-share is that of a --cluster"),
     (RunOn(cluster="head:7", gpu_share=1.5), "from 0.01 to 1. Got 1.5")],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(asked, sentence):
    with pytest.raises(InputError, match=sentence):
        choice.chosen_engine(asked)
