"""Every backbone that could be chosen, and what this machine would make of it; nothing is fetched, torch not loaded.

The estimates are for one training step of `WORKLOAD` in float32. With frozen towers a linear layer costs a forward
pass and one for the gradient of its input, but none for its weights, so a step is twice the forward work. The work of
a block is 12 w² multiply-adds a token and 2 L w for the attention of a token on L others, taken three times in all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.session.architectures import Architecture, architectures
from mmap_studio.session.pretrained import Pretrained, all_pretrained, installed

TASKS, IMAGES, CLASSES, PROMPTS = 4, 4, 65, 8
WORKLOAD = f"{TASKS} tasks of {IMAGES} images and {CLASSES} classes they share, {PROMPTS} prompt tokens a tower"
PREFIX, SUFFIX = 5, 5
"""Tokens before and behind the first in which two classes differ, of "a photo of a desk lamp."."""
SAVED = 10
"""Numbers a block keeps for the gradient, in widths a token. With it the formula gives 2,244 MB for a step of ViT-B/16
with 32 prompt tokens, of which 2,160 MB were counted in its saved tensors."""


@dataclass(frozen=True)
class Estimate:
    """Of one training step of `WORKLOAD` in float32."""

    memory_bytes: int
    """Weights and what is kept for the gradient."""
    multiply_adds: int
    seconds: float | None
    """On this machine's CPU; None where its speed is not known."""


@dataclass(frozen=True)
class Choice:
    """One line of the catalogue."""

    name: str
    """As a project names it; of an architecture without known weights, the architecture."""
    architecture: Architecture
    pretrained: Pretrained | None
    """None for the starter and for architectures that open_clip names no weights for."""
    installed: Path | None
    estimate: Estimate


def catalogue(speed: float | None = None) -> list[Choice]:
    """The starter, then every tag of every promptable architecture by size; `speed` as `cpu_speed` gives it."""
    tags: dict[str, list[Pretrained]] = {}
    for one in all_pretrained():
        tags.setdefault(one.architecture, []).append(one)
    found = []
    for architecture in architectures():
        about = estimate(architecture, speed)
        own = tags.get(architecture.name, [])
        found += [Choice(one.name, architecture, one, installed(one), about) for one in own]
        if not own:
            found.append(Choice(architecture.name, architecture, None, None, about))
    return found


def estimate(one: Architecture, speed: float | None = None) -> Estimate:
    """Memory and time of a step; speed : multiply-adds a second."""
    patches = (one.image_size // one.patch_size) ** 2 + 1 + PROMPTS
    images, contexts = TASKS * IMAGES, CLASSES
    vision = images * patches, patches, one.image_width, one.layers[0]
    if one.causal:
        text = TASKS * (PREFIX + PROMPTS + contexts * SUFFIX), PREFIX + PROMPTS + SUFFIX, one.text_width, one.layers[1]
    else:
        text = TASKS * contexts * one.context_length, one.context_length, one.text_width, one.layers[1]
    work = sum(tokens * layers * (2 * 12 * width**2 + 3 * 2 * length * width)
               for tokens, length, width, layers in (vision, text))  # fmt: skip
    kept = sum(tokens * layers * SAVED * width for tokens, _, width, layers in (vision, text))
    if one.causal:  # every class has its own copy of the shared prefix's keys and values
        kept += 2 * TASKS * contexts * (PREFIX + PROMPTS) * one.layers[1] * one.text_width
    return Estimate(4 * (one.parameters + kept), work, work / speed if speed else None)


def cpu_speed() -> float:
    """Multiply-adds a second of this machine's CPU, from a few products of the size of ViT-B/16's.

    numpy's product, because torch takes seconds to import; a step of the towers reaches about the same.
    """
    import time

    import numpy as np

    a, b = np.ones((788, 768), np.float32), np.ones((768, 3072), np.float32)
    a @ b
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return a.shape[0] * a.shape[1] * b.shape[1] / best


def find_choice(name: str) -> Pretrained | None:
    """The weights that a name such as ViT-B-16:openai means; BackboneError for a name that means nothing."""
    from mmap_studio.session.naming import locate

    return locate(name).pretrained


def as_json(choice: Choice) -> Mapping[str, Any]:
    """One line of `mmap-studio backbones --json`."""
    from dataclasses import asdict

    one = choice.pretrained
    about = asdict(choice.architecture) | {"name": choice.name, "architecture": choice.architecture.name}
    return about | {
        "tag": one.tag if one else None,
        "repository": one.repository if one else None,
        "licence": one.licence if one else None,
        "resize_mode": one.resize_mode if one else None,
        "interpolation": one.interpolation if one else None,
        "download_bytes": None,
        "float32_bytes": 4 * choice.architecture.parameters,
        "installed": str(choice.installed) if choice.installed else None,
        "estimate": asdict(choice.estimate),
    }
