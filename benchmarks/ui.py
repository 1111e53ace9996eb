"""The window: how late its event loop is during a run, how fast it is there, and whether its memory grows."""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import window as scene
from benchmarks.figures import Figure, median_of
from benchmarks.registry import benchmark
from mmap_studio.config import settings_from
from mmap_studio.method.affinity.meter import AffinityMeter
from mmap_studio.method.training import StepReport
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.engines.choice import HERE, RunOn
from mmap_studio.session.events import Progress, Stepped

PROJECT = "starter"
SIZES, STEPS, WARM_UP = (8, 24, 64), 10_000, 5_000
"""Tasks of a heatmap; steps whose memory is measured, and those that go before."""
PARTS = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


@benchmark
def ui(quick: bool) -> Iterator[Figure]:
    """What a user feels of the window."""
    yield from first_paints(2 if quick else 7)
    with tempfile.TemporaryDirectory() as name, scene.window_on(PROJECT, Path(name)) as window:
        yield from latenesses(window, 1 if quick else 3, idle_seconds=1 if quick else 10)
        yield growth(window, *((200, 200) if quick else (STEPS, WARM_UP)))
        yield from beside_processes(window, 1 if quick else 3)
        yield drops(window, 4 if quick else 40)
        yield from heatmaps(5 if quick else 40)


def first_paints(times: int) -> Iterator[Figure]:
    """A cold interpreter to the first paint of the window, over that of an empty window."""
    seconds: dict[str, list[list[float]]] = {"studio": [], "bare": []}
    with tempfile.TemporaryDirectory() as name:
        variables = scene.own_folders(Path(name))
        for which in ("studio", "bare", *["studio", "bare"] * times):
            command = [sys.executable, "-m", "benchmarks.first_paint", which, str(time.time())]
            told = subprocess.run(command, check=True, capture_output=True, text=True, env=variables).stdout
            seconds[which].append([float(word) for word in told.split()[-2:]])
    (wall, work), (bare, bare_work) = (zip(*seconds[which][1:], strict=True) for which in ("studio", "bare"))
    against = f"an empty window of PySide6: {median(bare):.2f} s; {scene.platform_name()}"
    yield median_of("time_to_window_s", wall, "s", against)
    against = f"an empty window of PySide6: {median(bare_work):.2f} s; processor time; {scene.platform_name()}"
    yield median_of("time_to_window_work_s", work, "s", against)


def latenesses(window: Any, runs: int, idle_seconds: float) -> Iterator[Figure]:
    """Quantiles of the lateness during runs (another seed each, so that nothing is cached), and while idle."""
    end = time.monotonic() + idle_seconds
    idle, idle_work = scene.lateness(lambda: time.monotonic() > end)
    found = []
    for seed in range(1, runs + 1):
        window.studio.set_settings(settings_from({"seed": seed, **scene.SHORT, **scene.own(window)}))
        scene.rest(window)
        window.registry["run"].trigger()
        found.append(scene.lateness(lambda: scene.at_rest(window)))
    for part, percent in PARTS.items():
        against = f"{part} of the same window idle: {np.percentile(idle, percent):.2f} ms; {scene.platform()}"
        values = [float(np.percentile(late, percent)) for late, _ in found]
        yield median_of(f"event_loop_lateness_{part}_ms", values, "ms", against)
    against = f"the same window idle: {idle_work.max():.2f} ms; processor time; {scene.platform()}"
    yield median_of("event_loop_longest_work_ms", [float(work.max()) for _, work in found], "ms", against)


