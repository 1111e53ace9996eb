"""`run`, `affinity`: the document, the tables, the cache, and prompts that predict the same elsewhere."""

import json
from pathlib import Path

import pytest

from mmap_studio.session.project.project import Project
from tests.cli.conftest import DOMAINS, finished, settings

pytestmark = pytest.mark.slow

KEYS = {
    "format", "project", "backbone", "settings", "zero_shot", "zero_shot_ensemble", "run", "metrics", "controls",
    "affinity", "grouping", "splits", "subjects", "trained_parameters", "trained_share", "trained_nothing", "timings",
    "paths", "sizes", "at_zero_shot", "never_found",
}  # fmt: skip


def test_the_document_has_the_documented_keys(done):
    assert set(done) == KEYS
    for method in ("zero_shot", "run"):
        assert set(done[method]) == {"mean", "per_task"}
        assert list(done[method]["per_task"]) == list(DOMAINS)
    assert done["affinity"]["tasks"] == list(DOMAINS)
    assert {"matrix", "standard_error", "n"} <= set(done["affinity"])
    assert list(done["splits"]) == list(DOMAINS)
    assert all(set(one) == {"kind", "seed", "digest", "images"} for one in done["splits"].values())
    assert sorted(name for group in done["grouping"]["groups"] for name in group) == sorted(DOMAINS)
    assert done["trained_parameters"] > 0
    assert 0 < done["trained_share"] < 1


def test_a_second_run_trains_nothing_and_says_so_in_its_one_document(project, done):
    code, out, err = finished("run", project, "--json")
    again = json.loads(out)
    assert code == 0
    assert again["trained_nothing"] is True
    assert again["run"] == done["run"]
    assert again["paths"]["run"] != done["paths"]["run"]
    assert "nothing to train" in err


def test_the_table_of_a_second_run_says_so_too(project, done, mmap):
    result = mmap("run", project)
    assert "Nothing had to be trained" in result.stdout
    assert result.stdout.startswith("task")
    assert f"{100 * done['run']['mean']:.1f} %" in result.stdout
    phases = [line.split(":")[0] for line in result.stderr.splitlines()]
    for title in ("Loading the backbone", "Zero-shot", "Training", "Evaluating"):
        assert phases.count(title) == 1


def test_prompts_predict_from_a_new_process_what_the_run_scored(project, done):
    opened = Project.open(project)
    for task in DOMAINS[:1]:
        entry = next(entry for entry in opened.file.tasks if entry.name == task)
        saved = [json.loads(path.read_text()) for path in (project / "splits").glob("*.json")]
        root = opened.folder_of(entry)
        files = next([root / f for f in s["files"]["test"]] for s in saved if (root / s["files"]["test"][0]).exists())
        readable = [file for file in files if file.name != "broken.png"]
        code, out, _ = finished("predict", done["paths"]["prompts"], *readable, "--task", task, "--json")
        answers = json.loads(out)["predictions"]
        right = [a["class"] == {"001.Desk_Lamp": "desk lamp", "RedCar": "red car"}.get(f.parent.name, f.parent.name)
                 for a, f in zip(answers, readable, strict=True)]  # fmt: skip
        assert code == 0
        assert sum(right) / len(right) == done["run"]["per_task"][task]


