"""Every artifact of the studio as a series of commits that can be killed, failed and looked at.

`steps(root)` yields after every commit; `observe(root)` gives what a reader finds, or raises. Functions of the package
are reached through their modules, because some tests exchange a module's code.
"""

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.storage import adapter_files, atomic, hdf5, runs, store, temporaries
from mmap_studio.storage import prompt_folder as promptfolder

D, M, N, ROWS, TEXT, IMAGE = 2, 2, 4, 3, 5, 6
OLD, NEW, OTHER = "0" * 8, "1" * 8, "2" * 8
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Scenario:
    name: str
    prepare: Callable[[Path], None]
    """The state before; never disturbed."""
    steps: Callable[[Path], Iterator[None]]
    """Commits, one between two yields."""
    observe: Callable[[Path], Any]
    """What a reader finds: comparable, whole, or an exception."""
    states: list[Any]
    """What a reader must find before, and after every step; written down, so that the code cannot vouch for itself."""
    heals: bool = False
    """The step is itself a start-up sweep: it never raises, and sweeping again goes on."""


def arrays(value: float) -> dict[str, np.ndarray]:
    return {"a": np.full((3, 4), value), "class / name": np.full(5, int(value), np.int64)}


def artifact_value(artifact: hdf5.Artifact | None) -> float | None:
    """The one number an artifact was made of."""
    if artifact is None:
        return None
    (value,) = {float(item) for array in artifact.arrays.values() for item in array.flat} | {artifact.meta["value"]}
    return value


def prompt_folder(value: float) -> promptfolder.PromptFolder:
    shapes = {"source_prompt": (D, M, N), "text_factor": (D, ROWS, TEXT), "image_factor": (D, ROWS, IMAGE)}
    filled = {name: np.full(shape, value, np.float32) for name, shape in shapes.items()}
    adapters = [
        adapter_files.Adapter("group", "1", ("Art", "Real World"), filled, {"seed": 0}),
        adapter_files.Adapter("task", "Real World", ("Real World",), filled),
    ]
    classes = {
        task: {"class_names": ["bed", "desk lamp"], "template": "a photo of a {}.", "group": "1"}
        for task in ("Art", "Real World")
    }
    return promptfolder.PromptFolder(promptfolder.named(adapters), classes, f"# {value}\n", {"value": value})


def folder_value(path: Path, recover: bool = True) -> float | None:
    """The one number a prompt folder was made of; None when there is no folder."""
    if recover:
        atomic.recover_folder(path)
    if not path.exists():
        return None
    loaded = promptfolder.load_prompts(path)
    numbers = {float(item) for adapter in loaded.adapters.values() for x in adapter.arrays.values() for item in x.flat}
    (value,) = numbers | {loaded.meta["value"], float(loaded.card.strip("# \n"))}
    return value


# -- a cache artifact ----------------------------------------------------------------------------------------------


def cache(root: Path) -> store.FolderStore:
    return store.FolderStore(root / "cache", notify=lambda text: None)


def prepare_cache(root: Path) -> None:
    for digest in (OLD, OTHER):
        cache(root).put("prompts", digest, arrays(1), {"value": 1.0})


def change_cache(root: Path) -> Iterator[None]:
    cache(root).put("prompts", OLD, arrays(2), {"value": 2.0})
    yield
    cache(root).put("pixels", NEW, arrays(3), {"value": 3.0})
    yield
    cache(root).remove("pixels", NEW)
    yield


def observe_cache(root: Path) -> Any:
    names = [("prompts", OLD), ("prompts", OTHER), ("pixels", NEW)]
    found = tuple(artifact_value(cache(root).get(*name)) for name in names)
    assert not list(root.rglob(atomic.QUARANTINE)), "a damaged artifact was found"
    return found


# -- a prompt folder -----------------------------------------------------------------------------------------------


def prepare_prompts(root: Path) -> None:
    promptfolder.save_prompts(root / "old", prompt_folder(1))


def change_prompts(root: Path) -> Iterator[None]:
    promptfolder.save_prompts(root / "new", prompt_folder(2), replace=(root / "new").exists())
    yield
    promptfolder.save_prompts(root / "old", prompt_folder(3), replace=True)
    yield
    atomic.remove(root / "new")
    yield


def observe_prompts(root: Path) -> Any:
    return folder_value(root / "old"), folder_value(root / "new")


# -- a run folder --------------------------------------------------------------------------------------------------


def prepare_run(root: Path) -> None:
    runs.RunFolder.new(root / "runs", "first", NOW).finish(now=NOW)


def change_run(root: Path) -> Iterator[None]:
    run = runs.RunFolder.new(root / "runs", "second", NOW)
    yield
    run.write_config("epochs = 3\n")
    yield
    for step in range(3):
        run.append_metrics({"step": step, "loss": 0.5})
        yield
    run.log("half way there")
    yield
    run.write_affinity(hdf5.pack(arrays(4), {"value": 4.0}))
    yield
    run.write_json("grouping.json", {"groups": [["Art"], ["Real World"]]})
    yield
    run.write_json("grouping.json", {"groups": [["Art", "Real World"]]})
    yield
    run.finish(now=NOW)
    yield


