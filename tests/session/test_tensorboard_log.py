"""TensorBoard logs: read back by TensorBoard itself, shown by its server, and never the end of a run."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import numpy as np
import pytest

from mmap_studio.errors import InputError, StorageError
from mmap_studio.session.palette import OKABE_ITO, UNKNOWN, diverging
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.storage.runs import RunFolder
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.affinity.lookahead import AffinityMeter
    from mmap_studio.method.training import StepReport, TrainedGroup
    from mmap_studio.session import tensorboard_log
    from mmap_studio.session.events import GroupReady, Notice, PhaseStarted, RunEnded, Scores, Stepped
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.tensorboard_log import CELL, TensorBoardLog, heatmap

TASKS = ("art", "real")


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0}).Reload()


def values(board, tag):
    return {one.step: one.value for one in board.Scalars(tag)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with both logs, the same once more from the cache, and its events."""
    home = tmp_path_factory.mktemp("tensorboard")
    project = projects.make(home, TASKS, **{"train.epochs": 2, "tensorboard": True})
    store, found = MemoryStore(), []
    for name in ("first", "second"):
        options = RunOptions(controls=("linear_probe",), tensorboard=home / name)
        found.append((list(run(project, options, store)), home / name))
    return found


@pytest.mark.parametrize("which", [0, 1], ids=["trained", "cached"])
def test_what_a_run_tells_is_in_both_logs(made, which):
    events, folder = made[which]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    scores = {event.method: event for event in events if isinstance(event, Scores)}
    for board in (read(folder / ended.run_folder.name), read(ended.run_folder / "tensorboard")):
        for task in TASKS:
            losses = values(board, f"training loss/{task}")
            assert sorted(losses) == list(range(1, max(losses) + 1))
            assert sorted(values(board, f"training validation accuracy/{task}")) == [1, 2]
            assert values(board, f"affinity loss/{task}")
            for method, one in scores.items():
                (accuracy,) = values(board, f"test accuracy {method}/{task}").values()
                assert accuracy == pytest.approx(one.per_task[task].accuracy)
        assert values(board, "test accuracy") == {0: pytest.approx(scores["run"].mean)}
        assert board.Images("affinity/heatmap")
        assert {"affinity/text_summary", "groups/text_summary"} <= set(board.Tags()["tensors"])
        plugin = board.summary_metadata["_hparams_/session_start_info"].plugin_data.content
        assert b"train.learning_rate" in plugin


def test_a_record_with_a_log_is_as_it_was_written(made):
    for events, _ in made:
        assert RunFolder(events[-1].run_folder).verify() == []


def test_the_files_do_not_say_whose_computer_it_was(made):
    files = [file for _, folder in made for file in folder.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert socket.gethostname() not in file.name.split(".")
        assert socket.gethostname().encode() not in file.read_bytes()
    assert socket.gethostname() == os.uname().nodename, "nobody else's name is changed"


def test_controls_have_curves_of_their_own(tmp_path):
    log = TensorBoardLog(tmp_path / "board", projects.make(tmp_path, TASKS).settings)
    told = {"training": ("", 0.9), "controls": ("separate", 0.1)}
    for phase, (note, accuracy) in told.items():
        group = TrainedGroup(("art",), {}, {}, 1, ({"art": accuracy},), True, {"art": np.ones((2, 1), np.float32)})
        report = StepReport(("art",), 1, 1, 1, {"art": accuracy}, 0.1, group=group)
        for event in (PhaseStarted(phase), Stepped(phase, report, note), GroupReady(group, cached=phase == "controls")):
            assert list(log.tell(event)) == []
    log.close()
    board = read(tmp_path / "board")
    for what in ("loss", "validation accuracy"):
        assert values(board, f"training {what}/art") == {1: pytest.approx(0.9)}
        assert values(board, f"separate {what}/art") == {1: pytest.approx(0.1)}


def test_a_run_from_the_cache_logs_the_losses_it_had(made):
    trained, cached = (read(folder / events[-1].run_folder.name) for events, folder in made)
    for task in TASKS:
        tag = f"training loss/{task}"
        had, has = values(trained, tag), values(cached, tag)
        assert has == {step: pytest.approx(had[step], rel=1e-5) for step in has}
        assert len(has) == len(had)


def test_the_heatmap_has_a_cell_a_pair_blue_below_and_red_above():
    mean = np.array([[1.0, -0.5], [0.5, 1.0]])
    meter = AffinityMeter(("a", "b"))
    meter.update(mean)
    estimate = meter.snapshot()
    image = heatmap(estimate)
    assert image.shape == (2 * CELL, 2 * CELL, 3)
    assert (image == diverging(np.kron(mean, np.ones((CELL, CELL))))).all()


def test_diverging_colours():
    blue, red = ([int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in (OKABE_ITO[0], OKABE_ITO[5]))
    assert diverging(np.array([-1.0, 0.0, 1.0, 9.0, np.nan])).tolist() == [blue, [255] * 3, red, red, list(UNKNOWN)]


def test_without_the_package_the_run_is_refused_before_it_leaves_a_folder(tmp_path, monkeypatch):
    project = projects.make(tmp_path, TASKS)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "tensorboard" else found(name))
    with pytest.raises(InputError, match=r"mmap-studio\[tensorboard\]"):
        next(run(project, RunOptions(tensorboard=tmp_path / "board"), MemoryStore()))
    assert not project.runs.exists()


def test_a_disk_that_refuses_ends_the_log_and_not_the_run(tmp_path):
    log = TensorBoardLog(tmp_path / "board", projects.make(tmp_path, TASKS).settings)

    def full(*_):
        raise OSError(28, "No space left on device")

    log._writer.add_scalar = full
    step = Stepped("training", StepReport(("art",), 1, 4, 1, {"art": 1.0}, 0.1))
    (notice,) = log.tell(step)
    assert isinstance(notice, Notice)
    assert notice.level == "warning"
    assert "No space left" in notice.text
    assert list(log.tell(step)) == []
    log.close()


def test_a_link_in_the_runs_place_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tensorboard").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        TensorBoardLog(tmp_path / "run" / "tensorboard", projects.make(tmp_path).settings, tmp_path / "run")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.slow
def test_tensorboards_server_shows_the_log(made):
    _, folder = made[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--host", "127.0.0.1", "--port"]
    server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        found, until = {}, time.monotonic() + 120
        while not found and time.monotonic() < until:
            time.sleep(0.5)
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/data/plugin/scalars/tags") as page:
                found = json.load(page)
        (tags,) = found.values()
        assert "training loss/art" in tags
    finally:
        server.terminate()
        server.wait(30)


def test_the_module_is_imported_without_tensorboard():
    assert "tensorboard" not in vars(tensorboard_log)
