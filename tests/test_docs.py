"""Documents are held against the code: examples run, commands and files are there, numbers are those of the code."""

import json
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
    from mmap_studio.config import settings_from
    from mmap_studio.method.grouping.search import EXACT_TASKS
    from mmap_studio.session.compare.catalogue import catalogue
    from mmap_studio.session.estimates.trained_share import BackboneFacts, trained_share
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
    monkeypatch.setattr("mmap_studio.api.user_cache", MemoryStore)
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


def options_of(command):
    """Of a command and those below it."""
    parts = getattr(command, "commands", {"": command}).values()
    return {option for one in parts for option in _long(" ".join(o for part in one.params for o in part.opts))}


def _long(text):
    return set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text))


def test_the_page_of_commands_has_every_option_and_no_other():
    page, commands = (ROOT / "docs" / "command-line.md").read_text(), typer.main.get_command(app).commands
    sections = dict(re.findall(r"^### `mmap-studio (\w+)(.*?)(?=^##)", page, re.M | re.S))
    assert set(sections) == {name for name, one in commands.items() if not one.hidden}
    for name, section in sections.items():
        there, in_rows = options_of(commands[name]), _long(" ".join(re.findall(r"^\| `([^|]*)\|", section, re.M)))
        said = _long(section) | (options_of(commands["run"]) if "Options as `run`" in section else set())
        assert there - said - {"--help"} == set(), f"{name}: not in docs/command-line.md"
        assert in_rows - there == set(), f"{name}: no such option"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page):
    for path in re.findall(r"(?<![\w./:-])((?:[\w-]+/)+[\w.-]*\w\.(?:py|md|png|toml))\b", page.read_text()):
        assert any((ROOT / place / path).exists() for place in PLACES) or path.split("/")[0] not in (
            *ROOTS, "session", "ui", "data", "method", "storage", "cli",
        ), f"{page.name} names {path}"  # fmt: skip


def test_the_architecture_names_every_room_and_no_module_that_is_not_there():
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "mmap_studio").rglob("*/__init__.py")}
    assert [room for room in sorted(rooms) if not re.search(rf"\b{room}/", text)] == []
    there = {path.name for folder in ("mmap_studio", "tests", "tools") for path in (ROOT / folder).rglob("*.py")}
    assert [name for name in re.findall(r"(?<![*\w])\w+\.py\b", text) if name not in {*there, "main.py"}] == []


def test_what_the_architecture_names_in_a_module_is_defined_there():
    pairs = re.findall(r"`([\w/]+\.py)` `([\w.]+)`", (ROOT / "docs" / "architecture.md").read_text())
    assert len(pairs) > 10
    for path, name in pairs:
        text = (ROOT / "mmap_studio" / path).read_text()
        missing = [part for part in name.split(".") if not re.search(rf"\b(?:def|class) {part}\b", text)]
        assert not missing, f"{path} defines no {name}"


def test_the_number_of_tasks_that_are_grouped_exactly_is_the_codes():
    (said,) = set(re.findall(r"all partitions\s+up to (\d+) tasks", README.read_text()))
    assert int(said) == EXACT_TASKS


def test_the_controls_of_the_command_line_are_the_codes():
    row = re.search(r"\| `--control NAME\[,NAME\]` \|(.*)\|", (ROOT / "docs" / "command-line.md").read_text())[1]
    (option,) = (one for one in typer.main.get_command(app).commands["run"].params if "--control" in one.opts)
    assert re.findall(r"`(\w+)`", row) == [*CONTROLS, "all"]
    assert f"{', '.join(CONTROLS)}, or all." in option.help


def rows(text, start="", end="\n\n"):
    """First cell -> the others, of the first table behind `start`."""
    table = text[text.index("\n|", text.index(start)) :].split(end)[0]
    cells = [
        [cell.strip() for cell in line.replace("*", "").strip("|").split("|")]
        for line in table.strip().splitlines()[2:]
    ]
    return {first: others for first, *others in cells}


def test_the_readme_has_every_command_once():
    window, *names = rows(README.read_text(), "## The same on the command line")
    commands = typer.main.get_command(app).commands
    assert window == "`mmap-studio [PROJECT]`"
    assert sorted(name.strip("`") for name in names) == sorted(n for n, one in commands.items() if not one.hidden)


FIGURES = {
    "text_tower": ("text_tower_speedup",),
    "full_step": ("full_step_speedup_65", "full_step_speedup_126"),
    "": ("full_step_speedup_maple_65", "full_step_speedup_maple_126"),
    "affinity": ("affinity_exact_cost_steps_t4", "affinity_exact_cost_steps_t8"),
    "memory": ("train_step_peak_memory_ratio", "train_step_peak_memory_ratio_micro_batches"),
    "estimate": ("estimate_memory_light", "estimate_memory"),
    "pipeline": ("pipeline_later_speedup_workers_0", "pipeline_later_speedup_workers_2"),
    "scan": ("scan_files_per_s", "rescan_100k_s"),
    "stop": ("stop_longest_wait_step_s",),
    "ui": (
        "time_to_window_s", "event_loop_lateness_p99_ms", "event_loop_lateness_max_ms", "drop_to_redraw_ms",
    ),
}  # fmt: skip
"""The README's benchmarks -> the figures of docs/benchmarks.md that it quotes, in its order."""


