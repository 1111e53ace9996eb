"""One training step at the paper's size: all tasks in one pass against one task at a time, plain; in micro-batches."""

from collections.abc import Iterator

from benchmarks.figures import Figure, median_of, not_measured, paired
from benchmarks.registry import benchmark
from benchmarks.scenes import office_home_step, plain_step, reading_texts_again
from mmap_studio.session.runtime.cores import computes_bfloat16

SCENE = "ViT-B/16, 4 tasks x 4 images x 65 classes, forward and backward"
AGAINST = f"one task at a time with 77 tokens a class, {SCENE}"
PARTS = 4


@benchmark
def train_step(quick: bool) -> Iterator[Figure]:
    """How many times faster a step is, in float32 and, where the CPU computes it itself, in bfloat16; in parts."""
    pairs = 1 if quick else 5
    yield _speedup("train_step_speedup", "float32", pairs)
    if computes_bfloat16():
        yield _speedup("train_step_speedup_bfloat16", "bfloat16", pairs)
    else:
        reason = "not measured: this CPU has neither avx512_bf16 nor amx_bf16"
        yield not_measured("train_step_speedup_bfloat16", "times", reason)
    yield _in_micro_batches(pairs)


def _speedup(figure: str, precision: str, pairs: int) -> Figure:
    joint, batches = office_home_step(precision)

    def warm_up() -> None:
        joint.backward(batches)

    ratios = paired(lambda: plain_step(joint, batches), lambda: joint.backward(batches), pairs, warm_up)
    return median_of(figure, ratios, "times", f"{AGAINST}, {precision}")


def _in_micro_batches(pairs: int) -> Figure:
    joint, batches = office_home_step(accumulate=PARTS)

    def ours() -> None:
        joint.backward(batches)

    ratios = paired(lambda: reading_texts_again(joint, batches), ours, pairs, ours)
    against = f"{PARTS} micro-batches that read all class texts each, {SCENE}, float32"
    return median_of("micro_batches_speedup", ratios, "times", against)
