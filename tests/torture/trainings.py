"""Faults in the middle of trainings of a tiny CLIP: memory, the device, the process, numbers, the clock."""

import gc
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from benchmarks.figures import resident
from mmap_studio.config import settings_from
from mmap_studio.errors import StudioError, TrainingError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.events import AffinityMeasured, GroupingChosen, GroupReady, RunEnded, Stepped
from mmap_studio.storage.prompt_folder import load_prompts
from mmap_studio.storage.runs import list_runs
from tests import lazy, tiny
from tests.method import test_out_of_memory
from tests.projects import QUICK
from tests.session.run import test_stages_resumed
from tests.session.run.test_stages_resumed import placed, told, walked
from tests.storage.faults import in_child
from tests.torture.outcome import Outcome

with lazy.imported_later():
    import torch

    from mmap_studio.method import training
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.training import train
    from mmap_studio.session.cache import unfinished
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions

STEPS = 50
"""Of one training whose steps run out of memory."""
STEPS_OF_A_RUN = 16
"""Of `tests/session/run/test_stages_resumed.py`."""
PASSES_OF_A_RUN = 36
"""Of its image tower, at least."""
JUMPS_S = (-86_400.0, 365 * 86_400.0, -3_600.0, 3_600.0)
"""A day back, a year on, and an hour either way, as when daylight saving begins or ends."""


def loaded(kind: Callable[[Path, int], Outcome]) -> Callable[[Path, int], Outcome]:
    """A kind of torture that needs torch, which is imported with the first of them: the others need not wait."""

    @wraps(kind)
    def run_(folder: Path, count: int) -> Outcome:
        for module in (sys.modules[__name__], test_stages_resumed, test_out_of_memory):
            lazy.load(module)
        return kind(folder, count)

    return run_


@loaded
def out_of_memory(folder: Path, count: int) -> Outcome:
    """At each of the first `count` steps of a training the memory does not suffice, in two ways of saying so.

    The training goes on in smaller parts, to the prompts of one that was in these parts from the start.
    """
    outcome = Outcome()
    expected = _after_steps(test_out_of_memory.joint(tiny.clip(), accumulate=2))
    for error in (lambda: torch.OutOfMemoryError("CUDA out of memory."), lambda: RuntimeError(test_out_of_memory.CPU)):
        for at in range(1, min(count, STEPS) + 1):
            outcome.trials += 1
            clip = tiny.clip()
            one = test_out_of_memory.joint(clip)
            try:
                with _short_of_memory(clip, error, at, rows=8):
                    found = _after_steps(one)
            except Exception as error_:
                outcome.crashes += 1
                outcome.notes.append(f"step {at}: {error_!r}")
                continue
            off = max(float((a - b).abs().max()) for a, b in zip(found, expected, strict=True))
            if one.parts != 2 or off > 1e-4:
                outcome.torn += 1
                outcome.notes.append(f"step {at}: {one.parts} parts, {off:.1e} from a training in two parts")
    return outcome


def _after_steps(one: Any) -> list[Any]:
    """The numbers of a bank after `STEPS` plain steps down its gradient."""
    for _ in range(STEPS):
        one.bank.zero_grad()
        one.backward(one.batches.draw())
        with torch.no_grad():
            for parameter in one.bank.parameters():
                if parameter.grad is not None:
                    parameter -= 0.01 * parameter.grad
    return [parameter.detach().clone() for parameter in one.bank.parameters()]


@contextmanager
def _short_of_memory(clip: Any, error: Callable[[], Exception], at: int, rows: int) -> Iterator[None]:
    """From the `at`-th pass of the image tower on, more than `rows` images at once do not fit."""
    inner, passes = clip.encode_image, 0

    def encode_image(images: Any, *more: Any, **named: Any) -> Any:
        nonlocal passes
        passes += 1
        if passes >= at and len(images) > rows:
            raise error()
        return inner(images, *more, **named)

    with mock.patch.object(clip, "encode_image", encode_image):
        yield


