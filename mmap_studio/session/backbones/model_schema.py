"""What a model config may say: open_clip's keys, within sizes that a computer can build.

A config comes from whoever made the model. Some of open_clip's keys name a timm, Hugging Face or tokenizer repository,
which open_clip would fetch while it builds the model: those are refused by name before open_clip sees them, and what
is not known here is refused too.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import printable
from mmap_studio.session.backbones.tokens import REPOSITORY
from mmap_studio.storage.documents import Document, wrong_field

FETCHING = {
    "vision_cfg": ("timm_model_name", "timm_model_pretrained"),
    "text_cfg": ("hf_model_name", "hf_tokenizer_name"),
}
"""Keys that name what open_clip would fetch; empty or false they say nothing."""
NAMES = {"timm_model_name": "[a-z0-9_]{1,80}", "hf_model_name": REPOSITORY, "hf_tokenizer_name": REPOSITORY}
"""What they may name: a model that timm builds itself (with a dot stand weights, with a colon a repository), and what
is looked for on this computer instead of on the hub."""
Size = Annotated[int, Field(ge=1, le=16_384)]
Layers = Annotated[int, Field(ge=1, le=200)]
Share = Annotated[float, Field(ge=0, lt=1)]
Ratio = Annotated[float, Field(gt=0, le=64)]
Norm = Annotated[float, Field(gt=0, le=1)]


class Forbidding(Document, extra="forbid"):
    """A table whose keys are all known."""


class ActivationArguments(Forbidding):
    """Of `torch.nn.GELU`."""

    approximate: Literal["none", "tanh"] = "none"


class NormArguments(Forbidding):
    """Of a layer norm."""

    eps: Norm = 1e-5


class TokenizerArguments(Forbidding):
    """Of CLIP's own tokenizer, and one that others have."""

    clean: Literal["lower", "canonicalize", "whitespace"] = "lower"
    strip_sep_token: bool = False


class Blocks(Forbidding):
    """What both towers have."""

    width: Size = 768
    mlp_ratio: Ratio = 4.0
    ls_init_value: Annotated[float, Field(ge=0, le=1e3)] | None = None
    final_ln_after_pool: bool = False
    pool_type: Annotated[str, Field(max_length=40)] = ""
    output_tokens: bool = False
    act_kwargs: ActivationArguments | None = None
    norm_kwargs: NormArguments | None = None
    block_type: Annotated[str, Field(max_length=40)] | None = None
    qk_norm: bool = False
    scaled_cosine_attn: bool = False
    scale_heads: bool = False
    scale_attn: bool = False
    scale_attn_inner: bool = False
    scale_fc: bool = False


class ImageTowerConfig(Blocks):
    """`vision_cfg`."""

    layers: Layers | Annotated[list[Layers], Field(min_length=4, max_length=4)] = 12
    """Four numbers are a ResNet's."""
    head_width: Size = 64
    patch_size: Annotated[int, Field(ge=1, le=1024)] | None = 16
    """None in configs of ResNets."""
    image_size: Annotated[int, Field(ge=1, le=4096)] = 224
    patch_dropout: Share = 0.0
    attentional_pool: bool = False
    attn_pooler_queries: Size = 256
    attn_pooler_heads: Size = 8
    no_ln_pre: bool = False
    pos_embed_type: Literal["learnable", "sin_cos_2d", ""] = "learnable"
    timm_model_name: Annotated[str, Field(max_length=80)] | None = None
    timm_model_pretrained: Literal[False] | None = None
    timm_pool: Annotated[str, Field(max_length=40)] | None = None
    timm_proj: Annotated[str, Field(max_length=40)] | None = None
    timm_proj_bias: bool = False
    timm_drop: Share = 0.0
    timm_drop_path: Share | None = None

    @model_validator(mode="after")
    def _fits(self) -> "ImageTowerConfig":
        if self.timm_model_name:  # its sizes are the model's own
            return self
        if self.patch_size is None and isinstance(self.layers, int):
            raise ValueError("patch_size must be a number of pixels")
        if self.patch_size is not None and self.patch_size > self.image_size:
            raise ValueError(f"patch_size {self.patch_size} must be at most image_size {self.image_size}")
        if isinstance(self.layers, int) and self.width % self.head_width:
            raise ValueError(f"head_width {self.head_width} must divide width {self.width}")
        return self


class TextTower(Blocks):
    """`text_cfg`."""

    width: Size = 512
    context_length: Annotated[int, Field(ge=4, le=4096)] = 77
    vocab_size: Annotated[int, Field(ge=2, le=2_000_000)] = 49408
    heads: Size = 8
    layers: Layers = 12
    embed_cls: bool = False
    pad_id: Annotated[int, Field(ge=0, le=2_000_000)] = 0
    eos_id: Annotated[int, Field(ge=0, le=2_000_000)] = 2
    no_causal_mask: bool = False
    proj_bias: bool = False
    proj_type: Literal["linear", "none"] | None = "linear"
    tokenizer_mode: None = None
    tokenizer_kwargs: TokenizerArguments | None = None
    hf_model_name: Annotated[str, Field(max_length=201)] | None = None
    hf_tokenizer_name: Annotated[str, Field(max_length=201)] | None = None
    hf_model_pretrained: bool = False
    hf_proj_type: Literal["linear", "mlp", ""] | None = None
    hf_pooler_type: Annotated[str, Field(max_length=40)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "TextTower":
        if self.width % self.heads:
            raise ValueError(f"heads {self.heads} must divide width {self.width}")
        return self


class Decoder(Forbidding):
    """`multimodal_cfg`: what writes CoCa's captions, which is loaded and not used."""

    width: Size = 512
    context_length: Annotated[int, Field(ge=4, le=4096)] = 76
    vocab_size: Annotated[int, Field(ge=2, le=2_000_000)] = 49408
    layers: Layers = 12
    heads: Size = 8
    dim_head: Size = 64
    mlp_ratio: int = Field(4, ge=1, le=64)
    n_queries: Size = 256
    attn_pooler_heads: Size = 8


class ModelConfig(Forbidding):
    """The keys of a model config that are passed on to open_clip."""

    embed_dim: Size
    vision_cfg: ImageTowerConfig
    text_cfg: TextTower
    multimodal_cfg: Decoder | None = None
    quick_gelu: bool = False
    custom_text: bool = False
    init_logit_scale: Annotated[float, Field(ge=-100, le=100)] = 2.66
    init_logit_bias: Annotated[float, Field(ge=-1000, le=1000)] | None = None


def check_config(config: Mapping[str, Any], what: str) -> None:
    """BackboneError, beginning with `what`, for a config that would fetch something, is no CLIP, or is too large."""
    for tower, keys in FETCHING.items():
        values = config.get(tower)
        values = values if isinstance(values, Mapping) else {}
        for key in keys:
            if values.get(key) and not re.fullmatch(NAMES.get(key, ""), str(values[key])):
                raise BackboneError(
                    f"{what} must name nothing that open_clip would fetch, but its {tower} has {key} "
                    f"{printable(values[key])[:100]!r}; name a model that open_clip or timm builds."
                )
    try:
        ModelConfig.model_validate(config)
    except ValidationError as error:
        raise BackboneError(f"{what} {wrong_field(error)}; correct it or use another.") from None
