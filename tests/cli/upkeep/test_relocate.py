"""A project, its images or its backbone were moved: it opens, or says what is not there and how to say where it is."""

import json
import shutil

import pytest

from mmap_studio.session.project.project import Project
from tests.cli.conftest import DOMAINS, QUICK, settings, write_backbone, write_data

QUICKLY = settings(*QUICK, "train.epochs=1", "affinity.epochs=1")


@pytest.fixture
def home(tmp_path, mmap):
    """A folder with images, a backbone below the project, and a project that has split its images."""
    home = tmp_path / "home"
    write_data(home / "data")
    (home / "project" / "models").mkdir(parents=True)
    write_backbone(home / "project" / "models")
    backbone = home / "project" / "models" / "tiny.json"
    made = mmap("new", home / "project", "--data", home / "data", "--backbone", backbone, *QUICKLY)
    assert made.exit_code == 0, made.output
    return home


def run(mmap, project):
    return mmap("run", project, "--groups", "together", "--json")


def splits(project):
    return {file.name: json.loads(file.read_text())["files"] for file in (project / "splits").glob("*.json")}


def missing_rows(mmap, project):
    found = mmap("inspect", project, "--json")
    problems = json.loads(found.stdout)["problems"]
    assert found.exit_code == (1 if problems else 0)
    return problems


def test_a_project_and_its_data_moved_together_still_open(home, mmap):
    text = (home / "project" / "project.toml").read_text()
    for entry in Project.open(home / "project").file.tasks:
        assert entry.folder == f"../data/{entry.name}"
    assert 'backbone = "models/tiny.json"' in text
    moved = home.rename(home.with_name("elsewhere"))
    assert missing_rows(mmap, moved / "project") == []
    assert run(mmap, moved / "project").exit_code == 0


def test_a_project_that_moves_alone_still_finds_its_data(home, tmp_path, mmap):
    moved = (home / "project").rename(tmp_path / "archive")
    assert missing_rows(mmap, moved) == []
    assert run(mmap, moved).exit_code == 0
    assert "made_in" not in next(moved.glob("runs/*/config.toml")).read_text()  # it is not for others


def test_data_that_moved_is_named_with_the_remedy_which_keeps_the_split(home, tmp_path, mmap):
    project = home / "project"
    assert run(mmap, project).exit_code == 0
    drawn = splits(project)
    assert set(drawn)
    data = (home / "data").rename(tmp_path / "photos")
    refused = run(mmap, project)
    assert refused.exit_code == 1
    for words in (f"Task {DOMAINS[0]!r}", str(home / "data"), str(project / "project.toml"),
                  f"`mmap-studio relocate {project} --data FOLDER`"):  # fmt: skip
        assert words in refused.stderr
    assert len(missing_rows(mmap, project)) == 2
    told = mmap("relocate", project, "--data", data)
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines()[0].startswith(f"{DOMAINS[0]}: {data / DOMAINS[0]}, ")
    assert missing_rows(mmap, project) == []
    (data / DOMAINS[1] / "fox" / "late.png").write_bytes((data / DOMAINS[1] / "fox" / "image 1.png").read_bytes())
    again = run(mmap, project)
    assert again.exit_code == 0, again.output
    assert splits(project) == drawn  # not drawn again: the late image is not in it


@pytest.mark.parametrize("deep", ["", "a", "a/b"])
def test_the_new_folder_may_be_above_the_data(home, tmp_path, mmap, deep):
    (tmp_path / "new" / deep).mkdir(parents=True)
    shutil.move(home / "data", tmp_path / "new" / deep / "data")
    told = mmap("relocate", home / "project", "--data", tmp_path / "new" / deep, "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert [one["folder"] for one in document["tasks"]] == [
        str(tmp_path / "new" / deep / "data" / name) for name in DOMAINS
    ]
    assert all(one["lost"] == 0 for one in document["tasks"])


def test_one_task_is_moved_by_its_own_folder(home, tmp_path, mmap):
    new = (home / "data" / DOMAINS[1]).rename(tmp_path / "drawings")
    told = mmap("relocate", home / "project", "--data", new)
    assert told.stdout.startswith(f"{DOMAINS[1]}: {new}")
    both = mmap("relocate", home / "project", "--data", new, "--task", DOMAINS[0], "--task", DOMAINS[1])
    assert both.exit_code == 1


def test_other_images_of_the_same_name_are_not_taken(home, tmp_path, mmap):
    assert run(mmap, home / "project").exit_code == 0
    shutil.rmtree(home / "data")
    for domain in DOMAINS:
        (tmp_path / "other" / domain / "fox").mkdir(parents=True)
        source = tmp_path / "other" / domain / "fox" / "strange.png"
        shutil.copy(next((home / "project" / "runs").rglob("*.png"), __file__), source)
    told = mmap("relocate", home / "project", "--data", tmp_path / "other")
    assert told.exit_code == 1
    assert "does not; name the folder" in told.stderr
    assert [entry.folder for entry in Project.open(home / "project").file.tasks] == [
        f"../data/{name}" for name in DOMAINS
    ]


def test_refusals(home, mmap):
    project = home / "project"
    for words, code, said in (
        (("relocate", project), 2, "--data FOLDER, --backbone NAME, or both"),
        (("relocate", project, "--task", "x", "--backbone", "starter"), 2, "give --data FOLDER too"),
        (("relocate", project, "--data", home / "nowhere"), 1, "is not there; check the path"),
        (("relocate", project, "--data", home, "--task", "x"), 1, "'x' is not; check the name"),
        (("relocate", project, "--backbone", "gone.json"), 1, "'gone.json' is not there"),
        (("relocate", "starter", "--data", home), 1, "The starter's images ship with it"),
    ):
        result = mmap(*words)
        assert result.exit_code == code, result.output
        assert said in result.stderr


def test_a_backbone_that_moved(home, tmp_path, mmap):
    project = home / "project"
    shutil.move(project / "models", tmp_path / "models")
    refused = run(mmap, project)
    assert refused.exit_code == 1
    (problem,) = missing_rows(mmap, project)
    assert refused.stderr.strip() == problem
    assert "Backbone 'models/tiny.json' is not there" in problem
    assert str(project / "models" / "tiny.json") in problem
    told = mmap("relocate", project, "--backbone", tmp_path / "models" / "tiny.json")
    assert told.stdout.strip() == f"Backbone: {tmp_path / 'models' / 'tiny.json'}"
    assert run(mmap, project).exit_code == 0