def test_nothing_that_is_handed_on_says_where_it_was_made(project, done, place, mmap):
    """A run folder and an export have names and digests; paths of this computer are in the project alone."""
    out = place / "handed on"
    assert mmap("export", done["paths"]["run"], "--out", out, "--csv", place / "handed on tables").exit_code == 0
    folders = [Path(done["paths"]["run"]), out, place / "handed on tables"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 10
    for file in files:
        for private in (place, Path.home()):
            assert str(private).encode() not in file.read_bytes(), f"{file} says {private}"
    assert json.loads((out / "mmap.json").read_text())["meta"]["backbone"] == "tiny.json"
    assert 'backbone = "../tiny.json"' in (project / "project.toml").read_text()


def test_exported_prompts_find_their_backbone_on_this_computer_and_ask_for_it_elsewhere(
    project, done, place, mmap, monkeypatch, tmp_path
):
    out, image = place / "moved", next((place / "data" / DOMAINS[0]).glob("*/image*.png"))
    assert mmap("export", project, "--out", out).exit_code == 0
    assert mmap("predict", out, image, "--task", DOMAINS[0]).exit_code == 0
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(tmp_path / "another computer"))
    refused = mmap("predict", out, image, "--task", DOMAINS[0])
    assert refused.exit_code == 1
    assert "tiny.json" in refused.stderr
    given = mmap("predict", out, image, "--task", DOMAINS[0], "--backbone", place / "tiny.json")
    assert given.exit_code == 0


def test_out_is_written_and_replaced_but_nothing_else_is(project, done, place, mmap):
    out = place / "taken away"
    for _ in range(2):
        assert mmap("run", project, "--out", out, "--json").exit_code == 0
        assert mmap("inspect", out).exit_code == 0
    (out / "mine.txt").write_text("mine")
    below_a_file = mmap("run", project, "--out", project / "project.toml" / "prompts")
    assert (below_a_file.exit_code, below_a_file.stderr.count("\n")) == (1, 1)
    assert "a folder of that path is a file" in below_a_file.stderr
    for taken, found in ((out, "mine.txt"), (place / "data", "mmap.json")):
        refused = mmap("run", project, "--out", taken)
        assert refused.exit_code == 1
        assert "will not be replaced" in refused.stderr
        assert found in refused.stderr
        assert "Loading" not in refused.stderr, "refused before anything is loaded"


def test_affinity_prints_the_matrix_and_trains_no_group(project, done, mmap):
    result = mmap("affinity", project)
    assert result.exit_code == 0
    assert result.stdout.count("±") >= 2 * len(DOMAINS) ** 2
    assert "Groups (suggested, exact" in result.stdout
    assert "Training" not in result.stderr
    assert json.loads(mmap("affinity", project, "--json").stdout)["run"] is None


def test_all_controls_stand_against_zero_shot(project, done, mmap):
    quick = settings("train.epochs=1", "affinity.epochs=1", "finetune.learning_rate=0.0001")
    result = mmap("run", project, "--control", "all", *quick)
    assert result.exit_code == 0, result.output
    for title in ("Zero-shot", "MmAP, suggested groups", "Linear probe", "MmAP, all separate", "Full fine-tuning"):
        assert f"\n{title}" in result.stdout
    for word in ("points of accuracy", *DOMAINS):
        assert word in result.stdout


def test_named_controls_are_in_the_document(project, done, mmap):
    document = json.loads(mmap("run", project, "--control", "linear_probe,together", "--json").stdout)
    assert list(document["controls"]) == ["linear_probe", "together"]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("together", [list(DOMAINS)]),
        ("separate", [[name] for name in DOMAINS]),
        (r"art & photo,clip\+art", [[name] for name in DOMAINS]),
        ("1", [list(DOMAINS)]),
    ],
)
def test_groups_as_they_are_asked_for(project, done, mmap, groups, expected):
    document = json.loads(mmap("run", project, "--groups", groups, "--json").stdout)
    assert document["grouping"]["groups"] == expected


def test_export_is_a_verified_copy_with_tables(project, done, place, mmap):
    out, csv = place / "exported", place / "tables"
    result = mmap("export", done["paths"]["run"], "--out", out, "--csv", csv)
    assert result.exit_code == 0, result.output
    assert "verified" in result.stdout
    assert (csv / "affinity.csv").read_text().startswith("source,recipient,affinity,standard_error")
    assert len((csv / "results.csv").read_text().splitlines()) == 1 + 3 * len(DOMAINS)
    assert json.loads(mmap("export", project, "--out", out, "--json").stdout)["prompts"] == str(out)
