"""Documents are held against the code: examples run, commands and files are there, numbers are those of the code."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.lazy import imported_later

with imported_later():
    import open_clip
    import typer

    import mmap_studio
    from mmap_studio.cli.app import app
    from mmap_studio.method.grouping.search import EXACT_TASKS
    from mmap_studio.session.methods import CONTROLS
    from mmap_studio.storage.store import MemoryStore
    from tests import projects, tiny

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOTS = ("tests", "mmap_studio", "docs", "resources", "tools", "benchmarks")
PLACES = ("", "mmap_studio", "mmap_studio/method/clip", "tests")
"""Where a path in a page may begin."""


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.S)


def test_the_pieces_run_in_order(monkeypatch, capsys):
    model = tiny.clip(vision={"width": 64}, text={"width": 64}).model
    monkeypatch.setattr(open_clip, "create_model", lambda name: model)
    names = {}
    examples = blocks(ROOT / "docs" / "python.md", "python")
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), names)
    assert len(examples) == 5
    assert "504 trainable parameters" in capsys.readouterr().out


def test_the_readmes_example_runs_on_a_small_project(monkeypatch, tmp_path, capsys):
    project = projects.make(tmp_path, ("Noto", "OpenMoji"))
    (tmp_path / "docs").mkdir()
    Image.fromarray(np.full((20, 20, 3), 200, np.uint8)).save(tmp_path / "docs" / "example.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mmap_studio.Project, "starter", classmethod(lambda cls: project))
    monkeypatch.setattr("mmap_studio.api.user_store", MemoryStore)
    (example,) = blocks(README, "python")
    exec(compile(example, "README.md", "exec"), {})
    said = capsys.readouterr().out
    assert "zero_shot" in said
    assert "Prediction(class_name=" in said


def test_every_command_of_the_pages_and_its_options_are_there():
    commands = typer.main.get_command(app).commands
    seen = set()
    for page in PAGES:
        for block in blocks(page, "bash"):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if len(words) < 2 or words[0] != "mmap-studio" or words[1] not in commands:
                    continue
                seen.add(words[1])
                known = {option for one in commands[words[1]].params for option in one.opts}
                for word in words[2:]:
                    assert not word.startswith("--") or word in known, f"{page.name}: {line}"
    assert {"run", "new", "predict", "inspect", "affinity", "compare", "results"} <= seen


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page):
    for path in re.findall(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|md|png|toml))`", page.read_text()):
        assert any((ROOT / place / path).exists() for place in PLACES) or path.split("/")[0] not in (
            *ROOTS, "session", "ui", "data", "method", "storage", "cli",
        ), f"{page.name} names {path}"  # fmt: skip


def test_the_number_of_tasks_that_are_grouped_exactly_is_the_codes():
    (said,) = set(re.findall(r"all partitions\s+up to (\d+) tasks", README.read_text()))
    assert int(said) == EXACT_TASKS


def test_the_controls_of_the_command_line_are_the_codes():
    row = re.search(r"\| `--control NAME\[,NAME\]` \|(.*)\|", (ROOT / "docs" / "command-line.md").read_text())[1]
    (option,) = (one for one in typer.main.get_command(app).commands["run"].params if "--control" in one.opts)
    assert re.findall(r"`(\w+)`", row) == [*CONTROLS, "all"]
    assert f"{', '.join(CONTROLS)}, or all." in option.help
