"""A training step whose blocks are compiled (`train.compiled`) against the plain one, and what compiling takes."""

from collections.abc import Iterator

from benchmarks.figures import Figure, median_of, not_measured, paired, seconds
from benchmarks.registry import benchmark
from benchmarks.scenes import office_home_step

SCENE = "ViT-B/16, 4 tasks x 4 images x 65 classes, forward and backward, float32"


@benchmark
def compiled(quick: bool) -> Iterator[Figure]:
    """How many times faster a compiled step is, and how many seconds longer the first one takes, by the clock."""
    plain, batches = office_home_step()
    joint, _ = office_home_step(compiled=True)
    plain.backward(batches)
    again, first = (seconds(lambda one=one: one.backward(batches)) for one in (plain, joint))
    if joint.uncompiled:
        yield not_measured("compiled_step_speedup", "times", f"not measured: {joint.uncompiled}")
        return
    yield median_of("compiled_first_step_s", [first - again], "s", f"a plain step, {SCENE}")
    ratios = paired(lambda: plain.backward(batches), lambda: joint.backward(batches), 2 if quick else 5)
    yield median_of("compiled_step_speedup", ratios, "times", f"the plain step, {SCENE}")