def observe_run(root: Path) -> Any:
    return tuple(observe_one_run(run) for run in runs.list_runs(root / "runs"))


def observe_one_run(run: runs.RunFolder) -> Any:
    affinity = run.path / runs.AFFINITY
    assert run.state != "damaged"
    assert run.verify() == []
    return (
        run.name,
        "ended" in run.record(),
        (run.path / runs.CONFIG).exists() and (run.path / runs.CONFIG).read_text(),
        [row["step"] for row in run.metrics()],
        atomic.read_lines(run.path / runs.LOG),
        artifact_value(hdf5.unpack(affinity)) if affinity.exists() else None,
        run.read_json("grouping.json") if (run.path / "grouping.json").exists() else None,
    )


# -- the project's text and a record that is continued after a crash ------------------------------------------------


def prepare_texts(root: Path) -> None:
    atomic.write_text(root / "project.toml", "version = 1\n")
    (root / "history.jsonl").write_bytes(b'{"step": 0}\n{"st')


def change_texts(root: Path) -> Iterator[None]:
    atomic.write_text(root / "project.toml", "version = 2\n" * 3)
    yield
    atomic.append_line(root / "history.jsonl", '{"step": 1}')
    yield
    atomic.append_line(root / "history.jsonl", '{"step": 2}')
    yield
    if (root / "project.toml").exists():
        atomic.set_aside(root / "project.toml")
    yield
    atomic.write_json(root / "project.toml", {"version": 3})
    yield
    atomic.remove(root / "project.toml")
    yield


def observe_texts(root: Path) -> Any:
    project, aside = root / "project.toml", root / atomic.QUARANTINE
    return (
        project.read_text() if project.exists() else None,
        atomic.read_lines(root / "history.jsonl"),
        [path.read_text() for path in sorted(aside.iterdir())] if aside.exists() else [],
    )


# -- a start after a replacement that was killed between its two renames ---------------------------------------------


def prepare_recovery(root: Path) -> None:
    promptfolder.save_prompts(root / "old", prompt_folder(1))
    dead = f".mmap-{temporaries.host()}-{dead_process()}-"
    (root / "old").rename(root / f"{dead}0.old.old")
    promptfolder.save_prompts(root / f"{dead}1.tmp", prompt_folder(2))
    promptfolder.save_prompts(root / "cut", prompt_folder(4))
    promptfolder.save_prompts(root / f"{dead}2.old.cut", prompt_folder(5))


@functools.cache
def dead_process() -> int:
    """The id of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def change_recovery(root: Path) -> Iterator[None]:
    atomic.sweep(root)
    yield


def observe_recovery(root: Path) -> Any:
    return folder_value(root / "old", recover=False), folder_value(root / "cut", recover=False)


CACHE_STATES = [(1, 1, None), (2, 1, None), (2, 1, 3), (2, 1, None)]
PROMPT_STATES = [(1, None), (1, 2), (3, 2), (3, None)]


def run_states() -> list[Any]:
    """Name, ended, config, metrics, log, affinity, grouping of every run; the second grows."""
    first = ("20260102T030405Z-first", True, False, [], [], None, None)
    second: list[Any] = ["20260102T030405Z-second", False, False, [], [], None, None]
    states: list[Any] = [(first,), (first, tuple(second))]
    config, log = "epochs = 3\n", ["half way there"]
    apart, together = ({"groups": groups} for groups in ([["Art"], ["Real World"]], [["Art", "Real World"]]))
    changes = [
        (2, config),
        (3, [0]),
        (3, [0, 1]),
        (3, [0, 1, 2]),
        (4, log),
        (5, 4),
        (6, apart),
        (6, together),
        (1, True),
    ]
    for place, value in changes:
        second[place] = value
        states.append((first, tuple(second)))
    return states


def text_states() -> list[Any]:
    """The project's text, lines of the record, texts set aside."""
    old, new, last = "version = 1\n", "version = 2\n" * 3, '{\n  "version": 3\n}\n'
    lines = ['{"step": 0}', '{"step": 1}', '{"step": 2}']
    return [
        (old, lines[:1], []), (new, lines[:1], []), (new, lines[:2], []), (new, lines, []), (None, lines, [new]),
        (last, lines, [new]), (None, lines, [new]),
    ]  # fmt: skip


SCENARIOS = [
    Scenario("cache artifact", prepare_cache, change_cache, observe_cache, CACHE_STATES),
    Scenario("prompt folder", prepare_prompts, change_prompts, observe_prompts, PROMPT_STATES),
    Scenario("run folder", prepare_run, change_run, observe_run, run_states()),
    Scenario("texts", prepare_texts, change_texts, observe_texts, text_states()),
    Scenario("recovery", prepare_recovery, change_recovery, observe_recovery, [(None, 4), (1, 4)], heals=True),
]