@loaded
def devices_lost(folder: Path, count: int) -> Outcome:
    """At `count` random moments of a run the device is lost, or the process dies; a run that goes on ends the same."""
    outcome, chance = Outcome(), random.Random(0)
    whole = told(*walked(_made(folder / "whole"), resume=False))
    for number in range(count):
        outcome.trials += 1
        place, step = _made(folder / str(number)), chance.randint(1, STEPS_OF_A_RUN)
        how = (None, signal.SIGKILL, signal.SIGSEGV)[number % 3]
        try:
            if how is None:
                _lose_device(place, chance.randint(1, PASSES_OF_A_RUN))
            else:
                ended, _ = in_child(lambda _, place=place, step=step, how=how: _die(place, step, how))  # type: ignore
                assert ended in (how, 128 + how), f"the child ended with {ended}"
            assert told(*walked(place, resume=True)) == whole, "it did not end as an undisturbed run"
            assert len(list_runs(place / "project" / "runs")) == 1, "it went on in another folder"
        except Exception as error:
            outcome.torn += isinstance(error, AssertionError)
            outcome.crashes += not isinstance(error, AssertionError)
            outcome.notes.append(f"trial {number}, step {step}, {how}: {error!r}")
    return outcome


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _lose_device(folder: Path, at: int) -> None:
    """The `at`-th pass of the image tower finds the device gone; the run must say so in a sentence."""
    inner, passes = FrozenClip.encode_image, 0

    def encode_image(self: Any, *given: Any, **named: Any) -> Any:
        nonlocal passes
        passes += 1
        if passes == at:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")
        return inner(self, *given, **named)

    project, store = placed(folder)
    lost = mock.patch.object(FrozenClip, "encode_image", encode_image)
    with lost, pytest.raises(TrainingError, match="start again"):
        list(run(project, RunOptions(groups="2"), store))


def _die(folder: Path, step: int, how: int) -> None:
    unfinished.EVERY = 0.0
    project, store = placed(folder)
    for done, _ in enumerate(e for e in run(project, RunOptions(groups="2"), store) if isinstance(e, Stepped)):
        if done + 1 == step:
            signal.signal(how, signal.SIG_DFL) if how != signal.SIGKILL else None
            os.kill(os.getpid(), how)


@loaded
def not_finite(folder: Path, count: int) -> Outcome:
    """NaN and infinity in losses, gradients, image features and affinities, at `count` moments each."""
    outcome = Outcome()
    for place in POISONS:
        for number in range(count):
            outcome.trials += 1
            value, at = (float("nan"), float("inf"), float("-inf"))[number % 3], number % STEPS_OF_A_RUN + 1
            there = _made(folder / f"{place}-{number}")
            project, store = placed(there)
            try:
                with POISONS[place](value, at) as fired:
                    events = list(run(project, RunOptions(groups="2"), store))
                problem = _unsound(project, events) if fired else "the place was not reached"
            except TrainingError as error:  # it says that it cannot go on
                problem = "" if "learning_rate" in str(error) else str(error)
            except Exception as error:
                outcome.crashes += 1
                outcome.notes.append(f"{value} in {place} {at}: {error!r}")
                continue
            outcome.torn += bool(problem)
            outcome.notes += [f"{value} in {place} {at}: {problem}"] if problem else []
    return outcome


def _unsound(project: Any, events: list[Any]) -> str:
    """What is wrong with what a run left; empty where nothing is."""
    if not isinstance(events[-1], RunEnded):
        return "the run did not end"
    for event in events:
        if isinstance(event, GroupReady):
            for arrays in (*event.group.final.values(), *event.group.best.values()):
                if not all(np.isfinite(array).all() for array in arrays.values()):
                    return "a prompt is not finite"
        if isinstance(event, AffinityMeasured) and np.isinf(event.estimate.mean).any():
            return "an affinity is infinite"
    groups = [group for event in events if isinstance(event, GroupingChosen) for group in event.grouping.groups]
    if sorted(name for group in groups for name in group) != sorted(one.name for one in project.file.tasks):
        return f"the groups are {groups}"
    folder = load_prompts(list_runs(project.runs)[-1].path / "prompts")
    exported = [array for adapter in folder.adapters.values() for array in adapter.arrays.values()]
    return "" if all(np.isfinite(array).all() for array in exported) else "an exported prompt is not finite"


@contextmanager
def _poisoned(where: Any, name: str, at: int, poison: Callable[[Any], Any]) -> Iterator[list[int]]:
    """The `at`-th call whose result has a gradient returns what `poison` makes of it; yields the calls that did."""
    inner, calls, fired = getattr(where, name), 0, []

    def call(*given: Any, **named: Any) -> Any:
        nonlocal calls
        found = inner(*given, **named)
        if not getattr(found, "requires_grad", True):
            return found
        calls += 1
        if calls != at:
            return found
        fired.append(calls)
        return poison(found)

    with mock.patch.object(where, name, call):
        yield fired


