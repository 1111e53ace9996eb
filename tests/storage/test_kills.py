"""200 real `kill -9` at random moments, spread over the artifacts, with real flushes.

A child commits version after version and acknowledges each on a pipe. Whatever was acknowledged must be there, whole.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmap_studio.storage import atomic, hdf5, prompt_folder, runs
from tests.storage import scenarios as s
from tests.storage.faults import end_child, start_child

pytestmark = pytest.mark.slow

KILLS = 50
"""For each of the four artifacts."""
LONGEST = 0.06
"""Seconds a child may live; longer on a busy computer, where it would do nothing in that time."""

Commit = Callable[[Path, int], None]
Versions = Callable[[Path], list[int]]


def commit_cache(root: Path, version: int) -> None:
    s.cache(root).put("prompts", s.OLD, s.arrays(version), {"value": float(version)})
    s.cache(root).put("pixels", f"{version:08x}", s.arrays(version), {"value": float(version)})


def cache_versions(root: Path) -> list[int]:
    best, entries = s.cache(root).get("prompts", s.OLD), s.cache(root).entries()
    for entry in entries:
        assert s.cache(root).get(entry.kind, entry.digest) is not None, "a torn artifact under its final name"
    pixels = [int(entry.digest, 16) for entry in entries if entry.kind == "pixels"]
    assert pixels == list(range(1, len(pixels) + 1)), "an acknowledged artifact is gone"
    return [int(s.artifact_value(best) or 0), len(pixels)]


def commit_prompts(root: Path, version: int) -> None:
    prompt_folder.save_prompts(root / "export", s.prompt_folder(version), replace=True)


def prompts_versions(root: Path) -> list[int]:
    return [int(s.folder_value(root / "export") or 0)]


def commit_run(root: Path, version: int) -> None:
    run = the_run(root) or runs.RunFolder.new(root / "runs", "run", s.NOW)
    run.append_metrics({"step": version})
    run.write_affinity(hdf5.pack(s.arrays(version), {"value": float(version)}))
    run.write_json("grouping.json", {"step": version})
    run.log(f"step {version}")


def run_versions(root: Path) -> list[int]:
    run = the_run(root)
    if run is None:
        return [0]
    assert run.state in ("interrupted", "running")
    steps = [row["step"] for row in run.metrics()]
    assert steps == list(range(1, len(steps) + 1))
    affinity = run.path / runs.AFFINITY
    logged = atomic.read_lines(run.path / runs.LOG)
    return [
        len(steps),
        int(s.artifact_value(hdf5.unpack(affinity)) or 0) if affinity.exists() else 0,
        run.read_json("grouping.json")["step"] if (run.path / "grouping.json").exists() else 0,
        len(logged),
    ]


def the_run(root: Path) -> runs.RunFolder | None:
    return runs.latest(root / "runs")


def commit_project(root: Path, version: int) -> None:
    atomic.write_text(root / "project.toml", f"version = {version}\n" * 2000)


def project_versions(root: Path) -> list[int]:
    path = root / "project.toml"
    lines = path.read_text().splitlines() if path.exists() else ["version = 0"] * 2000
    assert len(lines) == 2000
    (line,) = set(lines)
    return [int(line.split()[-1])]


ARTIFACTS: dict[str, tuple[Commit, Versions]] = {
    "cache artifact": (commit_cache, cache_versions),
    "prompt folder": (commit_prompts, prompts_versions),
    "run folder": (commit_run, run_versions),
    "project text": (commit_project, project_versions),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("name", ARTIFACTS)
def test_kill_at_random_loses_nothing_that_was_acknowledged(
    name: str, tmp_path: Path, apart: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    acknowledged = apart(kill_at_random, name, tmp_path)
    assert acknowledged > KILLS / 5, "the children did next to nothing"
    record_property("acknowledged", acknowledged)


def kill_at_random(name: str, tmp_path: Path) -> int:
    """`KILLS` lives of children, each looked at after its end; how many commits they acknowledged."""
    commit, versions = ARTIFACTS[name]
    rng, acknowledged, longest = random.Random(name), 0, LONGEST
    for trial in range(KILLS):
        root = tmp_path / str(trial // 5)  # five lives one after another in each folder
        root.mkdir(exist_ok=True)
        lowest = min(versions(root))
        done = kill_once(root, commit, lowest, rng.uniform(0.001, longest))
        found = versions(root)
        assert all(lowest + done <= version <= lowest + done + 1 for version in found), (found, lowest, done)
        heal(root, commit, max(found))
        acknowledged += done
        longest = min(2.0, longest * 1.5) if acknowledged < trial / 4 else longest
    return acknowledged


def kill_once(root: Path, commit: Commit, lowest: int, seconds: float) -> int:
    """Commits acknowledged until the kill."""

    def work(acknowledge: Callable[[], None]) -> None:
        for version in range(lowest + 1, sys.maxsize):
            commit(root, version)
            acknowledge()

    process, pipe = start_child(work)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    ended, done = end_child(process, pipe)
    assert ended == signal.SIGKILL, f"the child failed by itself ({ended})"
    return done


def heal(root: Path, commit: Commit, version: int) -> None:
    """What a start does: sweep, and bring the parts of a half-done version to one version again."""
    for folder in (root, root / "cache" / "prompts", root / "cache" / "pixels", root / "runs"):
        atomic.sweep(folder)
    runs.sweep_runs(root / "runs")
    assert not list(root.rglob(".mmap-*"))
    if commit is commit_run and version:
        run = the_run(root) or runs.RunFolder.new(root / "runs", "run", s.NOW)
        if len(run.metrics()) < version:
            run.append_metrics({"step": version})
        if len(atomic.read_lines(run.path / runs.LOG)) < version:
            run.log(f"step {version}")
        run.write_affinity(hdf5.pack(s.arrays(version), {"value": float(version)}))
        run.write_json("grouping.json", {"step": version})
    elif version:
        commit(root, version)
