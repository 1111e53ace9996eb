"""`runs`: a project's runs named, told apart, compared by their images, thrown away and brought back."""

import json

import pytest
import typer

from tests.cli.conftest import DOMAINS, QUICK, settings, write_backbone, write_data

QUICKLY = settings(*QUICK, "train.epochs=1", "train.learning_rate=0.05")


@pytest.fixture(scope="module")
def project(tmp_path_factory, mmap):
    """Two runs, together and with another seed separately."""
    home = tmp_path_factory.mktemp("runs")
    write_data(home / "data")
    write_backbone(home)
    made = mmap("new", home / "project", "--data", home / "data", "--backbone", home / "tiny.json", *QUICKLY)
    assert made.exit_code == 0, made.output
    for groups, seed in (("together", "1"), ("separate", "2")):
        ran = mmap("run", home / "project", "--groups", groups, "--seed", seed, "--json")
        assert ran.exit_code == 0, ran.output
    return home / "project"


def listed(mmap, project):
    told = mmap("runs", "ls", project, "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)["runs"]


def test_a_run_gets_a_name_a_note_and_tags_and_goes_to_the_top(mmap, project):
    new, old = listed(mmap, project)
    assert (new["seed"], old["seed"], new["name"]) == (2, 1, "")
    said = mmap("runs", "edit", project, old["run"], "--name", "base line", "--tag", "a, b", "--note", "why", "--pin")
    assert said.stdout.strip() == "base line; a, b; pinned"
    mmap("runs", "edit", project, "base line", "--untag", "a")
    first = listed(mmap, project)[0]
    assert [first[key] for key in ("run", "name", "tags", "note", "pinned")] == [
        old["run"], "base line", ["b"], "why", True,
    ]  # fmt: skip
    text = mmap("runs", "ls", project).stdout
    assert text.index("* base line") < text.index(new["run"])
    assert "base line: why" in text
    nothing = mmap("runs", "edit", project, "latest")
    assert nothing.exit_code == 2
    assert "--name" in nothing.stderr


def test_two_runs_differ_in_what_they_were_asked_for(mmap, project):
    new, old = sorted(listed(mmap, project), key=lambda run: -run["seed"])
    told = json.loads(mmap("runs", "diff", project, old["run"], new["run"], "--json").stdout)
    found = {one["setting"]: (one["first"], one["second"]) for one in told["differences"]}
    assert found["seed"] == ("1", "2")
    assert found["groups"] == ("together", "separate")
    assert "differ in no setting" in mmap("runs", "diff", project, "latest", "latest").stdout
    wrong = mmap("runs", "diff", project, "nothing", "latest")
    assert wrong.exit_code == 1
    assert "A run must be named" in wrong.stderr


def test_images_that_one_run_has_right_and_the_other_wrong(mmap, project):
    told = mmap("runs", "images", project, "zero_shot", "latest", "--json")
    assert told.exit_code == 0, told.output
    there = json.loads(told.stdout)
    back = json.loads(mmap("runs", "images", project, "latest", "zero_shot", "--json").stdout)
    assert set(there["tasks"]) == set(DOMAINS)
    for name, counts in there["tasks"].items():
        other = back["tasks"][name]
        assert (counts["fixed"], counts["broken"]) == (other["broken"], other["fixed"])
        assert counts["fixed"] + counts["broken"] <= counts["images"] > 0
    changed = {kind: {one["image"] for one in there["images"] if one["change"] == kind} for kind in ("fixed", "broken")}
    assert {one["image"] for one in back["images"] if one["change"] == "broken"} == changed["fixed"]
    assert all(one["truth"] != one["taken_for"] for one in there["images"])
    assert all(path.endswith(".png") for path in changed["fixed"] | changed["broken"])
    zero, run = (json.loads(mmap("results", project, "--json").stdout)["rows"][row]["per_task"] for row in (0, -1))
    for name, counts in there["tasks"].items():
        gained = round((run[name]["mean"] - zero[name]["mean"]) / 100 * counts["images"])
        assert counts["fixed"] - counts["broken"] == gained
    one = mmap("runs", "images", project, "zero_shot", "latest", "--task", DOMAINS[0])
    assert DOMAINS[1] not in one.stdout
    assert mmap("runs", "images", project, "latest", "latest", "--task", "nothing").exit_code == 2


def test_a_run_goes_to_the_trash_and_comes_back(mmap, project, monkeypatch):
    name = listed(mmap, project)[-1]["run"]
    assert mmap("runs", "delete", project, name).exit_code == 0
    assert name not in [run["run"] for run in listed(mmap, project)]
    assert name in mmap("runs", "trash", project).stdout
    assert json.loads(mmap("runs", "restore", project, name, "--json").stdout)["restored"] == name
    assert name in [run["run"] for run in listed(mmap, project)]
    mmap("runs", "delete", project, name)
    asked = []
    monkeypatch.setattr("mmap_studio.cli.upkeep.runs.is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda text, **how: asked.append((text, how["default"])))
    kept = mmap("runs", "trash", project, "--empty")
    assert (kept.exit_code, asked) == (1, [("Delete 1 run for good?", False)])
    assert name in kept.stderr
    assert "Nothing was deleted" in kept.stderr
    assert "1 run in the trash" in mmap("runs", "trash", project).stdout
    assert "1 run deleted for good" in mmap("runs", "trash", project, "--empty", "--yes").stdout
    assert "0 runs deleted for good" in mmap("runs", "trash", project, "--empty").stdout
    assert len(asked) == 1
    assert mmap("runs", "restore", project, name).exit_code == 1
