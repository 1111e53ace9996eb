"""What every engine keeps: the contract of `Engine`, run over each there is."""

import time

import pytest

from mmap_studio.errors import DataError
from mmap_studio.session.engines.engine import Begun, Ended, Failed, Job, Told
from mmap_studio.session.engines.local_processes import LocalProcesses
from mmap_studio.session.engines.ray_cluster import RayCluster
from mmap_studio.session.engines.this_process import ThisProcess
from mmap_studio.session.runtime.cores import cores
from tests.session.engines.ray_nodes import NEEDS_RAY

WORK = "tests.session.engines.work"
ENGINES = {
    "this process": ThisProcess,
    "local processes": lambda: LocalProcesses(1, threads=1),
    "Ray": lambda: RayCluster("local", device="cpu", threads=cores()),
}


@pytest.fixture(scope="module", params=[*list(ENGINES)[:2], pytest.param("Ray", marks=[pytest.mark.slow, NEEDS_RAY])])
def engine(request):
    with ENGINES[request.param]() as made:
        yield made


def job(name, work, *given, after=()):
    return Job(name, f"The job {name}", f"{WORK}:{work}", given, after)


def heard(engine, *, until=60.0):
    """All messages up to the end of one job, but for where it runs."""
    found, began = [], time.monotonic()
    while not (found and isinstance(found[-1], Ended | Failed)):
        found += [one for one in engine.messages(0.2) if not isinstance(one, Begun)]
        assert time.monotonic() - began < until
    return found


def test_events_come_in_their_order_and_the_end_is_last(engine):
    engine.submit(job("a", "counts", 50))
    *told, last = heard(engine)
    assert [one.event for one in told] == list(range(50))
    assert all(isinstance(one, Told) and one.job.name == "a" for one in told)
    assert isinstance(last, Ended)


def test_an_error_of_the_studio_comes_as_itself(engine):
    engine.submit(job("a", "refuses", "The image must be one."))
    told, failed = heard(engine)
    assert (told.event, type(failed.error), str(failed.error)) == (1, DataError, "The image must be one.")


def test_an_error_that_nobody_expected_says_where_it_arose(engine):
    engine.submit(job("a", "breaks"))
    failed = heard(engine)[-1]
    assert isinstance(failed, Failed)
    assert "nobody expected this" in str(failed.error)


def test_after_an_error_the_next_job_is_done(engine):
    engine.submit(job("a", "refuses", "No."))
    heard(engine)
    engine.submit(job("b", "counts", 2))
    assert [one.event for one in heard(engine)[:-1]] == [0, 1]


def test_a_job_that_is_cancelled_says_no_more(engine, tmp_path):
    engine.submit(job("a", "watches", str(tmp_path)))
    while not any(isinstance(one, Told) for one in engine.messages(0.2)):
        pass
    engine.cancel(["a"])
    assert (tmp_path / "cleared").exists()
    assert engine.messages(0.05) == []
    engine.submit(job("b", "counts", 1))
    assert [one.job.name for one in heard(engine)] == ["b", "b"]


def test_there_is_something_to_run_on(engine):
    assert engine.resources.at_once == 1
    assert engine.resources.threads >= 1
    assert engine.resources.name
