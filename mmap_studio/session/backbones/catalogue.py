"""Every backbone that could be chosen, and what this machine would make of it; nothing is fetched, torch not loaded.

The estimates are for one training step of `WORKLOAD` in float32 on a CPU, by `footprint` and `workload`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.config import settings_from
from mmap_studio.resources import resource
from mmap_studio.session.backbones.architectures import Architecture, architectures
from mmap_studio.session.backbones.pretrained import Pretrained, all_pretrained, installed
from mmap_studio.session.backbones.resolve import STARTER, locate
from mmap_studio.session.estimates.flops import BESIDE, multiply_adds, seconds_of
from mmap_studio.session.estimates.memory import ClassTexts, ClipShape, footprint

TASKS, IMAGES, CLASSES, PROMPTS = 4, 4, 65, 8
WORKLOAD = f"{TASKS} tasks of {IMAGES} images and {CLASSES} classes they share, {PROMPTS} prompt tokens a tower"
SETTINGS = settings_from(
    {"preset": "light"}, {"train.batch_size": IMAGES, "prompt.parts": "both", "prompt.tokens": PROMPTS // 2}
)
TEXTS = (ClassTexts(CLASSES, 5, 5),) * TASKS
"""Of "a photo of a desk lamp." five tokens stand before the first in which two classes differ, and five behind."""


@dataclass(frozen=True)
class StepEstimate:
    """Of one training step of `WORKLOAD` in float32."""

    memory_bytes: int
    """Weights and what is kept for the gradient."""
    multiply_adds: int
    seconds: float | None
    """On this machine's CPU; None where its speed is not known."""


@dataclass(frozen=True)
class BackboneOption:
    name: str
    """As a project names it; of an architecture without known weights, the architecture."""
    architecture: Architecture
    pretrained: Pretrained | None
    """None for the starter and for architectures that open_clip names no weights for."""
    installed: Path | None
    estimate: StepEstimate

    @property
    def file_bytes(self) -> int | None:
        """Of the weights' file: of the one that is here, else what the parameters take in float32; None for none.

        The hub lists 1.71 GB for LAION's ViT-L/14 and 3.94 GB for ViT-H/14: four bytes a parameter.
        """
        if self.installed:
            return self.installed.stat().st_size
        return 4 * self.architecture.parameters if self.pretrained else None

    @property
    def licence(self) -> str | None:
        """Of the weights; None where there are none."""
        return self.pretrained.licence if self.pretrained else "Apache-2.0" if self.name == STARTER else None


def catalogue(speed: float | None = None) -> list[BackboneOption]:
    """The starter and what else is here, every tag there is, architectures without known weights; each by size.

    speed : as `cpu_speed` gives it
    """
    tags: dict[str, list[Pretrained]] = {}
    for one in all_pretrained():
        tags.setdefault(one.architecture, []).append(one)
    found = []
    for architecture in architectures():
        about = estimate(architecture, speed)
        own = tags.get(architecture.name, [])
        found += [BackboneOption(one.name, architecture, one, installed(one), about) for one in own]
        if not own:
            here = resource(STARTER) / "backbone.safetensors" if architecture.name == STARTER else None
            found.append(BackboneOption(architecture.name, architecture, None, here, about))
    return sorted(found, key=lambda one: 0 if one.installed else 1 if one.pretrained else 2)


def estimate(one: Architecture, speed: float | None = None) -> StepEstimate:
    """Memory and time of a step; speed : multiply-adds a second."""
    image_layers, text_layers = one.layers
    shape = ClipShape(
        one.parameters, one.image_size, one.image_tokens, one.image_width, one.text_width, text_layers, image_layers,
        one.quick, one.causal, one.context_length, image_weights=one.image_weights, image_kept=one.image_kept,
        reads_all=one.reads_all, image_stem=one.image_stem, whole_image=one.whole_image, whole_peak=one.whole_peak,
    )  # fmt: skip
    work, timed = multiply_adds(SETTINGS, shape, TEXTS), multiply_adds(SETTINGS, shape, TEXTS, beside=BESIDE)
    return StepEstimate(footprint(SETTINGS, shape, [TEXTS]).bytes, work, seconds_of(timed, speed) if speed else None)


def find_weights(name: str) -> Pretrained | None:
    """The weights that a name such as ViT-B-16:openai means; BackboneError for a name that means nothing."""
    return locate(name).pretrained


def as_json(choice: BackboneOption) -> Mapping[str, Any]:
    """One line of `mmap-studio backbones --json`."""
    from dataclasses import asdict

    one = choice.pretrained
    about = asdict(choice.architecture) | {"name": choice.name, "architecture": choice.architecture.name}
    return about | {
        "prompts": choice.architecture.capability.prompts,
        "tag": one.tag if one else None,
        "repository": one.repository if one else None,
        "licence": choice.licence,
        "resize_mode": one.resize_mode if one else None,
        "interpolation": one.interpolation if one else None,
        "download_bytes": choice.file_bytes if choice.installed else None,
        "float32_bytes": 4 * choice.architecture.parameters,
        "installed": str(choice.installed) if choice.installed else None,
        "estimate": asdict(choice.estimate),
    }
