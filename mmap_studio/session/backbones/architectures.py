"""Which open_clip architectures can be prompted, from the configs that open_clip ships; nothing is built or fetched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmap_studio.resources import resource_text
from mmap_studio.session.backbones.open_clip_configs import configs

TOKENS = "it reads the tokens of"
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
    context_length: int
    """Tokens the text tower reads."""
    causal: bool
    """Whether the text tower reads in one direction: then its work is shared between classes."""
    quick: bool = False
    """QuickGELU."""


def architectures() -> list[Architecture]:
    """The starter, then open_clip's by size."""
    starter = json.loads(resource_text("starter/backbone.json"))
    found = [architecture_of(name, config) for name, config in configs().items() if not unsupported_reason(config)]
    return [architecture_of("starter", starter), *sorted(found, key=lambda one: (one.parameters, one.name))]


def unsupported(every: bool = True) -> dict[str, str]:
    """Why the others cannot be prompted, by name; if not `every`, those whose towers can and whose tokens cannot."""
    found = {name: why for name, config in sorted(configs().items()) if (why := unsupported_reason(config))}
    return found if every else {name: why for name, why in found.items() if why.startswith(TOKENS)}


def unsupported_reason(config: Mapping[str, Any]) -> str:
    """Why a model of this config cannot be prompted, in half a sentence; empty if it can.

    Says of a config what `method.clip.checks` and `method.clip.factory` say of a model.
    """
    vision, text = config["vision_cfg"], config["text_cfg"]
    if vision.get("timm_model_name"):
        return f"its image tower is timm's {vision['timm_model_name']}"
    if not isinstance(vision.get("layers"), int):
        return "its image tower is a ResNet"
    if text.get("hf_model_name"):
        return f"its text tower is {text['hf_model_name']}"
    if "multimodal_cfg" in config or text.get("embed_cls"):
        return "its text tower ends in a class token (CoCa)"
    if text.get("hf_tokenizer_name"):
        return f"{TOKENS} {text['hf_tokenizer_name']}, which need the transformers package"
    pool, both_ways = text.get("pool_type", "argmax"), text.get("no_causal_mask", False)
    if pool not in ("argmax", "eos", "last", "first") or (pool == "first" and not both_ways):
        return f"its text tower is read by {pool!r}"
    odd = ("block_type", "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn", "scale_attn_inner", "scale_fc")
    changed = [key for key in odd for tower in (vision, text) if tower.get(key) and tower[key] != "default"]
    return f"its attention blocks have {changed[0]}" if changed else ""


def architecture_of(name: str, config: Mapping[str, Any]) -> Architecture:
    """An architecture from its config, which must be one that can be prompted."""
    vision, text = config["vision_cfg"], config["text_cfg"]
    return Architecture(
        name, count_parameters(config), vision.get("image_size", 224), vision.get("patch_size", 16),
        vision.get("width", 768), text.get("width", 512), (vision.get("layers", 12), text.get("layers", 12)),
        config["embed_dim"], text.get("context_length", 77), not text.get("no_causal_mask", False),
        bool(config.get("quick_gelu")),
    )  # fmt: skip


def count_parameters(config: Mapping[str, Any]) -> int:
    """The number of parameters of a model that can be prompted."""
    ends = 1 + (config.get("init_logit_bias") is not None)  # logit_scale, logit_bias
    embed = config["embed_dim"]
    return _image_tower(config["vision_cfg"], embed) + _text_tower(config["text_cfg"], embed) + ends


def _image_tower(vision: Mapping[str, Any], embed: int) -> int:
    width: int = vision.get("width", 768)
    patch, side = vision.get("patch_size", 16), vision.get("image_size", 224)
    places = (side // patch) ** 2 + 1
    count: int = 3 * patch * patch * width + width + places * width  # patches, class token, positions
    count += 0 if vision.get("no_ln_pre") else 2 * width
    count += vision.get("layers", 12) * _block(width, vision)
    if not vision.get("attentional_pool"):
        return count + 2 * width + width * embed  # norm, projection
    queries = vision.get("attn_pooler_queries", 256)
    pooler: int = queries * embed + 2 * embed * embed + 2 * width * embed + 4 * embed + 2 * embed + 2 * width
    return count + pooler + 2 * embed + embed * embed


def _text_tower(text: Mapping[str, Any], embed: int) -> int:
    width: int = text.get("width", 512)
    count: int = (text.get("vocab_size", 49408) + text.get("context_length", 77)) * width
    count += text.get("layers", 12) * _block(width, text) + 2 * width
    if text.get("proj_type") == "none":
        return count
    return count + width * embed + (embed if text.get("proj_bias") else 0)


def _block(width: int, tower: Mapping[str, Any]) -> int:
    """Weights of one attention block: attention, two norms, the inner layers, two layer scales where there are."""
    inner = int(width * tower.get("mlp_ratio", MLP))
    scales = 0 if tower.get("ls_init_value") is None else 2 * width
    return 4 * width * width + 4 * width + 4 * width + 2 * width * inner + inner + width + scales
