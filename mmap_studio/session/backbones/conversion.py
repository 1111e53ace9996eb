"""A checkpoint from a TorchScript archive: a folder that is a backbone, or weights for an architecture.

OpenAI's original files are such archives. Of their layout the config follows from the shapes, as in open_clip's
`build_model_from_openai_state_dict`; where an architecture that open_clip ships says the same it is used, so that the
backbone is the one of its tag `openai`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import size
from mmap_studio.session.backbones.model_schema import check_config
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.resolve import HUB_CONFIG
from mmap_studio.session.runtime.heap import available
from mmap_studio.storage import atomic
from mmap_studio.storage.foreign.torchscript import weights_of
from mmap_studio.storage.json_text import json_text
from mmap_studio.storage.opener import ANY_SIZE, opened
from mmap_studio.storage.tensors import check_tensors, tensor_header

WEIGHTS = "open_clip_model.safetensors"
OPENAI = ("input_resolution", "context_length", "vocab_size")
"""Entries of OpenAI's archives that are no weights, by which they are known."""
HEAD = 64
"""Width of a head in all of OpenAI's models, which no shape shows."""
PREPROCESS = {
    "mean": (0.48145466, 0.4578275, 0.40821073), "std": (0.26862954, 0.26130258, 0.27577711),
    "interpolation": "bicubic", "resize_mode": "shortest",
}  # fmt: skip
"""OpenAI's (openai/CLIP, `clip.py`)."""
TIMES = 3
"""Memory for an archive's weights: as they are read, as they are packed, and as this process receives them."""
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Converted:
    """What became of an archive."""

    folder: Path
    weights: Path
    architecture: str
    """open_clip's name for it; empty where it ships none, or the archive is not OpenAI's."""
    backbone: str
    """By which it is opened; empty where nothing says what architecture it is."""
    tensors: int
    numbers: int


def convert(archive: Path, folder: Path) -> Converted:
    """Write an archive's weights into a new folder, with a config where the archive is one of OpenAI's.

    Nothing of the archive is run (`storage.foreign.torchscript`). CorruptError for another file or a hostile one,
    BackboneError for one of OpenAI's without its shapes or with those of no model, StorageError where the folder holds
    something or the disk refuses.
    """
    atomic.check_folder(folder)
    _check_memory(archive)
    packed = weights_of(archive)
    shapes = {name: info.shape for name, info in tensor_header(packed).tensors.items()}
    files, architecture = {WEIGHTS: packed}, ""
    if all(name in shapes for name in OPENAI):
        try:
            architecture, config = openai_config(shapes)
        except (LookupError, ValueError, ZeroDivisionError) as error:
            raise BackboneError(
                f"{archive} must have the tensors of OpenAI's CLIP, since it has its {OPENAI[0]}, but has not ({error})"
                "; get it again."
            ) from None
        check_config(config, f"The model in {archive}")
        files[HUB_CONFIG] = json_text({"model_cfg": config, "preprocess_cfg": PREPROCESS}).encode()
    atomic.make_folder(folder.parent, within=None)
    atomic.write_folder(folder, files, within=None)  # where the user said
    check_tensors(folder / WEIGHTS)
    numbers = sum(math.prod(shape) for shape in shapes.values())
    backbone = str(folder) if len(files) > 1 else ""
    return Converted(folder, folder / WEIGHTS, architecture, backbone, len(shapes), numbers)


def _check_memory(archive: Path) -> None:
    """BackboneError for more bytes than there is memory for: a file with holes is as long as it says."""
    with opened(archive, ANY_SIZE) as (_, length):
        pass
    free = available()
    if free is not None and TIMES * length > free:
        raise BackboneError(
            f"{archive} needs {size(TIMES * length)} of memory to be converted, and {size(free)} are free; close other "
            "programs, or convert it on a larger computer."
        )


def openai_config(shapes: Shapes) -> tuple[str, dict[str, Any]]:
    """open_clip's name and config for weights of these shapes; the name is empty where it ships no such architecture.

    LookupError, ValueError or ZeroDivisionError where they are not the shapes of such a model.
    """
    width = shapes["ln_final.weight"][0]
    text = {
        "context_length": shapes["positional_embedding"][0], "vocab_size": shapes["token_embedding.weight"][0],
        "width": width, "heads": max(1, width // HEAD), "layers": _count(shapes, "transformer.resblocks.", 2),
    }  # fmt: skip
    is_vit = "visual.proj" in shapes
    vision = _vit(shapes) if is_vit else _resnet(shapes)
    made = {
        "embed_dim": shapes["text_projection"][1], "quick_gelu": True, "vision_cfg": vision, "text_cfg": text,
    }  # fmt: skip
    known = next((name for name, one in sorted(configs().items()) if one == made), "")
    return known, made


def _vit(shapes: Shapes) -> dict[str, Any]:
    width, _, patch, _ = shapes["visual.conv1.weight"]
    side = math.isqrt(shapes["visual.positional_embedding"][0] - 1)
    return {
        "image_size": patch * side, "layers": _count(shapes, "visual.transformer.resblocks.", 3), "width": width,
        "patch_size": patch,
    }  # fmt: skip


def _resnet(shapes: Shapes) -> dict[str, Any]:
    layers = [_count(shapes, f"visual.layer{stage}.", 2) for stage in (1, 2, 3, 4)]
    side = math.isqrt(shapes["visual.attnpool.positional_embedding"][0] - 1)
    width = shapes["visual.layer1.0.conv1.weight"][0]
    return {"image_size": 32 * side, "layers": layers, "width": width, "patch_size": None}


def _count(shapes: Shapes, prefix: str, part: int) -> int:
    """Different numbers that stand behind a prefix, at this part of the name."""
    return len({name.split(".")[part] for name in shapes if name.startswith(prefix)})
