"""Processes beside this one: what is set in them, and that none is left, whoever dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmap_studio.session.engines.engine import Lost
from mmap_studio.session.engines.local_processes import LocalProcesses, how
from mmap_studio.storage.temporaries import is_running
from tests.session.engines.test_engine import heard, job

ROOT = Path(__file__).parents[3]
PARENT = """
import sys
from mmap_studio.session.engines.local_processes import LocalProcesses
from tests.session.engines.test_engine import job

if __name__ == "__main__":
    engine = LocalProcesses(2, threads=1)
    engine.submit(job("a", "is_deaf", sys.argv[1]))
    engine.submit(job("b", "is_deaf", sys.argv[1]))
    while True:
        engine.messages(1.0)
"""


def gone(pid, seconds=10.0):
    """Whether a process ends in this time; one that nobody has buried yet counts as ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not is_running(pid) or _state(pid) in ("Z", ""):
            return True
        time.sleep(0.02)
    return False


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def asleep(folder, count=1):
    """Numbers of processes that hear nothing, once there are so many."""
    until = time.monotonic() + 60
    while len(found := list(folder.iterdir())) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return [int(path.name) for path in found]


def first_word(engine):
    while not (found := engine.messages(1.0)):
        pass
    return found[0].event


def test_threads_and_gpu_are_set_before_anything_is_imported():
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
    with LocalProcesses(2, threads=3, gpus=2) as engine:
        engine.submit(job("a", "environment", *names))
        engine.submit(job("b", "environment", *names))
        found = []
        while len(found) < 4:
            found += engine.messages(1.0)
    told = {one.job.name: one.event for one in found if hasattr(one, "event")}
    assert told == {"a": ("3", "3", "0"), "b": ("3", "3", "1")}


def test_processes_give_way_as_far_as_they_are_told():
    own = os.nice(0)
    for nice in (0, 3):
        with LocalProcesses(1, threads=1, nice=nice) as engine:
            engine.submit(job("a", "niceness"))
            assert first_word(engine) == own + nice


def test_a_gpu_is_shared_out_with_some_of_it_left():
    engine = LocalProcesses(8, threads=1, gpus=2)
    assert engine._share().gpu == 0
    assert engine._share().memory * 4 == pytest.approx(0.9)
    assert LocalProcesses(2, threads=1, gpus=2)._share().memory == 1.0
    assert LocalProcesses(2, threads=1)._share().gpu is None


def test_what_a_job_prints_is_no_result(capfd):
    with LocalProcesses(1, threads=1) as engine:
        engine.submit(job("a", "prints"))
        heard(engine)
    out, err = capfd.readouterr()
    assert (out, "on standard output" in err) == ("", True)


def test_a_killed_process_is_lost_and_the_next_job_has_another():
    with LocalProcesses(1, threads=1) as engine:
        engine.submit(job("a", "is_killed_at_once"))
        found = []
        while not found:
            found = engine.messages(1.0)
        assert [type(one) for one in found] == [Lost]
        assert found[0].why == "its process was ended by SIGKILL"
        engine.submit(job("b", "counts", 1))
        assert len(heard(engine)) == 2


def test_a_process_that_ends_without_a_word_has_not_done_its_job():
    with LocalProcesses(1, threads=1) as engine:
        engine.submit(job("a", "ends_without_a_word"))
        while not (found := engine.messages(1.0)):
            pass
    assert found == [Lost(job("a", "ends_without_a_word"), "its process ended with code 7")]


def test_one_that_does_not_hear_is_ended_all_the_same(tmp_path):
    with LocalProcesses(1, threads=1) as engine:
        engine.submit(job("a", "is_deaf", str(tmp_path)))
        (pid,) = asleep(tmp_path)
        began = time.monotonic()
        engine.cancel(["a"])
        assert time.monotonic() - began < 5, "0.5 s, more on a machine that is busy"
        assert gone(pid)


def test_closing_leaves_no_process(tmp_path):
    engine = LocalProcesses(2, threads=1)
    engine.submit(job("a", "watches", str(tmp_path)))
    pid = first_word(engine)
    engine.close()
    assert gone(pid)
    assert (tmp_path / "cleared").exists()


def test_a_parent_that_is_killed_leaves_no_process(tmp_path):
    script, folder = tmp_path / "parent.py", tmp_path / "asleep"
    script.write_text(PARENT)
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)], env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as parent:
        pids = asleep(folder, 2)
        assert all(map(is_running, pids))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert [gone(pid) for pid in pids] == [True, True]


def test_how_a_process_ended_in_words():
    assert how(-9) == "was ended by SIGKILL"
    assert how(-999) == "was ended by signal 999"
    assert how(3) == "ended with code 3"
