"""Peak memory of a training step at the paper's size; every side in a process of its own."""

import resource
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Figure, median_of
from benchmarks.registry import benchmark

AGAINST = "one task at a time with 77 tokens a class, ViT-B/16, 4 tasks x 4 images x 65 classes, float32"


@benchmark
def memory(quick: bool) -> Iterator[Figure]:
    """How far a step raises the resident memory: all tasks at once, and in 4 micro-batches, over the plain way."""
    grown = [{side: _grown_elsewhere(side) for side in ("plain", "1", "4")} for _ in range(1 if quick else 3)]
    for side, figure in (("1", "train_step_peak_memory_ratio"), ("4", "train_step_peak_memory_ratio_micro_batches")):
        ratios = [one[side] / one["plain"] for one in grown]
        yield median_of(figure, ratios, "of the plain way's (below 1 is less)", AGAINST)


def _grown_elsewhere(side: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", side]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _grown(side: str) -> int:
    """Peak resident memory that one step adds to a loaded model, in the system's unit."""
    from benchmarks.scenes import office_home_step, plain_step

    joint, batches = office_home_step(accumulate=1 if side == "plain" else int(side))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if side == "plain":
        plain_step(joint, batches)
    else:
        joint.backward(batches)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


if __name__ == "__main__":
    print(_grown(sys.argv[1]))
