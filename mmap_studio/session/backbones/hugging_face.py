"""Hugging Face's `CLIPModel` under open_clip's names: its config.json, its preprocessing and its weights.

The same weights give the same backbone, and so the same caches and prompts, in either form: where open_clip ships an
architecture that says the same as the config.json, that one is used. Names as in transformers' `modeling_clip.py` and
its `convert_clip_original_pytorch_to_hf.py`, whose way back this is.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import shown_value, some
from mmap_studio.session.backbones import siglip
from mmap_studio.session.backbones.model_schema import ModelConfig
from mmap_studio.session.backbones.open_clip_configs import configs

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
WEIGHTS = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
)  # fmt: skip
"""Files of a `CLIPModel` in the order they are looked for."""
_TEXT = {
    "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8,
    "max_position_embeddings": 77, "vocab_size": 49408, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
    "eos_token_id": 49407,
}  # fmt: skip
_VISION = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "image_size": 224, "patch_size": 32, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
}  # fmt: skip
"""What a config.json leaves out is as transformers' `CLIPTextConfig` and `CLIPVisionConfig` have it."""
_ENDS_OF_TEXT = (2, 49407)
"""The token at which a text is read; 2 stands in older files, for the largest, which is the same one."""
_ACTIVATIONS = (["quick_gelu", "quick_gelu"], ["gelu", "gelu"])
_BUFFER = re.compile(r"(text|vision)_model\.embeddings\.position_ids")
_LAYER = re.compile(r"(text|vision)_model\.encoder\.layers\.(\d+)\.(.+)")
_OF_LAYER = {
    "self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}  # fmt: skip
_ALONE = {
    "logit_scale": "logit_scale",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
    "vision_model.post_layernorm.weight": "visual.ln_post.weight",
    "vision_model.post_layernorm.bias": "visual.ln_post.bias",
}
"""`pre_layrnorm` is transformers' own spelling."""
_TRANSPOSED = {"text_projection.weight": "text_projection", "visual_projection.weight": "visual.proj"}
_RESAMPLE = {2: "bilinear", 3: "bicubic"}
"""Pillow's numbers."""


def is_clip_config(config: object) -> bool:
    """Whether a config.json is of transformers, whichever model it is."""
    return isinstance(config, Mapping) and isinstance(config.get("model_type"), str) and "vision_cfg" not in config


def model_config(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """open_clip's config for a `CLIPModel`'s or `SiglipModel`'s.

    BackboneError for another model, and for what open_clip cannot build.
    """
    if config["model_type"] == siglip.MODEL_TYPE:
        towers = _section(config, "text", siglip.TEXT, path), _section(config, "vision", siglip.VISION, path)
        return siglip.model_config(*towers, path)
    if config["model_type"] != "clip":
        found = shown_value(config["model_type"])
        raise BackboneError(
            f"{path} must be the config of a CLIPModel or SiglipModel, but has model_type {found}; "
            "choose one such as openai/clip-vit-base-patch32 or google/siglip2-base-patch16-224."
        )
    text, vision = _section(config, "text", _TEXT, path), _section(config, "vision", _VISION, path)
    _refuse(path, "hidden_act of both towers", [text["hidden_act"], vision["hidden_act"]], _ACTIVATIONS)
    _refuse(path, "eos_token_id of its texts", text["eos_token_id"], _ENDS_OF_TEXT)
    if not isinstance(text["vocab_size"], int) or text["vocab_size"] < 49408:
        raise BackboneError(
            f"{path} must be of a model that reads CLIP's own 49,408 tokens, but has "
            f"{shown_value(text['vocab_size'])}; choose another backbone."
        )
    made = {
        "embed_dim": config.get("projection_dim", 512),
        "vision_cfg": _tower(vision, path)
        | {"image_size": vision["image_size"], "patch_size": vision["patch_size"]}
        | {"head_width": _whole(vision["hidden_size"], vision["num_attention_heads"], "num_attention_heads", path)},
        "text_cfg": _tower(text, path)
        | {"context_length": text["max_position_embeddings"], "vocab_size": text["vocab_size"]}
        | {"heads": text["num_attention_heads"]},
    }
    return _as_open_clip_names_it(made | ({"quick_gelu": True} if text["hidden_act"] == "quick_gelu" else {}))


def preprocessing(values: Mapping[str, Any], size: int, path: Path, squashes: bool = False) -> dict[str, Any]:
    """open_clip's words for what a preprocessor_config.json says of images for a model of `size` pixels.

    squashes : of a `SiglipModel`, whose images are not cropped

    BackboneError for what would make other pixels than open_clip's transform can.
    """
    values = {"do_center_crop": False, **values} if squashes else values
    off = [key for key in ("do_resize", "do_rescale", "do_normalize") if values.get(key) is False]
    if off:
        raise BackboneError(
            f"{path} must resize and normalise as CLIP does, but says {off[0]} = false; set it to true."
        )
    found = {
        ours: values[theirs] for theirs, ours in (("image_mean", "mean"), ("image_std", "std")) if theirs in values
    }
    resample = values.get("resample", 3)
    _refuse(path, "resample", resample, list(_RESAMPLE))
    asked, crops = values.get("size", size), values.get("do_center_crop", True)
    sides = asked if isinstance(asked, Mapping) else {"shortest_edge": asked}
    both = (sides.get("height"), sides.get("width"))
    if sides.get("shortest_edge") == size or (both == (size, size) and not crops):
        shortest = sides.get("shortest_edge") == size
        return found | {"resize_mode": "shortest" if shortest else "squash", "interpolation": _RESAMPLE[resample]}
    raise BackboneError(
        f"{path} must resize images to the model's {size} pixels, but says size {shown_value(asked)}; set size to "
        f'{{"shortest_edge": {size}}}.'
    )


def is_clip_weights(names: Mapping[str, object]) -> bool:
    """Whether these are names of a `CLIPModel` or of a part of one."""
    return any(name.startswith(("text_model.", "vision_model.")) for name in names)


def open_clip_weights(weights: Mapping[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Every tensor under open_clip's name; query, key and value become one.

    BackboneError where a name is not one of the model's, or a layer lacks one of the three. Nothing is left over
    and nothing twice: the numbers of both forms are counted.
    """
    if siglip.is_siglip_weights(weights):
        return siglip.open_clip_weights(weights, path)
    found: dict[str, np.ndarray] = {}
    parts: dict[str, dict[str, np.ndarray]] = {}
    buffers, strange = 0, []
    for name, array in weights.items():
        layer = _LAYER.fullmatch(name)
        if _BUFFER.fullmatch(name):
            buffers += array.size
        elif name in _ALONE:
            found[_ALONE[name]] = array
        elif name in _TRANSPOSED and array.ndim == 2:
            found[_TRANSPOSED[name]] = np.ascontiguousarray(array.T)
        elif layer and layer[3].rpartition(".")[0] in siglip.PARTS:
            part, _, kind = layer[3].rpartition(".")
            parts.setdefault(f"{_block(layer)}.attn.in_proj_{kind}", {})[part] = array
        elif layer and layer[3].rpartition(".")[0] in _OF_LAYER:
            part, _, kind = layer[3].rpartition(".")
            found[f"{_block(layer)}.{_OF_LAYER[part]}.{kind}"] = array
        else:
            strange.append(name)
    if strange:
        raise BackboneError(f"{path} must hold the tensors of a CLIPModel, but also holds {some(strange, 3)}.")
    found |= siglip.joined_attention(parts, path)
    there, made = sum(array.size for array in weights.values()) - buffers, sum(array.size for array in found.values())
    assert there == made, (there, made)
    return found


def _section(config: Mapping[str, Any], tower: str, usual: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A tower's values; the `_dict` that older files have counts more, as it does in transformers."""
    found = dict(usual)
    for key in (f"{tower}_config", f"{tower}_config_dict"):
        values = config.get(key) or {}
        if not isinstance(values, Mapping):
            raise BackboneError(f"{path} must give {key} as an object, but gives {shown_value(values)}.")
        found |= {name: value for name, value in values.items() if name in usual}
    return found


def _tower(values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """What open_clip's configs say of either tower."""
    width, inner = values["hidden_size"], values["intermediate_size"]
    if not all(type(one) is int and one > 0 for one in (width, inner)):
        raise BackboneError(f"{path} must give widths as numbers, but gives {shown_value((width, inner))}.")
    found = {"width": width, "layers": values["num_hidden_layers"]}
    found |= {} if inner == 4 * width else {"mlp_ratio": inner / width}
    return found | ({} if values["layer_norm_eps"] == 1e-5 else {"norm_kwargs": {"eps": values["layer_norm_eps"]}})


def _whole(width: object, heads: object, key: str, path: Path) -> int:
    if type(width) is int and type(heads) is int and heads > 0 and width % heads == 0:
        return width // heads
    raise BackboneError(f"{path} must give {key} that divide hidden_size, but gives {shown_value((heads, width))}.")


def _refuse(path: Path, key: str, found: object, allowed: Any) -> None:
    if found not in allowed:
        raise BackboneError(
            f"{path} must say {key} as CLIP's models do, but says {shown_value(found)}; choose another backbone."
        )


def _as_open_clip_names_it(made: dict[str, Any]) -> dict[str, Any]:
    """The config of the architecture that says the same, as open_clip ships it; else the one that was made."""
    try:
        wanted = ModelConfig.model_validate(made)
    except ValidationError:
        return made  # refused, with its field, by whoever checks configs
    for _, config in sorted(configs().items()):
        if config["embed_dim"] == made["embed_dim"] and _says(config) == wanted:
            return {key: value for key, value in config.items() if key in ModelConfig.model_fields}
    return made


def _says(config: Mapping[str, Any]) -> ModelConfig | None:
    try:
        return ModelConfig.model_validate(config)
    except ValidationError:  # what cannot be prompted
        return None


def _block(layer: "re.Match[str]") -> str:
    return f"{'visual.' if layer[1] == 'vision' else ''}transformer.resblocks.{layer[2]}"
