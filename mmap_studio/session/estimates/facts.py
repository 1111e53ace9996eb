"""Facts of a loaded backbone and its tasks from which memory and time are estimated."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmap_studio.session.estimates.flops import cpu_speed
from mmap_studio.session.estimates.memory import ClassTexts, ClipShape
from mmap_studio.session.estimates.trained_share import BackboneFacts

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.task import TaskSpec


def facts_of(clip: "FrozenClip") -> BackboneFacts:
    """Facts of a backbone; on a CPU with the speed of as many threads as torch uses now."""
    import torch

    threads = torch.get_num_threads() if clip.device.type == "cpu" else 0
    speed = cpu_speed(threads) if threads else None
    return BackboneFacts(
        clip.name, clip.digest, clip.parameters_count, clip.text_width, clip.image_width, clip.depth,
        str(clip.device), clip.precision, shape_of(clip), speed, threads, clip.embed_width,
        clip.capability.why,
    )  # fmt: skip


def shape_of(clip: "FrozenClip") -> ClipShape:
    (text_layers, image_layers), image = clip.layers, clip.image_sizes
    return ClipShape(
        clip.parameters_count, clip.image_size, image.tokens, clip.image_width, clip.text_width, text_layers,
        image_layers, clip.quick, clip.causal, clip.context_length, clip.precision == "bfloat16", clip.device.type,
        image.weights, image.kept, image.reads_all, image.stem, image.whole, image.peak,
    )  # fmt: skip


def texts_of(clip: "FrozenClip", tasks: Sequence["TaskSpec"]) -> tuple[ClassTexts, ...]:
    """For every task the tokens its class texts share, and those the longest has beside them."""
    found: dict[tuple[str, ...], ClassTexts] = {}
    for texts in dict.fromkeys(task.texts() for task in tasks):
        ids = [clip.token_ids(text) for text in texts]
        shared = next((n for n, column in enumerate(zip(*ids, strict=False)) if len(set(column)) > 1), 0)
        found[texts] = ClassTexts(len(ids), 1 + shared, max(map(len, ids)) - shared + 1)
    return tuple(found[task.texts()] for task in tasks)
