"""Which open_clip architectures can be prompted, from the configs that open_clip ships; nothing is built or fetched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmap_studio.resources import resource

MLP = 4.0
"""open_clip's ratio of a block's inner width where the config names none."""


@dataclass(frozen=True)
class Architecture:
    """One backbone that can be prompted."""

    name: str
    parameters: int
    image_size: int
    patch_size: int
    image_width: int
    text_width: int
    layers: tuple[int, int]
    """Of the image and the text tower."""
    embed_dim: int


def architectures() -> list[Architecture]:
    """The starter, then open_clip's by size."""
    starter = json.loads((resource("starter") / "backbone.json").read_text(encoding="utf-8"))
    spec = find_spec("open_clip")
    folder = Path(spec.origin).parent / "model_configs" if spec is not None and spec.origin else Path()
    configs = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    found = [_described(name, config) for name, config in configs.items() if promptable(config)]
    return [_described("starter", starter), *sorted(found, key=lambda one: (one.parameters, one.name))]


def promptable(config: Mapping[str, Any]) -> bool:
    """Whether both towers are open_clip's own transformers, the text tower causal and read at its end token."""
    vision, text = config["vision_cfg"], config["text_cfg"]
    plain_image = isinstance(vision.get("layers"), int) and not vision.get("timm_model_name")
    return (
        plain_image
        and not any(key in text for key in ("hf_model_name", "hf_tokenizer_name"))
        and not text.get("no_causal_mask")
        and not text.get("embed_cls")
        and text.get("pool_type", "argmax") in ("argmax", "eos")
        and "multimodal_cfg" not in config
        and not vision.get("attentional_pool")
        and not any("block_type" in tower or tower.get("scaled_cosine_attn") for tower in (vision, text))
    )


def _described(name: str, config: Mapping[str, Any]) -> Architecture:
    vision, text, embed = config["vision_cfg"], config["text_cfg"], config["embed_dim"]
    patch, side = vision["patch_size"], vision["image_size"]
    image, words = vision["width"], text["width"]
    grid = (side // patch) ** 2
    parameters = 3 * patch * patch * image + image + (grid + 1) * image + 4 * image + image * embed
    parameters += vision["layers"] * _block(image, vision.get("mlp_ratio", MLP))
    parameters += text.get("vocab_size", 49408) * words + text.get("context_length", 77) * words
    parameters += text["layers"] * _block(words, text.get("mlp_ratio", MLP)) + 2 * words + words * embed + 1
    layers = vision["layers"], text["layers"]
    return Architecture(name, int(parameters), side, patch, image, words, layers, embed)


def _block(width: int, ratio: float) -> int:
    """Weights of one attention block: attention, two norms, the inner layers."""
    inner = int(width * ratio)
    return 4 * width * width + 4 * width + 4 * width + 2 * width * inner + inner + width
