"""What it costs to keep a training while it goes on, so that a killed one does not begin anew."""

import tempfile
from array import array
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

from benchmarks.figures import Figure, fitting_clock, median_of, seconds
from benchmarks.registry import benchmark
from benchmarks.scenes import office_home_step
from mmap_studio.method.optimizer import SafeStepper
from mmap_studio.method.snapshot import maker
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.unfinished import EVERY, Unfinished, snapshot_to_arrays
from mmap_studio.storage.store import FolderStore

STEPS = 1000
"""So many are done, whose losses are kept too."""


@benchmark
def snapshot(quick: bool) -> Iterator[Figure]:
    """A write against the time between two of them, and what every step does for it."""
    joint, _ = office_home_step()
    stepper = SafeStepper(joint.bank, joint.settings, STEPS + 1)
    for parameter in joint.bank.parameters():
        parameter.grad = torch.zeros_like(parameter)
    stepper.take(0, torch.zeros(len(joint.names)), joint.names)
    losses = array("d", [0.0]) * (STEPS * len(joint.names))
    place = partial(maker, joint, stepper, None, losses, None, STEPS, STEPS + 1)
    with tempfile.TemporaryDirectory() as folder:
        cached = Cached(FolderStore(Path(folder)))
        unfinished = Unfinished(cached, "ab" * 32)

        def write() -> None:
            cached.put("unfinished", "ab" * 32, *snapshot_to_arrays(place()()))

        def steps() -> None:
            for _ in range(STEPS):
                unfinished.bookmark.place(place())
                unfinished.keep()

        write()
        repeats = 5 if quick else 30
        clock = fitting_clock()
        ratios = [(EVERY + seconds(write, clock)) / EVERY for _ in range(repeats)]
        each = [1e6 * seconds(steps, clock) / STEPS for _ in range(repeats)]
    scene = f"the prompts of 4 tasks, ViT-B/16 at the paper's size, after {STEPS:,} steps"
    yield median_of("snapshot_cost", ratios, "times", f"{EVERY:g} s of training without a write; {scene}")
    yield median_of("snapshot_step_us", each, "us", "nothing; what a step does so that it can be kept")
