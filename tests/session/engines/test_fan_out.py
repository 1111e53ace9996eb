"""Many jobs: their order, what comes after what, and those that are lost."""

import time

import pytest

from mmap_studio.errors import Interrupted, TrainingError
from mmap_studio.session.engines.engine import Ended, Failed, Lost, Told
from mmap_studio.session.engines.fan_out import Again, fanned_out
from mmap_studio.session.engines.local_processes import LocalProcesses
from mmap_studio.session.engines.this_process import ThisProcess
from tests.session.engines.test_engine import job
from tests.session.engines.test_local_processes import asleep, gone


@pytest.fixture(scope="module")
def engine():
    with LocalProcesses(2, threads=1) as made:
        yield made


def test_one_at_a_time_keeps_the_order():
    jobs = [job(name, "counts", 2) for name in "abc"]
    found = list(fanned_out(ThisProcess(), jobs))
    assert [one.job.name for one in found if isinstance(one, Ended)] == list("abc")
    assert [one.event for one in found if isinstance(one, Told)] == [0, 1] * 3


def test_a_job_begins_when_those_before_it_have_ended(engine, tmp_path):
    jobs = [job("first", "tells_when", str(tmp_path), "first")]
    jobs += [job(name, "tells_when", str(tmp_path), name, after=("first",)) for name in "ab"]
    jobs += [job("last", "tells_when", str(tmp_path), "last", after=("a", "b"))]
    list(fanned_out(engine, jobs))
    told = [path.name.split(" ", 1)[1] for path in sorted(tmp_path.iterdir(), key=lambda p: int(p.name.split()[0]))]
    assert told[:2] == ["first begins", "first ends"]
    assert sorted(told[2:6]) == ["a begins", "a ends", "b begins", "b ends"]
    assert told[6:] == ["last begins", "last ends"]


def test_a_lost_job_begins_again_and_says_so(engine, tmp_path):
    found = list(fanned_out(engine, [job("a", "is_killed", str(tmp_path), 2)]))
    assert [type(one) for one in found if not isinstance(one, Told)] == [Again, Again, Ended]
    assert [one.event for one in found if isinstance(one, Told)] == ["begun"] * 3 + ["done"]
    said = [one.sentence for one in found if isinstance(one, Again)]
    assert said[0].startswith("The job a: its process was ended by SIGKILL; it begins again (attempt 2 of 3)")


def test_a_job_that_is_lost_every_time_has_failed_and_the_others_are_done(engine):
    jobs = [job("bad", "is_killed_at_once"), job("good", "counts", 1), job("later", "counts", 1, after=("bad",))]
    found = list(fanned_out(engine, jobs))
    (failed,) = [one for one in found if isinstance(one, Failed)]
    assert isinstance(failed.error, TrainingError)
    assert "SIGKILL, 3 times" in str(failed.error)
    assert {one.job.name for one in found if isinstance(one, Ended)} == {"good", "later"}


def test_a_stop_ends_what_is_running_even_where_it_does_not_hear(engine, tmp_path):
    began = []

    def watch():
        if began:
            raise Interrupted("stopped")

    walk = fanned_out(engine, [job("a", "is_deaf", str(tmp_path)), job("b", "is_deaf", str(tmp_path))], watch)
    assert [next(walk).event, next(walk).event] == ["begun"] * 2
    pids = asleep(tmp_path, 2)
    began.append(time.monotonic())
    with pytest.raises(Interrupted):
        next(walk)
    assert time.monotonic() - began[0] < 5, "0.5 s, more on a machine that is busy"
    assert all(map(gone, pids))


def test_what_runs_comes_to_its_end_where_nothing_more_is_to_begin(engine, tmp_path):
    jobs, answers = [job(name, "tells_when", str(tmp_path), name) for name in "abcd"], iter([True, False])
    found = list(fanned_out(engine, jobs, more=lambda: next(answers, True)))
    assert {one.job.name for one in found if isinstance(one, Ended)} == {"a", "b"}
    assert {path.name.split()[1] for path in tmp_path.iterdir()} == {"a", "b"}


def test_a_job_that_is_lost_then_is_not_begun_again(monkeypatch):
    one, engine, answers = job("a", "counts", 1), ThisProcess(), iter([True, False])
    said = iter([[], [Lost(one, "its computer is gone")]])
    monkeypatch.setattr(engine, "messages", lambda seconds: next(said))
    assert list(fanned_out(engine, [one], more=lambda: next(answers))) == []


def test_closing_the_walk_stops_what_is_running(engine, tmp_path):
    walk = fanned_out(engine, [job("a", "watches", str(tmp_path))])
    next(walk)
    walk.close()
    assert (tmp_path / "cleared").exists()
