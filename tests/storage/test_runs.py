"""Run folders: new every time, every state they can be in, and records that notice changes."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.storage import atomic, hdf5, runs
from mmap_studio.storage.json_text import sealed
from mmap_studio.storage.runs import RunFolder, latest, list_runs, sweep_runs
from tests.storage.scenarios import dead_process

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def a_run(folder: Path) -> RunFolder:
    run = RunFolder.new(folder / "runs", "Office Home", NOW)
    run.write_config("epochs = 3\n")
    run.append_metrics({"step": 1, "loss": np.float32(0.5), "per_task": {"Art": np.arange(2)}})
    run.write_affinity(hdf5.pack({"mean": np.eye(2)}, {"tasks": ["a", "b"]}))
    run.write_json("grouping.json", [["a"], ["b"]])
    run.log("begun")
    return run


def test_a_name_of_utc_and_slug_never_taken_twice(tmp_path: Path) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    names = [RunFolder.new(tmp_path, "Office Home", when).name for when in (NOW, local, NOW)]
    assert names == ["20260102T030405Z-office-home" + ending for ending in ("", "-2", "-3")]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    assert run.metrics() == [{"step": 1, "loss": 0.5, "per_task": {"Art": [0, 1]}}]
    assert run.read_json("grouping.json") == [["a"], ["b"]]
    assert atomic.read_lines(run.path / runs.LOG) == ["begun"]
    assert hdf5.unpack(run.path / runs.AFFINITY).meta == {"tasks": ["a", "b"]}
    assert (run.path / runs.CONFIG).read_text() == "epochs = 3\n"


@pytest.mark.parametrize("ending", runs.ENDINGS)
def test_ending_lists_every_file(ending: str, tmp_path: Path) -> None:
    run = a_run(tmp_path)
    (run.path / "prompts").mkdir()
    (run.path / "prompts" / "mmap.json").write_text("{}")
    assert run.state == "running"
    run.finish(ending, "because", NOW, accuracy=0.5)
    record = run.record()
    assert run.state == ending
    assert (record["reason"], record["accuracy"], record["title"]) == ("because", 0.5, "Office Home")
    assert sorted(record["files"]) == [
        "affinity.h5", "config.toml", "grouping.json", "log.txt", "metrics.jsonl", "prompts/mmap.json",
    ]  # fmt: skip
    assert run.verify() == []


def test_states_of_what_did_not_end(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    record = run.record()
    atomic.write_text(run.path / runs.RECORD, sealed({**record, "pid": dead_process()}))
    assert run.state == "interrupted"
    atomic.write_text(run.path / runs.RECORD, sealed({**record, "pid": dead_process(), "host": "another"}))
    assert run.state == "running"
    atomic.write_text(run.path / runs.RECORD, sealed({**record, "state": "dancing"}))
    assert run.state == "damaged"
    (run.path / runs.RECORD).write_text("{}")
    assert run.state == "damaged"
    assert len(run.verify()) == 1
    with pytest.raises(InputError, match=r"must end as one of finished, cancelled, failed\. Got 'running' instead"):
        run.finish("running")


def test_going_on_with_a_run(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.finish("cancelled")
    run.resume()
    assert (run.state, run.record()["pid"], run.verify()) == ("running", os.getpid(), [])
    run.write_json("grouping.json", [["a", "b"]])
    run.finish()
    assert (run.state, run.read_json("grouping.json")) == ("finished", [["a", "b"]])


def test_lines_may_follow_the_end_but_none_may_go(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    with (run.path / runs.METRICS).open("ab") as file:
        file.write(b'{"step": 2')  # torn by a kill
    run.finish()
    run.append_metrics({"step": 3})
    run.log("exported")
    assert run.verify() == []
    assert [row["step"] for row in run.metrics()] == [1, 3]
    (run.path / runs.METRICS).write_text("")
    assert len(run.verify()) == 1
    assert str(run.path / runs.METRICS) in run.verify()[0]


def test_a_changed_record_is_not_read(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.finish()
    (run.path / "grouping.json").write_text('[["a", "b"]]')
    with pytest.raises(CorruptError, match=r"grouping\.json must be as its folder's record lists it"):
        run.read_json("grouping.json")
    with pytest.raises(StorageError, match=r"none\.json could not be read"):
        run.read_json("none.json")


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    with (run.path / runs.METRICS).open("ab") as file:
        file.write(b"oops\n")
    with pytest.raises(CorruptError, match=r"metrics\.jsonl, line 2, must be a JSON object"):
        run.metrics()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_numbers_that_json_cannot_hold_are_refused(value: float, tmp_path: Path) -> None:
    run = a_run(tmp_path)
    with pytest.raises(InputError, match="finite"):
        run.append_metrics({"loss": value})
    assert len(run.metrics()) == 1


@pytest.mark.parametrize(
    "name", ["../x.json", "run.json", "a/b.json", "", "metrics.jsonl", "x", ".hidden.json", "a\0.json"]
)
def test_names_of_records_are_plain(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must have a plain name"):
        a_run(tmp_path).write_json(name, 1)


def test_lists_are_oldest_first_and_skip_what_is_no_run(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []
    assert latest(tmp_path / "none") is None
    first = [RunFolder.new(tmp_path, "a", NOW) for _ in range(11)]
    later = RunFolder.new(tmp_path, "b", NOW + timedelta(seconds=1))
    (tmp_path / "notes").mkdir()
    (tmp_path / "file.txt").write_text("x")
    assert [run.name for run in list_runs(tmp_path)] == [run.name for run in (*first, later)]
    assert latest(tmp_path) == later
    first[3].finish("failed")
    assert latest(tmp_path, "failed", "cancelled") == first[3]
    assert latest(tmp_path, "finished") is None


def test_sweeping_reaches_every_run(tmp_path: Path) -> None:
    run = RunFolder.new(tmp_path, "a", NOW)
    left = run.path / f".mmap-{runs.host()}-{dead_process()}-0.tmp"
    left.write_bytes(b"half")
    sweep_runs(tmp_path)
    sweep_runs(tmp_path / "none")
    assert not left.exists()


def held_by_a_child(run: RunFolder) -> tuple[int, int]:
    """A process that works on the run, until it is killed."""
    import time

    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        lock = run.claim()
        os.write(writing, b"1" if lock else b"0")
        time.sleep(60)
        os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    return child, os.getpid()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_run_is_alive_as_long_as_its_process_whatever_its_number_and_computer(tmp_path: Path) -> None:
    import signal

    run = a_run(tmp_path)
    child, me = held_by_a_child(run)
    for pid, where in ((dead_process(), runs.host()), (me, "another"), (1, runs.host())):
        record = {**run.record(), "pid": pid, "host": where}
        atomic.write_text(run.path / runs.RECORD, sealed(record))
        assert run.state == "running"
        with pytest.raises(InputError, match="another one is at it"):
            run.claim()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for pid, where in ((me, runs.host()), (me, "another"), (1, runs.host())):  # its number is somebody else's by now
        atomic.write_text(run.path / runs.RECORD, sealed({**run.record(), "pid": pid, "host": where}))
        assert run.state == "interrupted"
        assert runs.latest(run.path.parent, "interrupted") == run
    run.finish()
    assert runs.LOCK not in run.record()["files"]


def test_a_lock_that_is_a_link_locks_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    run = a_run(tmp_path)
    (run.path / runs.LOCK).symlink_to(tmp_path / "mine.txt")
    assert run.claim() is None
    assert run.state == "running"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_newest_run_is_the_last_one_made_though_the_clock_was_set_back(tmp_path: Path) -> None:
    times = [datetime(2026, 5, 2, 10, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)]
    made = [RunFolder.new(tmp_path / "runs", "run", when) for when in times]
    assert runs.list_runs(tmp_path / "runs") == made
    assert runs.latest(tmp_path / "runs") == made[-1]
    assert made[1].record()["started"].startswith("2026-05-01")
