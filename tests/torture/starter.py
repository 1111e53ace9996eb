"""Runs of the starter in a process of its own, killed at random moments and gone on with."""

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.torture.outcome import Outcome

LIFE_S = 60.0
"""A process is killed within so many seconds of its start, of which it imports and reads images for ten and more."""
PROMISED_S = 30.0
"""Of work that is lost at most."""
ROOT = Path(__file__).parents[2]


def kills(folder: Path, count: int) -> Outcome:
    """`kill -9` at `count` random moments of runs of the starter, whatever they do then; the next process goes on.

    Every run must end with the bits of one that was not disturbed, and the process after a kill must be, at its first
    step, where the killed one was at most `PROMISED_S` before the kill.
    """
    from mmap_studio.session.cache.unfinished import EVERY

    outcome, chance = Outcome(), random.Random(0)
    whole = _Process(folder / "whole", resume=False)
    whole.follow(None)
    assert whole.process.returncode == 0, whole.last()
    losses: list[float] = []
    runs = 0
    while outcome.trials < count:
        home, made = folder / str(runs), {}  # every step of this run, in the order in which they were first made
        died: list[_Process] = []
        runs += 1
        while True:
            process = _Process(home, resume=bool(made or died))
            ended = process.follow(chance.uniform(0, LIFE_S) if outcome.trials < count else None)
            if process.steps:
                place = made.setdefault(process.steps[0][1:], len(made))
                lost = [one.lost(made, place) for one in died if one.steps]
                losses += lost
                outcome.lost += sum(seconds > PROMISED_S for seconds in lost)
                died.clear()
            for _, *step in process.steps:
                made.setdefault(tuple(step), len(made))
            if ended:
                break
            outcome.trials += 1
            died.append(process)
            print(f"{outcome.trials} kills, {runs} runs, at most {max(losses, default=0):.1f} s lost", file=sys.stderr)
        if process.process.returncode:
            outcome.crashes += 1
            outcome.notes.append(f"run {runs} ended with {process.process.returncode}: {process.last()}")
        elif process.result != whole.result:
            outcome.torn += 1
            outcome.notes.append(f"run {runs} ended otherwise than an undisturbed one")
    outcome.notes.append(
        f"{runs} runs came to their end; work lost by a kill: {max(losses, default=0):.1f} s at most, "
        f"{sum(losses) / max(1, len(losses)):.1f} s on average; a checkpoint every {EVERY:.0f} s"
    )
    return outcome


@dataclass
class _Process:
    """`python -m tests.torture.starter`, and when it said that it made which step."""

    home: Path
    resume: bool
    steps: list[tuple[float, str, int]] = field(default_factory=list)
    """Seconds by the monotonic clock, members of the training, step."""
    result: Any = None
    killed: float = 0.0

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        variables = {"MMAP_STUDIO_HOME": str(self.home / "home"), "MMAP_STUDIO_CACHE": str(self.home / "cache"),
                     "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}  # fmt: skip
        command = [sys.executable, "-m", "tests.torture.starter", *(["--resume"] if self.resume else [])]
        with (self.home / "errors.txt").open("ab") as errors:
            self.process = subprocess.Popen(
                command, cwd=self.home, env=os.environ | variables, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )

    def follow(self, life: float | None) -> bool:
        """Read what it says until it ends, or is killed after so many seconds; whether it ended by itself."""
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        began, rest = time.monotonic(), b""
        while True:
            over = self.process.poll() is not None
            part = self.process.stdout.read()
            *lines, rest = (rest + (part or b"")).split(b"\n")
            for line in lines:
                at, what, step = json.loads(line)
                if what == "result":
                    self.result = step
                else:
                    self.steps.append((at, what, step))
            if over and not part:
                return not self.killed
            if life is not None and not over and time.monotonic() > began + life:
                self.process.kill()
                self.process.wait()
                self.killed = time.monotonic()
            time.sleep(0.02)

    def lost(self, made: dict[tuple[str, int], int], place: int) -> float:
        """Seconds of its work after the last step before that at `place`, with which another process went on."""
        kept = [at for at, *step in self.steps if made[tuple(step)] < place]
        return self.killed - (kept[-1] if kept else self.steps[0][0])

    def last(self) -> str:
        """The end of what it wrote to its standard error."""
        return (self.home / "errors.txt").read_text(errors="replace")[-300:]


def _child(resume: bool) -> None:
    """One run of the starter; a line for each step, and in the end what it came to."""
    from mmap_studio.session.events import Stepped
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.storage.store import user_cache
    from tests import lazy
    from tests.session.run import test_stages_resumed

    lazy.load(test_stages_resumed)
    project, store = Project.starter(), user_cache()
    events = []
    for event in run(project, RunOptions(resume=resume), store):
        events.append(event)
        if isinstance(event, Stepped):
            what = f"{event.phase} {','.join(event.report.members)}"
            print(json.dumps([time.monotonic(), what, event.report.step]), flush=True)
    told = test_stages_resumed.told(project, store, events)
    result = sha256(repr(_in_order(told)).encode()).hexdigest()
    print(json.dumps([time.monotonic(), "result", result]), flush=True)


def _in_order(value: Any) -> Any:
    """The same with all keys in one order: what was kept comes back sorted."""
    if isinstance(value, dict):
        return sorted((repr(key), _in_order(one)) for key, one in value.items())
    return [_in_order(one) for one in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    _child("--resume" in sys.argv)
