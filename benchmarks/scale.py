"""Short runs by three engines: one after the other, by two processes, by two nodes of a Ray cluster on one computer."""

import importlib.util
import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.figures import Figure, median_of, not_measured, seconds
from benchmarks.ray_nodes import two_nodes
from benchmarks.registry import benchmark
from mmap_studio.config import Settings, settings_from
from mmap_studio.session.engines.engine import Engine, Job
from mmap_studio.session.engines.fan_out import Again, fanned_out
from mmap_studio.session.engines.local_processes import LocalProcesses
from mmap_studio.session.engines.ray_cluster import RayCluster
from mmap_studio.session.engines.this_process import ThisProcess
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.run_jobs import RunJobAsked, runs_by
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.runtime.generator_result import result
from mmap_studio.storage.store import FolderStore

ROUNDS, RUNS = 3, 4
"""Rounds, in each of which every engine makes so many runs: twelve each."""
PAIRS = 6
SHORT = {"device": "cpu", "train": {"epochs": 2, "min_steps": 0}}
STYLES = 2
"""Of the starter's six."""
OVERHEAD = "scale_ray_overhead_s", "scale_ray_overhead_share"


@benchmark
def scale(quick: bool) -> Iterator[Figure]:
    """Speed-up over one process, one thread a job; and what Ray adds to a run, over a whole run of the starter."""
    rounds, runs, pairs = (1, 4, 2) if quick else (ROUNDS, RUNS, PAIRS)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        engines: dict[str, Engine] = {"here": ThisProcess(), "processes": stack.enter_context(LocalProcesses(2, 1))}
        if importlib.util.find_spec("ray") is not None:
            cluster = stack.enter_context(two_nodes())
            engines["ray"] = stack.enter_context(RayCluster(cluster.address, "cpu"))
        folders = (Path(name) / str(number) for number in itertools.count())
        for engine in engines.values():
            short_runs(engine, next(folders), 2)  # the second process starts with the second run
        taken: dict[str, list[float]] = {which: [] for which in engines}
        for _ in range(rounds):
            for which, engine in engines.items():
                taken[which].append(seconds(lambda e=engine: short_runs(e, next(folders), runs)))
        against = f"{runs} runs of {STYLES} styles of the starter one after the other, one thread each, wall time"
        for which in [one for one in engines if one != "here"]:
            ratios = [here / other for here, other in zip(taken["here"], taken[which], strict=True)]
            yield median_of(f"scale_speedup_{which}_2", ratios, "times", against)
        if "ray" in engines:
            yield from overheads(engines["processes"], engines["ray"], next(folders), pairs)
        else:
            yield from (not_measured(one, "", "Ray is not installed") for one in (*OVERHEAD, "scale_speedup_ray_2"))
    torch.set_num_threads(before)


def starter(folder: Path, settings: Settings) -> Project:
    """The starter with a folder of its own for runs."""
    return replace(Project.starter(), folder=folder / "starter").with_settings(settings)


def short_runs(engine: Engine, folder: Path, count: int) -> None:
    """Runs of different seeds from an empty cache; RuntimeError where one was lost, whose time would be counted."""
    asked = []
    for seed in range(1, count + 1):
        project = starter(folder, settings_from({**SHORT, "seed": seed}))
        asked.append(
            RunJobAsked(f"Seed {seed}", project.with_tasks(project.file.tasks[:STYLES]), RunOptions("together"))
        )
    ended = result(runs_by(engine, asked, FolderStore(folder / "cache")))
    if len(ended) != count:
        raise RuntimeError(f"{len(ended)} of {count} runs ended")


def overheads(warm: Engine, ray: Engine, folder: Path, pairs: int) -> Iterator[Figure]:
    """Seconds by which a run of which all is cached takes longer on Ray than in a process that has torch loaded."""
    project = starter(folder, settings_from({"device": "cpu"}))
    job = Job("run", "Run", "mmap_studio.session.run.run_jobs:make", (project, RunOptions(), str(folder / "cache")))

    def spent(engine: Engine) -> float:
        start = time.perf_counter()
        if any(isinstance(message, Again) for message in fanned_out(engine, [job])):
            raise RuntimeError("a job was lost")
        return time.perf_counter() - start

    whole = spent(warm)
    spent(warm), spent(ray)
    added = [spent(ray) - spent(warm) for _ in range(pairs)]
    against = f"a run of the starter from the cache, in a process that is there already; a whole one took {whole:.0f} s"
    yield median_of(OVERHEAD[0], added, "s", against)
    yield median_of(OVERHEAD[1], [one / whole for one in added], "of a starter run", against)
