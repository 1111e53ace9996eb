"""The benchmarks' arithmetic and form. No time is asserted: a machine's seconds say nothing of the program."""

import importlib
import json
import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.figures import fitting_clock, median_of, not_measured, paired
from benchmarks.office_home import CLASSES
from benchmarks.registry import BENCHMARKS, NAMES, find
from mmap_studio.config import settings_from
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from benchmarks import cache, evaluate, initialisation, pipeline, scan, text_tower
    from benchmarks.affinity import rank_correlation
    from benchmarks.scenes import office_home_tasks
    from mmap_studio.api import run

pytestmark = pytest.mark.slow


KEYS = ["figure", "value", "unit", "against", "n", "min", "max"]


class FakeMachine:
    """A clock that only the actions move, and that grows slower run by run as a busy machine does."""

    def __init__(self):
        self.now, self.slow, self.done = 0.0, 1.0, []

    def action(self, name, seconds):
        def act():
            self.done.append(name)
            self.now += seconds * self.slow

        return act


def test_pairs_alternate_and_the_warm_up_does_not_count():
    machine = FakeMachine()
    ratios = paired(machine.action("A", 6.0), machine.action("B", 2.0), 3, clock=lambda: machine.now)
    assert ratios == [3.0, 3.0, 3.0]
    assert machine.done == ["A", "B"] * 4


def test_a_warm_up_of_ones_own_comes_once_and_first():
    machine = FakeMachine()
    warm_up = machine.action("warm", 100.0)
    ratios = paired(machine.action("A", 1.0), machine.action("B", 4.0), 2, warm_up, lambda: machine.now)
    assert ratios == [0.25, 0.25]
    assert machine.done == ["warm", "A", "B", "A", "B"]


def test_a_machine_that_slows_down_between_pairs_leaves_the_ratio_alone():
    machine = FakeMachine()
    second = machine.action("B", 2.0)

    def slower():
        second()
        machine.slow *= 7

    assert paired(machine.action("A", 6.0), slower, 4, clock=lambda: machine.now) == pytest.approx([3.0] * 4)


def test_one_thread_is_timed_by_the_process_and_several_by_the_wall():
    before = torch.get_num_threads()
    try:
        for threads, clock in ((1, time.process_time), (2, time.perf_counter)):
            torch.set_num_threads(threads)
            assert fitting_clock() is clock
    finally:
        torch.set_num_threads(before)


def test_a_figure_is_one_line_of_json_with_median_and_spread():
    figure = median_of("train_step_speedup", [9.0, 1.0, 3.14159265], "times", "the plain way")
    (line,) = figure.line().splitlines()
    assert list(json.loads(line)) == KEYS
    assert json.loads(line) == {
        "figure": "train_step_speedup", "value": 3.142, "unit": "times", "against": "the plain way",
        "n": 3, "min": 1.0, "max": 9.0,
    }  # fmt: skip


def test_a_figure_that_cannot_be_measured_says_why_and_has_no_value():
    found = json.loads(not_measured("x", "times", "not measured: no such hardware").line())
    assert (found["value"], found["n"], found["against"]) == (None, 0, "not measured: no such hardware")


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_is_found_by_its_name_and_says_what_it_measures(name):
    measure = find(name)
    assert BENCHMARKS[name] is measure
    assert (measure.__doc__ or "").strip().endswith(".")
    assert (importlib.import_module(f"benchmarks.{name}").__doc__ or "").strip()


def test_an_unknown_name_is_refused_with_the_names_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "speed"])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().err
    assert all(name in told for name in NAMES)


def test_the_command_prints_a_line_a_figure(monkeypatch, capsys):
    figures = [median_of("a", [1.0], "times", "b"), not_measured("c", "times", "no")]
    monkeypatch.setattr("benchmarks.__main__.find", lambda name: lambda quick: iter(figures if quick else []))
    monkeypatch.setattr("sys.argv", ["benchmarks", NAMES[0], "--quick"])
    main()
    assert capsys.readouterr().out.splitlines() == [figure.line() for figure in figures]


def test_office_home_has_65_different_classes_that_clip_can_read():
    task = office_home_tasks(size=16)[0]
    assert len(CLASSES) == len(set(task.class_names)) == 65
    assert "alarm clock" in task.class_names
    assert task.train.pixels(np.array([3, 4])).shape == (2, 16, 16, 3)


