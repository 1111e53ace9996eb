"""Several seeds in one command, and the table of all runs of a project."""

import csv
import io
import json
import statistics

import numpy as np
import pytest

from mmap_studio.session.project.project import Project
from mmap_studio.storage.runs import latest
from tests.cli.conftest import DOMAINS, QUICK, settings

pytestmark = pytest.mark.slow

SEEDS = (1, 2)


@pytest.fixture(scope="module")
def seeded(place, mmap):
    """A project of its own after a run with two seeds: its folder, and what the command said."""
    folder = place / "seeded"
    made = mmap("new", folder, "--data", place / "data", "--backbone", place / "tiny.json", *settings(*QUICK))
    assert made.exit_code == 0, made.output
    out = place / "both"
    result = mmap("run", folder, "--seeds", "1, 2", "--control", "together", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    return folder, out, result


def test_every_seed_is_a_run_with_prompts_of_its_own_in_one_document(seeded, mmap):
    folder, out, result = seeded
    document = json.loads(result.stdout)
    assert document["seeds"] == list(SEEDS)
    assert [run["settings"]["seed"] for run in document["runs"]] == list(SEEDS)
    assert len({run["paths"]["run"] for run in document["runs"]}) == 2
    assert sorted(path.name for path in out.iterdir()) == ["seed-1", "seed-2"]
    assert all(mmap("inspect", out / name).exit_code == 0 for name in ("seed-1", "seed-2"))
    assert "Seed 2, 2 of 2" in result.stderr
    assert Project.open(folder).settings.seed == 1, "the project's own seed stays"


def test_the_table_is_mean_and_spread_over_the_seeds(seeded, mmap):
    folder, _, result = seeded
    means = [100 * run["run"]["mean"] for run in json.loads(result.stdout)["runs"]]
    shown = mmap("run", folder, "--seeds", "1,2", "--control", "together").stdout.splitlines()
    head, rows = shown[0].split(), {line.split("  ")[0]: line for line in shown[1:]}
    assert head[:5] == ["method", "parameters", "seeds", "mean", "change"]
    line = rows["MmAP, suggested groups"]
    assert f"{np.mean(means):.1f} ± {statistics.stdev(means):.1f}" in line
    assert "1, 2" in line
    assert "±" not in rows["Zero-shot"], "it has no seed"
    assert shown[-2].startswith("Seed 1: ")


def test_results_are_those_of_all_runs_with_settings_only_where_they_differ(seeded, mmap):
    folder, _, result = seeded
    document = json.loads(mmap("results", folder, "--json").stdout)
    rows = {row["method"]: row for row in document["rows"]}
    together = [run["controls"]["together"] for run in json.loads(result.stdout)["runs"]]
    assert document["tasks"] == list(DOMAINS)
    assert rows["zero_shot"]["baseline"]
    assert rows["zero_shot"]["seeds"] == ""
    mean = rows["together"]["mean"] if "together" in rows else rows["run"]["mean"]
    assert mean["mean"] == pytest.approx(100 * np.mean([one["mean"] for one in together]))
    assert mean["difference"] == pytest.approx(mean["mean"] - rows["zero_shot"]["mean"]["mean"])
    assert mmap("results", folder).stdout.splitlines()[0].split()[-1] != "settings"


def test_the_table_as_a_paper_or_a_program_takes_it(seeded, mmap):
    folder = seeded[0]
    assert mmap("results", folder, "--as", "markdown").stdout.startswith("| Method | ")
    assert r"\toprule" in mmap("results", folder, "--as", "latex").stdout
    (head, *rows) = csv.reader(io.StringIO(mmap("results", folder, "--as", "csv").stdout))
    assert {f"{DOMAINS[0]} difference", "mean spread"} <= set(head)
    assert len(rows) == len(json.loads(mmap("results", folder, "--json").stdout)["rows"])
    assert "Macro-F1" in mmap("results", folder, "--as", "markdown", "--metric", "macro_f1").stdout


def test_differences_are_to_the_row_that_is_named(seeded, mmap):
    folder = seeded[0]
    ensemble = json.loads(mmap("results", folder, "--against", "zero_shot_ensemble", "--json").stdout)["rows"]
    assert [row["method"] for row in ensemble if row["baseline"]] == ["zero_shot_ensemble"]
    refused = mmap("results", folder, "--against", "magic")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "a method of zero_shot, zero_shot_ensemble" in refused.stderr


def test_a_project_without_runs_has_no_results(place, mmap):
    folder = place / "without runs"
    assert mmap("new", folder, "--data", place / "data", "--backbone", place / "tiny.json").exit_code == 0
    result = mmap("results", folder)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "has no finished run yet" in result.stderr
    assert json.loads(mmap("results", folder, "--json").stdout)["rows"] == []


@pytest.mark.parametrize("given", ["", "1,", "1,1", "1,-2", "one", "1.5", "²", "2147483648", "9" * 5000])
def test_seeds_that_are_none_are_refused_before_anything_is_opened(given, mmap):
    refused = mmap("run", "no such project", "--seeds", given)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "--seeds: Seeds must be different whole numbers" in refused.stderr


def test_one_seed_or_several_not_both(project, mmap):
    refused = mmap("run", project, "--seed", "1", "--seeds", "1,2")
    assert refused.exit_code == 2
    assert "give one of them" in refused.stderr


def test_a_stopped_seed_goes_on_in_its_own_folder(seeded, mmap):
    folder = seeded[0]
    project = Project.open(folder)
    last = latest(project.runs, "finished")
    assert last is not None
    last.finish("cancelled", "stopped by the user")  # as if the second seed had been stopped
    document = json.loads(mmap("run", folder, "--seeds", "1,2", "--control", "together", "--resume", "--json").stdout)
    assert [run["paths"]["run"] == str(last.path) for run in document["runs"]] == [False, True]


def test_seeds_in_processes_are_one_document_in_the_order_asked_for(seeded, mmap):
    folder = seeded[0]
    result = mmap("run", folder, "--seeds", "6,5", "--processes", "2", "--groups", "together", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [run["settings"]["seed"] for run in document["runs"]] == [6, 5]
    assert "Seed 5: Training: " in result.stderr
    assert "Runs are made by 2 processes of" in result.stderr
    single = mmap("run", folder, "--seed", "5", "--processes", "1", "--groups", "together")
    assert "nothing to train" in single.stderr
    assert "Seed 5" not in single.stderr


def test_a_number_of_processes_that_is_none_is_refused(project, mmap):
    assert mmap("run", project, "--processes", "0").exit_code == 2