def test_benchmarks_of_the_readme_are_those_of_their_page():
    measured = {}
    for name, value in re.findall(
        r"^\| `(\w+)`[^|]* \| ([\d,.]+)", (ROOT / "docs" / "benchmarks.md").read_text(), re.M
    ):
        measured.setdefault(name, float(value.replace(",", "")))
    quoted = rows(README.read_text(), "## Benchmarks")
    assert {name.strip("`") for name in quoted} == set(FIGURES)
    for name, (_, cell) in quoted.items():
        said = [number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", cell)]
        places = [len(number.partition(".")[2]) for number in said]
        found = [f"{measured[one]:.{n}f}" for one, n in zip(FIGURES[name.strip("`")], places, strict=True)]
        assert said == found, f"{name or 'MaPLe'}: {cell}"


AMOUNTS = {
    "1 image a class": "1 a class", "2 images a class": "2", "4 images a class": "4", "8 images a class": "8",
    "16 images a class": "16", "All training images": "all",
}  # fmt: skip
"""Headings of the study -> columns of the README."""


def studied(*amounts):
    """The study's tables: method -> column -> cell."""
    study = (ROOT / "docs" / "study.md").read_text()
    header = [cell.strip() for cell in re.search(r"^\| Method (\|.*)\|$", study, re.M).group(1).split("|")[1:]]
    found = []
    for amount in amounts:
        table = rows(study, f"### {amount}")
        found.append({title: dict(zip(header, cells, strict=True)) for title, cells in table.items()})
    return found


def test_accuracies_of_the_readme_are_those_of_the_study():
    tables = studied(*AMOUNTS)
    titles = {"Zero-shot, one template": "Zero-shot", "MmAP, all together, preset auto": "MmAP, all together"}
    for title, (*said, trained) in rows(README.read_text(), "## What it reaches").items():
        found = [table[titles.get(title, title)] for table in tables]
        assert [cells["Accuracy, %"].split()[0] for cells in found] == said, title
        numbers = sorted({cells["Trained"] for cells in found}, key=lambda text: int(text.replace(",", "")))
        assert trained in ("; ".join(numbers), f"{numbers[0]} to {numbers[-1]}"), title
    at16, full = ({**table["MmAP, all together"]} for table in tables[-2:])
    said = " ".join(README.read_text().split())
    gain, low, high = re.match(r"\+(.+) \((.+) to (.+)\)", full["Difference"]).groups()
    mean = full["Accuracy, %"].split()[0]
    assert f"{mean}, {gain} points over zero-shot (95 % interval {low} to {high}), with {full['Trained']}" in said
    gain, interval = re.match(r"\+(.+) (\(.+ to .+\))", at16["Difference"]).groups()
    assert f"With 16 a class MmAP is {gain} points over zero-shot {interval}" in said
    balanced = re.search(r"\(\+(.+?)\\?\)", tables[3]["MmAP, all together"]["Balanced"]).group(1)
    assert f"counted with every class alike it gains {balanced} points at 8" in said
    for name, title in {"full fine-tuning": "Full fine-tuning, pooled", "CoOp": "CoOp, pooled"}.items():
        assert f"{name} {tables[-1][title]['Accuracy, %'].split()[0]}" in said
    count = re.search(r"(\d+) trials", (ROOT / "docs" / "study.md").read_text()).group(1)
    assert f"its {count} trials" in said
    assert f"has {len({title for table in tables for title in table})} methods" in said
    deep = "CoOp, pooled", "MaPLe, pooled", "CLIP-LoRA, pooled", "Full fine-tuning, pooled", "WiSE-FT, pooled"
    cells = [table[title] for table in tables[:3] for title in deep]
    low, *_, high = sorted(one["Accuracy, %"].split()[0] for one in cells)
    assert f"have {low} to {high} over three seeds, none beyond noise" in said
    for one in cells:
        low, high = re.search(r"\((.+) to (.+)\)", one["Difference"].replace("−", "-")).groups()
        assert float(low) <= 0 <= float(high)


def test_class_residuals_on_their_page_are_those_of_the_study():
    quoted = rows((ROOT / "docs" / "evidence.md").read_text(), "## Class residuals")
    assert len(quoted) == 4
    tables = studied("4 images a class", "16 images a class", "All training images")
    for title, (*said, trained) in quoted.items():
        found = [table[title] for table in tables]
        assert said == [f"{cells['Accuracy, %'].split()[0]}, {cells['Difference']}" for cells in found]
        assert trained == found[-1]["Trained"]


def test_every_method_is_on_the_page_of_methods():
    entries = [entry for entry in catalogue().values() if not entry.package]
    named = rows((ROOT / "docs" / "comparison.md").read_text(), "## The methods")
    assert set(re.findall(r"\w+", " ".join(named))) == {entry.name.split(":")[0] for entry in entries}


def test_what_a_run_of_the_starter_trains_is_what_the_readme_says():
    model = json.loads((ROOT / "resources" / "starter" / "backbone.json").read_text())
    text, image = model["text_cfg"], model["vision_cfg"]
    layers = min(text["layers"], image["layers"])
    facts = BackboneFacts(
        "starter", "", 1, text["width"], image["width"], layers, "cpu", "", embed_width=model["embed_dim"]
    )
    tasks = [f"style {number}" for number in range(6)]
    texts = {task: [f"class {number}" for number in range(31)] for task in tasks}
    prompt = settings_from({"preset": "auto"}).prompt
    few, many = (trained_share(prompt, facts, [tasks], images, texts).trained for images in (1, 529 / 31))
    said = README.read_text()
    assert f"with {many:,} numbers" in " ".join(said.split())
    assert f"Trainable parameters: {many:,}, " in said
    assert rows(said, "## What it reaches")["MmAP, all together, preset auto"][-1].startswith(f"{few};")
