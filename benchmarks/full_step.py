"""A training step at full size: ViT-B/16, the classes of Office-Home and of MiniDomainNet, against two other ways; and
SigLIP 2's, whose text tower reads in both directions, with few classes.
"""

from collections.abc import Iterator

from benchmarks.backbones import SIGLIP, VIT
from benchmarks.figures import Figure, median_of, not_measured, paired
from benchmarks.maple import Maple, step
from benchmarks.registry import benchmark
from benchmarks.scenes import office_home_step, plain_step
from mmap_studio.method.batches import Batch
from mmap_studio.method.training import Joint
from mmap_studio.session.runtime.cores import computes_bfloat16

CLASSES = (65, 126)
"""Of Office-Home and of MiniDomainNet."""
FEW = 10
"""As many as EuroSAT has: each is read by SigLIP with its whole context, and nothing is shared."""
SCENE = "{}, 4 tasks x 4 images x {} classes, forward and backward, {}"


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
    yield from _few_classes(pairs)


def _speedups(classes: int, precision: str, tail: str, pairs: int) -> Iterator[Figure]:
    joint, batches = office_home_step(precision, classes)
    clip = joint.clip
    maple = Maple(clip.text_width, clip.image_width, joint.bank.shape.depth)
    scene = SCENE.format("ViT-B/16", classes, precision)

    def ours() -> None:
        joint.backward(batches)

    against_plain = paired(lambda: plain_step(joint, batches), ours, pairs, ours)
    yield median_of(
        f"full_step_speedup{tail}", against_plain, "times", f"one task at a time, 77 tokens a class, {scene}"
    )
    against_maple = paired(lambda: step(maple, joint, batches), ours, pairs, ours)
    yield median_of(f"full_step_speedup_maple{tail}", against_maple, "times", f"MaPLe's step, 2 tokens, {scene}")


def _few_classes(pairs: int) -> Iterator[Figure]:
    """Both backbones against the plain way of each."""
    for backbone, name, tail in ((VIT, "ViT-B/16", ""), (SIGLIP, "SigLIP 2 B/16", "_siglip2")):
        joint, batches = office_home_step("float32", FEW, backbone=backbone)

        def plainly(joint: Joint = joint, batches: list[Batch] = batches) -> None:
            plain_step(joint, batches)

        def ours(joint: Joint = joint, batches: list[Batch] = batches) -> None:
            joint.backward(batches)

        context, scene = joint.clip.context_length, SCENE.format(name, FEW, "float32")
        against = f"one task at a time, {context} tokens a class, {scene}"
        yield median_of(f"full_step_speedup{tail}_{FEW}", paired(plainly, ours, pairs, ours), "times", against)