def beside_processes(window: Any, times: int) -> Iterator[Figure]:
    """The lateness while two processes train, over that of the same comparison in the window's own process.

    Other seeds each time, so that nothing is cached.
    """
    seeds = itertools.count(1000)
    found: dict[RunOn, list[tuple[np.ndarray, np.ndarray]]] = {RunOn(2, threads=1): [], HERE: []}
    window.studio.set_settings(settings_from({**scene.SHORT, **scene.own(window)}))
    for _ in range(times):
        for run_on, heard in found.items():
            heard.append(_compared(window, run_on, (next(seeds), next(seeds))))
    beside, within = found.values()
    for part, percent in PARTS.items():
        here = median(float(np.percentile(late, percent)) for late, _ in within)
        against = f"{part} of the same comparison in the window's own process: {here:.2f} ms; {scene.platform()}"
        values = [float(np.percentile(late, percent)) for late, _ in beside]
        yield median_of(f"event_loop_lateness_processes_{part}_ms", values, "ms", against)
    here = median(float(work.max()) for _, work in within)
    against = f"the same comparison in the window's own process: {here:.2f} ms; processor time; {scene.platform()}"
    work = [float(work.max()) for _, work in beside]
    yield median_of("event_loop_longest_work_processes_ms", work, "ms", against)


def _compared(window: Any, run_on: RunOn, seeds: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The lateness during a comparison of one method, a training a seed."""
    comparisons = window.studio.comparisons
    window.studio.engine.run_on = run_on
    window.views.show_view(window.views.compare)
    comparisons.set_plan(ComparisonPlan(("mmap_together",), parse_amounts("4"), seeds, choose=False))
    scene.spin(lambda: not comparisons.doing)
    window.registry["compare_start"].trigger()
    return scene.lateness(lambda: not comparisons.doing and not len(comparisons.job.mailbox))


def drops(window: Any, times: int) -> Figure:
    """From the drop of a card to the end of the repaint."""
    board = window.views.board
    window.studio.board.replace(scene.two_groups(window.studio.board.tasks), "Two groups")
    scene.spin(lambda: True)
    task, places = window.studio.board.tasks[0], itertools.cycle((1, 0))
    spent = [scene.painted_ms(board, lambda: scene.drop(board, task, next(places))) for _ in range(times + 2)][2:]
    plain = np.median([scene.painted_ms(board, board.repaint) for _ in range(times)])
    against = f"repainting the board as it is: {plain:.2f} ms; {scene.platform()}"
    return median_of("drop_to_redraw_ms", spent, "ms", against)


def heatmaps(times: int) -> Iterator[Figure]:
    """A new measurement drawn, with values in the cells where they fit."""
    from mmap_studio.ui.affinity.view import HeatmapView

    for size in SIZES:
        view, rng = HeatmapView(), np.random.default_rng(0)
        view.resize(620, 560)
        view.show()
        meter = AffinityMeter([f"task {number}" for number in range(size)])
        spent = []
        for _ in range(times + 2):
            meter.update(rng.normal(0.1, 0.2, (size, size)))
            spent.append(scene.painted_ms(view, partial(_put, view, meter.snapshot())))
        plain = np.median([scene.painted_ms(view, view.plot.viewport().update) for _ in range(times)])
        view.close()
        view.deleteLater()
        against = f"repainting the same view: {plain:.2f} ms; {scene.platform()}"
        yield median_of(f"heatmap_update_ms_{size}", spent[2:], "ms", against)


def _put(view: Any, estimate: Any) -> None:
    view.replay.clear()
    view.append(estimate, 1, 1)
    view.draw()  # now, whatever the pace says


def growth(window: Any, steps: int, warm_up: int) -> Figure:
    """Resident memory over the steps of a long run, told through the mailbox and drawn as they are."""
    names, job = list(window.studio.board.tasks), window.studio.job
    rng, mark = np.random.default_rng(0), [0.0, 0.0]
    window.views.curves.begin_run(tasks=names)
    for step in range(1, warm_up + steps + 1):
        losses = dict(zip(names, rng.random(len(names)).tolist(), strict=True))
        report = StepReport(tuple(names), step, warm_up + steps, 1, losses, 0.1)
        job.mailbox.post(job.run, Stepped("training", report))
        job.mailbox.post(job.run, Progress("training", step, warm_up + steps))
        if step % 10 == 0:
            window._poll()
            scene.spin(lambda: True)
        if step in (warm_up, warm_up + steps):
            mark[step != warm_up] = scene.resident_mb()
    against = f"resident memory after {warm_up} steps: {mark[0]:.0f} MB; {scene.platform()}"
    return median_of("memory_growth_mb_10000_steps", [mark[1] - mark[0]], "MB", against)
