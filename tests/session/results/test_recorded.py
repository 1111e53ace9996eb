"""Documents on disk, changed in every place: each reader ends with a value or with one sentence, never unforeseen."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmap_studio.config import settings_from
from mmap_studio.errors import StudioError
from mmap_studio.session.board.board import Board
from mmap_studio.session.project import autosave
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import read_project_file, write_project_file
from mmap_studio.storage.json_text import sealed
from mmap_studio.storage.runs import RunFolder
from tests.storage.hostile import mutated
from tests.storage.scenarios import prompt_folder

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)  # fmt: skip
FIGURES = {"accuracy": 0.5, "macro_f1": None, "ece": 0.1, "n": 3}
RESULTS = {
    "format": 1,
    "backbone": {"name": "tiny", "digest": "d", "parameters": 3, "precision": "float32"},
    "settings": settings_from({}).model_dump(mode="json"),
    "splits": {"a": {"kind": "given", "seed": None, "digest": "d", "images": {"train": 3}}},
    "metrics": {"zero_shot": {"a": FIGURES, "b": FIGURES}, "run": {"a": FIGURES, "b": FIGURES},
                "together": {"a": FIGURES}},
    "controls": {"together": {"mean": 0.5, "per_task": {"a": 0.5}, "trained_parameters": 3, "groups": [["a", "b"]]}},
    "affinity": {"tasks": ["a", "b"], **{name: [[0.1, None], [0.2, 0.3]] for name in (
        "matrix", "standard_error", "normalised", "normalised_standard_error")}, "n": [[1, 1], [1, 1]]},
    "grouping": {"groups": [["a"], ["b"]], "text": "a | b", "score": 0.1, "how": "exact"},
    "trained_parameters": 100,
}  # fmt: skip
TASKS = [{"name": "a", "folder": "data/a", "class_names": {"x": "y"}, "merged": {"m": ["p", "q"]}, "left_out": ["z"],
          "ensemble": ["a {}"], "template": "a {}", "layout": "auto", "part": "a"},
         {"name": "b", "folder": "/b"}]  # fmt: skip
PROJECT = {
    "format": 1, "name": "p", "backbone": "starter", "tasks": TASKS, "settings": RESULTS["settings"],
    "split": {"kind": "fraction", "fractions": [0.6, 0.2, 0.2], "shots": 16, "share": 0.1, "seed": 1},
}  # fmt: skip
BOARD = {"version": 1, "groups": [{"name": "G", "tasks": ["a", "b"]}], "locked": ["a"], "arranged": True,
         "kept": {"k": [{"name": "G", "tasks": ["a"]}, {"name": "H", "tasks": ["b"]}]}}  # fmt: skip
WINDOW = {"version": 1, "board": BOARD, "began": {"project": PROJECT, "board": BOARD, "edits": 3}}


def refused_or_read(read) -> None:
    """A refusal is one line of a readable length."""
    try:
        read()
    except StudioError as error:
        said = str(error)
    else:
        said = ""
    assert said.isprintable()
    assert len(said) < 2000


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A project with a finished run."""
    place = tmp_path_factory.mktemp("project")
    project = Project.new(place / "p", [], "p")
    run = RunFolder.new(project.runs, "run")
    run.write_config(write_project_file(project.file))
    run.write_json("results.json", RESULTS)
    run.finish()
    return place / "p"


def run_of(place: Path) -> RunFolder:
    return RunFolder(next((place / "runs").iterdir()))


@pytest.mark.parametrize(
    ("grouping", "known"),
    [
        ({"how": "exact", "evidence": {"sentence": "No evidence.", "margin": 0.1}}, True),
        ({"how": "exact"}, False),  # of a version that did not say
        ({"how": "given", "evidence": {"sentence": "No evidence."}}, False),
        ({"how": "exact", "evidence": {"sentence": 3}}, False),
        ({"how": "exact", "evidence": "No evidence."}, False),
        ("exact", False),
    ],
)
def test_the_evidence_of_the_newest_run_that_suggested_groups(tmp_path, grouping, known):
    from mmap_studio.session.results.results import newest_evidence

    project = Project.new(tmp_path / "p", [], "p")
    run = RunFolder.new(project.runs, "run")
    run.write_json("results.json", RESULTS | {"grouping": grouping})
    run.finish()
    found = newest_evidence(project)
    assert found == (grouping["evidence"] if known else None)


@EXAMPLES
@given(value=mutated(RESULTS))
def test_results_of_a_run(place, value):
    from mmap_studio.session.results.export_files import export_tables
    from mmap_studio.session.results.outcomes import recorded_outcomes
    from mmap_studio.session.results.past_affinity import past_affinity
    from mmap_studio.session.results.table import table

    run = run_of(place)
    (run.path / "results.json").write_text(json.dumps(value))
    record = {key: one for key, one in run.record().items() if key not in ("files", "sha256")}
    (run.path / "run.json").write_text(sealed({**record, "state": "finished"}))
    project = Project.open(place)
    outcomes, problems = recorded_outcomes(project)
    assert all(text.isprintable() for text in problems)
    refused_or_read(lambda: table(outcomes, ["a", "b"]))
    refused_or_read(lambda: export_tables(run, place.parent / "tables"))
    refused_or_read(lambda: list(past_affinity(project, "d", {"a": "d", "b": "d"})))