def test_the_text_tower_on_a_small_model_runs_and_finds_it_exact(monkeypatch):
    small = tiny.clip(text={"context_length": 77, "layers": text_tower.DEPTH})
    monkeypatch.setattr(text_tower, "open_backbone", lambda *named: small)
    speedup, difference = text_tower.text_tower(True)
    assert (speedup.figure, difference.figure) == ("text_tower_speedup", "text_tower_max_relative_difference")
    assert difference.value < 1e-5


def test_the_plain_loop_predicts_what_our_evaluation_does(monkeypatch):
    small = tiny.clip(text={"context_length": 77})
    task = evaluate._task(small, 9)
    assert evaluate.plain(small, task).tolist() == evaluate.ours(small, task).predictions.tolist()
    monkeypatch.setattr(evaluate, "open_backbone", lambda *named: small)
    monkeypatch.setattr(evaluate, "MILLION", 1000)
    found = [figure.figure for figure in evaluate.evaluate(True)]
    assert found == ["evaluate_memory_growth_mb", "evaluate_features_per_s", "evaluate_speedup"]


def test_accuracies_of_both_initialisations_come_from_a_training(monkeypatch):
    prompt = settings_from(
        {"preset": "light", "prompt": {"tokens": 2, "source_rows": 2, "source_columns": 8, "depth": 1}}
    )
    monkeypatch.setattr(initialisation, "settings_from", lambda values: prompt)
    tasks = (replace(tiny.task("a"), val=tiny.image_set(0, 4, 1)), tiny.task("b", seed=1))
    for start in ("balanced", "source"):
        assert 0 <= initialisation.accuracy(tiny.clip(), tasks, start, seed=1, epochs=1) <= 1


def test_the_cache_project_runs_twice_and_the_second_run_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "IMAGES", 5)
    project, store = cache.small_project(tmp_path, epochs=1), MemoryStore()
    for trained_nothing in (False, True):
        *_, ended = run(project, store=store)
        assert ended.trained_nothing is trained_nothing


def test_a_scan_of_few_files_gives_its_figures_and_decodes_nothing_twice(tmp_path, monkeypatch):
    for name, value in {"QUICK": 24, "QUICK_MANY": 24, "DOMAINS": 2, "CLASSES": 3}.items():
        monkeypatch.setattr(scan, name, value)
    figures = {figure.figure: figure.value for figure in scan.scan(True)}
    assert list(figures) == [
        "scan_files_per_s", "scan_over_walk", "rescan_100k_s", "rescan_over_walk", "scan_million_s",
        "scan_million_memory_mb",
    ]  # fmt: skip
    assert all(value > 0 for value in figures.values())
    root, store = scan.make_files(tmp_path / "data", 24), FolderStore(tmp_path / "cache")
    assert scan.open_again(root, store) == 24
    monkeypatch.setattr("mmap_studio.data.images.decode._loaded", lambda file: pytest.fail("decoded an image"))
    assert scan.open_again(root, store) == 24
    assert scan.plain_walk(root) > 0


def test_both_ways_of_the_pipeline_give_the_same_tensors(tmp_path, monkeypatch):
    for name, value in {"CLASSES": 2, "WIDTH": 40, "HEIGHT": 32, "SIZE": 16}.items():
        monkeypatch.setattr(pipeline, name, value)
    root, store = pipeline.make_jpegs(tmp_path / "data", 3), FolderStore(tmp_path / "cache")
    first, later = pipeline.epoch(root, store), pipeline.epoch(root, store)
    assert torch.equal(first, later)
    torch.testing.assert_close(first, pipeline.image_folder_epoch(root, 0), rtol=1e-3, atol=1e-4)


def test_ranks_are_compared_off_the_diagonal():
    a = np.array([[9.0, 1.0, 2.0], [3.0, -9.0, 4.0], [5.0, 6.0, 0.0]])
    assert rank_correlation(a, np.exp(a) + np.diag([0.0, 100.0, 50.0])) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)


def test_a_relative_difference_is_of_the_largest_value():
    assert text_tower.relative_difference(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0])) == pytest.approx(0.25)
