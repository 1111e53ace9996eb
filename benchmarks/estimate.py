"""What is said of a step before it is taken, against what it takes: memory and time at the paper's size."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import Figure, fitting_clock, median_of, resident
from benchmarks.registry import benchmark

CASES: dict[str, dict[str, Any]] = {"": {}, "_micro_batches": {"accumulate": 4}, "_recompute": {"recompute": True}}
AGAINST = "one step of ViT-B/16 in a fresh process on a CPU, 4 tasks x 4 images x 65 classes, float32"


@benchmark
def estimate(quick: bool) -> Iterator[Figure]:
    """Foretold over measured, each case in processes of its own: 1 is right, above 1 was too much."""
    for case, training in CASES.items():
        found = [_elsewhere(training) for _ in range(1 if quick else 3)]
        for what in ("memory", "time"):
            yield median_of(f"estimate_{what}{case}", [one[what] for one in found], "foretold over measured", AGAINST)


def _elsewhere(training: dict[str, Any]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.estimate", json.dumps(training)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def _foretold_over_measured(training: dict[str, Any]) -> dict[str, float]:
    import open_clip.model  # noqa: F401 - its code is the program's own
    import torch

    from benchmarks.scenes import PAPER_SIZE, office_home_step
    from mmap_studio.session.footprint import footprint
    from mmap_studio.session.shapes import shape_of, texts_of
    from mmap_studio.session.workload import cpu_speed, multiply_adds

    before, clock = resident("VmRSS"), fitting_clock()
    joint, batches = office_home_step(**training)
    began = clock()
    joint.backward(batches)
    seconds, taken = clock() - began, resident("VmHWM") - before
    settings = PAPER_SIZE.model_copy(update={"train": joint.settings})
    shape, texts = shape_of(joint.clip), texts_of(joint.clip, joint.tasks)
    work = multiply_adds(settings, shape, texts)
    return {
        "memory": footprint(settings, shape, [texts]).bytes / taken,
        "time": work / cpu_speed(torch.get_num_threads()) / seconds,
    }


if __name__ == "__main__":
    print(json.dumps(_foretold_over_measured(json.loads(sys.argv[1]))))