RUN = {"state": "running", "pid": 1, "host": "0" * 8, "title": "t", "started": "2026-01-01T00:00:00+00:00",
       "ended": "x", "reason": "r", "files": {"log.txt": {"bytes": 0, "sha256": "0" * 64}}}  # fmt: skip


@EXAMPLES
@given(value=mutated(RUN))
def test_the_record_of_a_run(tmp_path_factory, value):
    from mmap_studio.session.results.inspect import inspect
    from mmap_studio.session.results.runs import find_run, newest_run, unfinished_run

    folder = tmp_path_factory.mktemp("records")
    project = Project.new(folder / "p", [], "p")
    run = RunFolder.new(project.runs, "run")
    if not isinstance(value, dict):
        return
    try:
        (run.path / "run.json").write_text(sealed(value))
    except (StudioError, UnicodeEncodeError):  # what JSON or UTF-8 cannot hold is no record
        return
    for read in (lambda: inspect(run.path), lambda: inspect(project.folder), lambda: find_run(project.folder),
                 lambda: newest_run(project), lambda: unfinished_run(project), run.verify, run.resume,
                 lambda: run.finish("failed")):  # fmt: skip
        refused_or_read(read)


@EXAMPLES
@given(lines=st.lists(mutated({"what": "epoch", "phase": "training", "note": "", "members": ["a"], "epoch": 1,
                               "first_step": 1, "losses": {"a": [0.5, None]}, "validation": {"a": 0.5}}), max_size=3),
       config=mutated({"backbone": "starter", "tasks": [], "settings": {"seed": 1}}))  # fmt: skip
def test_what_is_left_of_a_run_to_draw(place, lines, config):
    import tomli_w

    from mmap_studio.session.results.past_curves import past_curves
    from mmap_studio.session.results.runs import seed_of

    run = run_of(place)
    try:
        (run.path / "config.toml").write_text(tomli_w.dumps(config))
    except (TypeError, AttributeError, UnicodeEncodeError):
        return
    (run.path / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    refused_or_read(lambda: list(past_curves(Project.open(place))))
    refused_or_read(lambda: seed_of(run))
    refused_or_read(run.metrics)


@EXAMPLES
@given(value=mutated(PROJECT))
def test_a_project_file(tmp_path_factory, value):
    import tomli_w

    from mmap_studio.session.results.inspect import inspect

    folder = tmp_path_factory.mktemp("project files")
    try:
        (folder / "project.toml").write_text(tomli_w.dumps(value))
    except (TypeError, AttributeError, UnicodeEncodeError):  # TOML has no None, and is a table
        return
    refused_or_read(lambda: read_project_file(folder / "project.toml"))
    refused_or_read(lambda: inspect(folder))


@EXAMPLES
@given(value=mutated(WINDOW))
def test_what_a_window_keeps(place, value):
    (place / "window.json").write_text(json.dumps(value))
    board = autosave.load(Project.open(place))[1]
    refused_or_read(lambda: Board().open(board, ["a", "b"]))


META = {
    "project": "p", "backbone": "tiny", "backbone_digest": "0" * 64, "precision": "float32", "image_size": 16,
    "preprocessing": {"mean": [0.5, 0.5, 0.5], "std": [1, 1, 1], "resize_mode": "squash"}, "parts": "both",
    "complete": True, "settings": {"prompt": {"tokens": 4, "source_rows": 4, "source_columns": 32, "depth": 3}},
    "scores": {"run": {"a": 0.5, "b": None}}, "trained_parameters": 3,
}  # fmt: skip


@EXAMPLES
@given(meta=mutated(META), classes=mutated({"a": {"class_names": ["x", "y"], "template": "{}", "group": "a + b"}}),
       which=st.sampled_from(["meta", "classes", "record"]), data=st.data())  # fmt: skip
def test_a_prompt_folder(tmp_path_factory, meta, classes, which, data):
    from mmap_studio.session.results.inspect import inspect
    from mmap_studio.session.run.exported import read_prompts
    from mmap_studio.storage.opener import fingerprint
    from mmap_studio.storage.prompt_folder import prompt_files

    folder = tmp_path_factory.mktemp("prompts")
    files = prompt_files(prompt_folder(1))
    record = json.loads(files["mmap.json"])
    record.pop("sha256")
    if which == "meta":
        record["meta"] = meta
    elif which == "classes":
        files["classes.json"] = json.dumps(classes).encode()
        record["files"]["classes.json"] = fingerprint(files["classes.json"])
    else:
        record = data.draw(mutated({**record, "meta": META}))
    try:
        files["mmap.json"] = sealed(record).encode()
    except (StudioError, TypeError, UnicodeEncodeError):
        return
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    refused_or_read(lambda: read_prompts(folder))
    refused_or_read(lambda: inspect(folder))


def test_an_affinity_that_is_not_square_is_named(place):
    run = run_of(place)
    table = {**RESULTS, "affinity": {**RESULTS["affinity"], "n": [[1], [1, 1]]}}  # type: ignore[dict-item]
    (run.path / "results.json").write_text(json.dumps(table))
    record = {key: one for key, one in run.record().items() if key not in ("files", "sha256")}
    (run.path / "run.json").write_text(sealed(record))
    from mmap_studio.session.results.recorded import read_results

    with pytest.raises(StudioError, match=r"results\.json cannot be used: field 'affinity': .* 2 rows and columns"):
        read_results(run)
