"""open_clip's architectures: their sizes, and which prompts each takes. Nothing is built or fetched.

Of open_clip's own towers all of it follows from the configs that it ships; what other libraries build was counted once,
by `python -m tools.towers`, which writes the table `resources/backbones/towers.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mmap_studio.method.capability import Capability
from mmap_studio.resources import resource_text
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.tokens import is_installed, text_model_of, tokenizer_of

TRANSFORMERS = "the transformers library (pip install 'mmap-studio[transformers]')"
MLP = 4.0
"""open_clip's ratio of a block's inner width where the config names none."""


@dataclass(frozen=True)
class Architecture:
    """One backbone."""

    name: str
    parameters: int
    image_size: int
    image_tokens: int
    """Patches, class token and what else stands beside them; 0 of a tower that takes no prompts."""
    image_width: int
    text_width: int
    """0 of a tower that takes no prompts."""
    layers: tuple[int, int]
    """Of the image and the text tower, as far as they take prompts."""
    embed_dim: int
    context_length: int
    """Tokens the text tower reads."""
    causal: bool
    """Whether the text tower reads in one direction: then its work is shared between classes."""
    quick: bool = False
    """QuickGELU."""
    image_weights: float = 12.0
    image_kept: float = 0.0
    reads_all: bool = False
    image_stem: int = 0
    whole_image: int = 0
    whole_peak: int = 0
    """As in `estimates.memory.ClipShape`."""
    no_image: str = ""
    no_text: str = ""
    """As in `Capability`."""

    @property
    def capability(self) -> Capability:
        """Which prompts it takes."""
        return Capability(self.no_image, self.no_text)


def architectures() -> list[Architecture]:
    """The starter, then open_clip's by size."""
    starter = json.loads(resource_text("starter/backbone.json"))
    found = [architecture_of(name, config) for name, config in configs().items() if not unsupported_reason(config)]
    return [architecture_of("starter", starter), *sorted(found, key=lambda one: (one.parameters, one.name))]


def unsupported() -> dict[str, str]:
    """Why the others cannot be loaded, by name."""
    return {name: why for name, config in sorted(configs().items()) if (why := unsupported_reason(config))}


def unsupported_reason(config: Mapping[str, Any]) -> str:
    """Why a model of this config cannot be loaded, in half a sentence; empty if it can."""
    if is_installed() or not (tokenizer_of(config) or text_model_of(config)):
        return ""
    return f"its texts need {TRANSFORMERS}"


def is_own(config: Mapping[str, Any]) -> bool:
    """Whether both towers are open_clip's own transformers, of which the sizes follow from the config."""
    vision = config["vision_cfg"]
    other = vision.get("timm_model_name") or config["text_cfg"].get("hf_model_name") or "multimodal_cfg" in config
    return not other and isinstance(vision.get("layers", 12), int)


def architecture_of(name: str, config: Mapping[str, Any]) -> Architecture:
    """An architecture from its config, or from the table where other libraries build a tower of it."""
    if not is_own(config):
        return Architecture(name, **towers()[name])
    vision, text = config["vision_cfg"], config["text_cfg"]
    size, patch = vision.get("image_size", 224), vision.get("patch_size", 16)
    no_image, no_text = _no_prompts(vision, text)
    image, layers = (0, 0) if no_image else (vision.get("width", 768), vision.get("layers", 12))
    words, text_layers = (0, 0) if no_text else (text.get("width", 512), text.get("layers", 12))
    weights = 4 + 2 * int(image * vision.get("mlp_ratio", MLP)) / max(image, 1)
    quick = bool(config.get("quick_gelu"))
    return Architecture(
        name, count_parameters(config), size, (size // patch) ** 2 + 1, image, words, (layers, text_layers),
        config["embed_dim"], text.get("context_length", 77), not text.get("no_causal_mask", False), quick, weights,
        (weights - 4) / 2 * (2 if quick else 1), bool(vision.get("attentional_pool")) or _pool(vision) == "avg",
        no_image=no_image, no_text=no_text,
    )  # fmt: skip


@cache
def towers() -> dict[str, dict[str, Any]]:
    """Of every architecture that has a tower of another library the fields of its `Architecture`, but for the name."""
    found: dict[str, dict[str, Any]] = json.loads(resource_text("backbones/towers.json"))
    return {name: about | {"layers": tuple(about["layers"])} for name, about in found.items()}


def _pool(tower: Mapping[str, Any]) -> str:
    return str(tower.get("pool_type", ""))


def _no_prompts(vision: Mapping[str, Any], text: Mapping[str, Any]) -> tuple[str, str]:
    """Why the image and the text tower take no prompts: says of a config what `method.clip.checks` says of a model."""
    odd = ("block_type", "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn", "scale_attn_inner", "scale_fc")
    image, words = (
        "" if not any(tower.get(key) and tower[key] != "default" for key in odd)
        else f"its {name} tower has blocks of type CustomResidualAttentionBlock"
        for name, tower in (("image", vision), ("text", text))
    )  # fmt: skip
    pool = text.get("pool_type", "argmax")
    if text.get("embed_cls"):
        words = "its text tower ends in a class token (CoCa)"
    elif pool not in ("argmax", "eos", "last", "first"):
        words = f"its text tower is read by {pool!r}"
    elif not text.get("no_causal_mask") and "t5" in str(text.get("hf_tokenizer_name")):
        words = "its texts have no start token, and its text tower a causal mask"
    elif pool == "first" and not text.get("no_causal_mask"):
        words = "its text tower is read at the first token, which sees no class name under a causal mask"
    return image, words


def count_parameters(config: Mapping[str, Any]) -> int:
    """The number of parameters of a model whose towers are open_clip's own."""
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
