"""`python -m tests.torture.waits FOLDER SECONDS`: how long the window keeps an event waiting while it trains.

The real window trains a tiny CLIP on the CPU, again and again with another seed, with the heatmap shown and drawn as it
is measured and with a card dragged to another group four times a second. A beat 5 ms after the other says how late its
event loop is. `python -m tests.torture.waits bare SECONDS` is the same heart beside it in a process of Qt that has
nothing but a thread of plain PyTorch: how late that one is, the computer is to blame, and Python, whose lock a thread
keeps while the computer lets it wait. Each prints one JSON document.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import window as scene
from tests.torture.outcome import Outcome

ROOT = Path(__file__).parents[2]
BARE = "bare"
LIMITS_MS = {50: 2.0, 95: 16.0, 99: 50.0, 100: 200.0}
"""Percentile of all beats -> how late it may be at most."""
WORK_MS = 200.0
"""Processor time at most that the window's thread may take between two beats, however busy the computer is."""
BY_LOAD = 3.0
"""How many times as late as the bare heart the window's may be, before more than the computer is to blame."""
DRAG_MS = 250
"""Between two drags."""


def event_loop(folder: Path, seconds: int) -> Outcome:
    """Both hearts for so long; a trial is a beat of the window's, torn counts the limits that were exceeded."""
    own = {"QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    ready = folder / "ready"
    command = [sys.executable, "-m", "tests.torture.waits"]
    pipes: dict[str, Any] = {"env": dict(os.environ) | own, "cwd": ROOT, "text": True, "stdout": subprocess.PIPE}
    window = subprocess.Popen([*command, str(folder), str(seconds)], stderr=subprocess.PIPE, **pipes)
    while not ready.exists() and window.poll() is None:
        time.sleep(0.05)
    bare = subprocess.Popen([*command, BARE, str(seconds)], **pipes)
    (told, said), (told_bare, _) = window.communicate(), bare.communicate()
    if window.returncode or bare.returncode:
        ends = f"the window ended with {window.returncode}, the bare heart with {bare.returncode}"
        return Outcome(1, crashes=1, notes=[ends, *said.splitlines()[-5:]])
    return judged(json.loads(told.splitlines()[-1]), json.loads(told_bare.splitlines()[-1]))


def judged(window: Mapping[str, Any], bare: Mapping[str, Any]) -> Outcome:
    """What the documents of both hearts come to."""
    outcome = Outcome(window["beats"])
    for percentile, limit in LIMITS_MS.items():
        late, alone = window["late_ms"][str(percentile)], bare["late_ms"][str(percentile)]
        name = "max" if percentile == 100 else f"p{percentile}"
        outcome.notes.append(f"{name} {late:.1f} ms, bare {alone:.1f} ms, at most {limit:g} ms")
        outcome.torn += late > max(limit, BY_LOAD * alone)
    outcome.notes.append(f"the longest work {window['work_ms']:.1f} ms of processor time, at most {WORK_MS:g} ms")
    outcome.torn += window["work_ms"] > WORK_MS
    done = {name: window[name] for name in ("seconds", "runs", "drags", "measurements")}
    outcome.notes.append(", ".join(f"{value} {name}" for name, value in done.items()))
    if not window["drags"] or not window["measurements"]:
        outcome.crashes += 1
        outcome.notes.append("nothing was dragged or measured: not what was to be tried")
    return outcome


def main() -> None:
    seconds = float(sys.argv[2])
    if sys.argv[1] == BARE:
        scene.prepare()
        over = threading.Event()
        training = threading.Thread(target=plain_training, args=[over])
        training.start()
        late, work = beats(seconds)
        over.set()
        training.join()  # a thread of PyTorch that an ending interpreter meets aborts
        print(json.dumps(document(late, work)), flush=True)
        return
    folder = Path(sys.argv[1])
    from tests import projects

    epochs = {"train.epochs": 20, "affinity.epochs": 40}
    project = projects.make(folder / "tried", **epochs).folder
    with scene.window_on(str(project), folder) as window:
        done, late, work = torture(window, seconds, folder / "ready")
    print(json.dumps(document(late, work) | done), flush=True)


def plain_training(over: threading.Event) -> None:
    """Steps of a small network until it is over."""
    import torch

    torch.set_num_threads(1)
    net = torch.nn.Sequential(*(part for _ in range(4) for part in (torch.nn.Linear(64, 64), torch.nn.ReLU())))
    optimizer, batch = torch.optim.SGD(net.parameters(), 0.01), torch.ones(32, 64)
    while not over.is_set():
        optimizer.zero_grad()
        net(batch).square().mean().backward()
        optimizer.step()


def document(late: np.ndarray, work: np.ndarray) -> dict[str, Any]:
    return {
        "beats": len(late), "work_ms": float(work.max()),
        "late_ms": {str(one): float(np.percentile(late, one)) for one in LIMITS_MS},
    }  # fmt: skip


def beats(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    end = time.monotonic() + seconds
    return scene.lateness(lambda: time.monotonic() > end)


def torture(window: Any, seconds: float, ready: Path) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """What was done meanwhile, and the beats: float64 (n,) lateness and (m,) processor time in ms."""
    from PySide6.QtCore import QTimer

    from mmap_studio.config import Settings
    from mmap_studio.session.events import AffinityMeasured
    from mmap_studio.ui.board import drag
    from tests.ui.board import boards

    studio, board = window.studio, window.views.board
    given, counts = studio.project.settings.model_dump(), {"runs": 0, "drags": 0, "measurements": 0}

    def hear(event: object) -> None:
        counts["measurements"] += isinstance(event, AffinityMeasured)

    def again() -> None:
        """Another run as soon as one is done; nothing of it is cached."""
        if scene.at_rest(window):
            counts["runs"] += 1
            studio.set_settings(Settings.model_validate({**given, "seed": counts["runs"]}))
            window.registry["run"].trigger()

    def drag_a_card() -> None:
        tasks, columns = studio.board.tasks, len(board.body.columns)
        task = tasks[counts["drags"] % len(tasks)]
        boards.drop(board, drag.pack([task]), counts["drags"] // len(tasks) % columns)
        counts["drags"] += 1

    studio.listen(hear)
    studio.board.replace(scene.two_groups(studio.board.tasks), "Two groups")
    window.views.show_view(window.views.heatmap)
    timers = [QTimer(interval=100), QTimer(interval=DRAG_MS)]
    for timer, deed in zip(timers, (again, drag_a_card), strict=True):
        timer.timeout.connect(deed)
        timer.start()
    again()
    ready.touch()
    late, work = beats(seconds)
    for timer in timers:
        timer.stop()
    studio.jobs.stop()
    scene.rest(window)
    return {"seconds": seconds} | counts, late, work


if __name__ == "__main__":
    main()