def _first_number(value: float) -> Callable[[Any], Any]:
    def poison(found: Any) -> Any:
        extra = torch.zeros_like(found)
        extra.view(-1)[0] = value
        return found + extra

    return poison


def _gradient(value: float) -> Callable[[Any], Any]:
    def poison(found: Any) -> Any:
        found.register_hook(lambda gradient: torch.full_like(gradient, value))
        return found

    return poison


def _cell(value: float, at: int) -> Callable[[Any], Any]:
    def poison(found: Any) -> Any:
        matrix = np.array(found.matrix)
        matrix[at % len(matrix), (at // len(matrix)) % len(matrix)] = value
        return replace(found, matrix=matrix)

    return poison


POISONS: dict[str, Callable[[float, int], Any]] = {
    "loss": lambda value, at: _poisoned(training, "image_losses", at, _first_number(value)),
    "gradient": lambda value, at: _poisoned(FrozenClip, "encode_image", at, _gradient(value)),
    "features": lambda value, at: _poisoned(FrozenClip, "encode_image", at, _first_number(value)),
    "affinity": lambda value, at: _poisoned(training, "lookahead_affinity", at % 2 + 1, _cell(value, at)),
}
"""By place, for a value and a moment: what poisons it there and then."""


@loaded
def clocks(folder: Path, count: int) -> Outcome:
    """The clock of the computer jumps at a random event of each of `count` runs of one project.

    Runs stand in the order in which they were made, each is whole, no time that was taken is negative, and what the
    first one cached is used by all that follow.
    """
    outcome, chance, offset, real = Outcome(), random.Random(0), 0.0, time.time
    project, store = placed(folder)
    made: list[Path] = []
    with mock.patch.multiple(time, time=lambda: real() + offset, time_ns=lambda: int((real() + offset) * 1e9)):
        for number in range(count):
            outcome.trials += 1
            jump = chance.randint(1, 30)
            try:
                event = None
                for done, event in enumerate(run(project, RunOptions(groups="2"), store)):  # noqa: B007  (the last)
                    if done == jump:
                        offset += JUMPS_S[number % len(JUMPS_S)]
                assert isinstance(event, RunEnded)
                made.append(event.run_folder)
                assert [one.path for one in list_runs(project.runs)] == made, "the runs are in another order"
                assert list_runs(project.runs)[-1].verify() == [], "the run is not whole"
                assert min(event.document["timings"].values()) >= 0, f"a negative time: {event.document['timings']}"
                assert number == 0 or event.trained_nothing, "what was cached was trained again"
            except (AssertionError, StudioError) as error:
                outcome.torn += 1
                outcome.notes.append(f"jump {number}: {error}")
    return outcome


@loaded
def long_run(folder: Path, count: int) -> Outcome:
    """One training of `count` steps: after its first fifth, memory, threads and open files stay where they were.

    What each epoch adds to the record of a training (losses, accuracies) is allowed for: 1 MiB in 10,000 steps.
    """
    tasks = [tiny.task("a", 1, n=512), tiny.task("b", 2, n=512)]
    settings = settings_from({"preset": "light"}, QUICK | {"train.min_steps": count})
    grouping = Grouping.together([task.name for task in tasks])
    seen: list[tuple[int, float, int, int]] = []
    outcome, every = Outcome(count), max(1, count // 20)
    for report in train(tiny.clip(), tasks, grouping, settings.prompt, settings.train, seed=1):
        if report.step % every == 0 and report.step >= report.steps // 5:
            gc.collect()
            handles = len(os.listdir("/proc/self/fd"))
            seen.append((report.step, resident("VmRSS") / 2**20, threading.active_count(), handles))
    steps, memory, threads, files = (np.array(column, float) for column in zip(*seen, strict=True))
    slope = float(np.polyfit(steps, memory, 1)[0]) * 10_000
    outcome.notes.append(f"{slope:+.2f} MiB in 10,000 steps, {threads.max():.0f} threads, {files.max():.0f} open files")
    if slope > 1 or threads[-1] > threads[0] or files[-1] > files[0]:
        outcome.lost += 1
    return outcome
