"""A training step at full size: ViT-B/16, the classes of Office-Home and of MiniDomainNet, against two other ways."""

from collections.abc import Iterator

from benchmarks.figures import Figure, median_of, not_measured, paired
from benchmarks.maple import Maple, step
from benchmarks.registry import benchmark
from benchmarks.scenes import office_home_step, plain_step
from mmap_studio.session.runtime.cores import computes_bfloat16

CLASSES = (65, 126)
"""Of Office-Home and of MiniDomainNet."""
SCENE = "ViT-B/16, 4 tasks x 4 images x {} classes, forward and backward, {}"


@benchmark
def full_step(quick: bool) -> Iterator[Figure]:
    """How many times faster a step is than the plain way, and than MaPLe's, by number of classes and precision."""
    pairs = 1 if quick else 5
    for classes in CLASSES:
        for precision in ("float32", "bfloat16"):
            tail = f"_{classes}" + ("_bfloat16" if precision == "bfloat16" else "")
            if precision == "bfloat16" and not computes_bfloat16():
                reason = "not measured: this CPU has neither avx512_bf16 nor amx_bf16"
                yield not_measured(f"full_step_speedup{tail}", "times", reason)
                yield not_measured(f"full_step_speedup_maple{tail}", "times", reason)
            else:
                yield from _speedups(classes, precision, tail, pairs)


def _speedups(classes: int, precision: str, tail: str, pairs: int) -> Iterator[Figure]:
    joint, batches = office_home_step(precision, classes)
    clip = joint.clip
    maple = Maple(clip.text_width, clip.image_width, joint.bank.shape.depth)
    scene = SCENE.format(classes, precision)

    def ours() -> None:
        joint.backward(batches)

    against_plain = paired(lambda: plain_step(joint, batches), ours, pairs, ours)
    yield median_of(
        f"full_step_speedup{tail}", against_plain, "times", f"one task at a time, 77 tokens a class, {scene}"
    )
    against_maple = paired(lambda: step(maple, joint, batches), ours, pairs, ours)
    yield median_of(f"full_step_speedup_maple{tail}", against_maple, "times", f"MaPLe's step, 2 tokens, {scene}")
