"""Hugging Face's `SiglipModel` (SigLIP, SigLIP 2) under open_clip's and timm's names: config, preprocessing, weights.

The architecture is the one of open_clip's that says the same sizes. Its activation is what the config.json says, which
is the approximate one where open_clip computes the exact one for some: so outputs are those of transformers.
Names as in transformers' `modeling_siglip.py`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import shown_value
from mmap_studio.session.backbones.open_clip_configs import configs

MODEL_TYPE = "siglip"
TEXT = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "max_position_embeddings": 64, "vocab_size": 32000, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6,
}  # fmt: skip
VISION = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "image_size": 224, "patch_size": 16, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6,
}  # fmt: skip
"""What a config.json leaves out is as transformers' `SiglipTextConfig` and `SiglipVisionConfig` have it."""
TOWERS = {
    "base": (768, 3072, 12, 12), "large": (1024, 4096, 24, 16), "so400m": (1152, 4304, 27, 16),
    "giantopt": (1536, 6144, 40, 16),
}  # fmt: skip
"""Width, inner width, layers and heads of timm's towers."""
ACTIVATIONS = {"gelu": "none", "gelu_pytorch_tanh": "tanh"}
PREPROCESSING = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "resize_mode": "squash", "interpolation": "bicubic"}
"""Where no preprocessor_config.json says it."""
_BLOCK = {
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}  # fmt: skip
_TIMM_BLOCK = {
    "layer_norm1": "norm1", "layer_norm2": "norm2", "self_attn.out_proj": "attn.proj", "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}  # fmt: skip
_POOL = {
    "attention.out_proj": "attn_pool.proj", "layernorm": "attn_pool.norm", "mlp.fc1": "attn_pool.mlp.fc1",
    "mlp.fc2": "attn_pool.mlp.fc2",
}  # fmt: skip
_ALONE = {
    "logit_scale": "logit_scale", "logit_bias": "logit_bias",
    "text_model.embeddings.token_embedding.weight": "text.token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "text.positional_embedding",
    "vision_model.embeddings.position_embedding.weight": "visual.trunk.pos_embed",
    "vision_model.head.probe": "visual.trunk.attn_pool.latent",
} | {f"{theirs}.{kind}": f"{ours}.{kind}" for kind in ("weight", "bias") for theirs, ours in {
    "text_model.final_layer_norm": "text.ln_final", "text_model.head": "text.text_projection",
    "vision_model.embeddings.patch_embedding": "visual.trunk.patch_embed.proj",
    "vision_model.post_layernorm": "visual.trunk.norm",
    **{f"vision_model.head.{one}": f"visual.trunk.{other}" for one, other in _POOL.items()},
}.items()}  # fmt: skip
_LAYER = re.compile(r"(text|vision)_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)")
_JOINED = re.compile(r"vision_model\.head\.attention\.in_proj_(weight|bias)")
_BUFFER = re.compile(r"(text|vision)_model\.embeddings\.position_ids")
PARTS = tuple(f"self_attn.{part}_proj" for part in "qkv")
"""Query, key and value of a layer, which transformers has apart."""


def model_config(text: Mapping[str, Any], vision: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """open_clip's config for these towers; BackboneError where it has no architecture of their sizes."""
    acts = {text["hidden_act"], vision["hidden_act"]}
    if len(acts) > 1 or not acts <= ACTIVATIONS.keys():
        raise BackboneError(
            f"{path} must say hidden_act of both towers as SigLIP's models do, but says {shown_value(sorted(acts))}; "
            "choose another backbone."
        )
    tower = tuple(vision[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers",
                                          "num_attention_heads"))  # fmt: skip
    family = next((name for name, sizes in TOWERS.items() if sizes == tower), "none")
    timm_name = re.compile(rf"vit_{family}_patch{vision['patch_size']}_siglip_\d+")
    wanted = tuple(text[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads",
                                         "max_position_embeddings", "vocab_size"))  # fmt: skip
    for _, config in sorted(configs().items()):
        image, words = config["vision_cfg"], config["text_cfg"]
        named = timm_name.fullmatch(str(image.get("timm_model_name"))) and image["image_size"] == vision["image_size"]
        keys = ("width", "layers", "heads", "context_length", "vocab_size")
        if named and not words.get("hf_model_name") and tuple(words.get(key) for key in keys) == wanted:
            how = {"approximate": ACTIVATIONS[acts.pop()]}
            return {**config, "vision_cfg": image | {"act_kwargs": how}, "text_cfg": words | {"act_kwargs": how}}
    raise BackboneError(
        f"{path} must have the sizes of one of open_clip's SigLIP architectures, but has an image tower of "
        f"{shown_value(tower)} on {shown_value(vision['image_size'])} pixels and a text tower of {shown_value(wanted)}"
        "; choose another backbone."
    )


def is_siglip_weights(names: Mapping[str, object]) -> bool:
    """Whether these are names of a `SiglipModel`."""
    return "vision_model.head.probe" in names


def open_clip_weights(weights: Mapping[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Every tensor under open_clip's name; BackboneError for a name that is not one of a `SiglipModel`'s.

    Nothing is left over and nothing twice: the numbers of both forms are counted.
    """
    found: dict[str, np.ndarray] = {}
    parts: dict[str, dict[str, np.ndarray]] = {}
    buffers = 0
    for name, array in weights.items():
        layer, joined = _LAYER.fullmatch(name), _JOINED.fullmatch(name)
        if _BUFFER.fullmatch(name):
            buffers += array.size
        elif joined and len(array) % 3 == 0:  # the query is apart in timm, keys and values are one
            width = len(array) // 3
            found[f"visual.trunk.attn_pool.q.{joined[1]}"] = array[:width]
            found[f"visual.trunk.attn_pool.kv.{joined[1]}"] = array[width:]
        elif name in _ALONE:
            found[_ALONE[name]] = array[None] if name == "vision_model.embeddings.position_embedding.weight" else array
        elif layer and layer[3] in PARTS:
            parts.setdefault(_joined(layer), {})[layer[3]] = array
        elif layer and layer[3] in _BLOCK:
            within = _TIMM_BLOCK if layer[1] == "vision" else _BLOCK
            found[f"{_block(layer)}.{within[layer[3]]}.{layer[4]}"] = array
        else:
            raise BackboneError(f"{path} must hold the tensors of a SiglipModel, but also holds {shown_value(name)}.")
    found |= joined_attention(parts, path)
    there, made = sum(array.size for array in weights.values()) - buffers, sum(array.size for array in found.values())
    assert there == made, (there, made)
    return found


def joined_attention(parts: Mapping[str, Mapping[str, np.ndarray]], path: Path) -> dict[str, np.ndarray]:
    """Query, key and value as one, 3 of (W, W) -> (3 W, W), by open_clip's name; `parts` are its `PARTS`.

    BackboneError where one of the three is not there, or they differ in shape.
    """
    for name, three in parts.items():
        if lacking := [part for part in PARTS if part not in three]:
            raise BackboneError(
                f"{path} must hold query, key and value of every layer, but lacks {lacking[0]} of {name}."
            )
        if len({one.shape for one in three.values()}) != 1:
            shapes = ", ".join(str(one.shape) for one in three.values())
            raise BackboneError(f"{path} must hold query, key and value of one shape, but has {shapes} for {name}.")
    return {name: np.concatenate([three[part] for part in PARTS]) for name, three in parts.items()}


def _block(layer: "re.Match[str]") -> str:
    return f"{'visual.trunk.blocks' if layer[1] == 'vision' else 'text.transformer.resblocks'}.{layer[2]}"


def _joined(layer: "re.Match[str]") -> str:
    return f"{_block(layer)}.{'attn.qkv.' if layer[1] == 'vision' else 'attn.in_proj_'}{layer[4]}"
