"""What an open_clip model is good for: which of its towers take prompts, and the reason where one does not."""

from typing import TYPE_CHECKING, Any

from torch import nn

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import kind_of
from mmap_studio.method.capability import Capability
from mmap_studio.method.clip.pooling import TextTower, is_causal, pool_type

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.timm_model import TimmModel
    from open_clip.transformer import Transformer

TIMM_TOWERS = {
    "VisionTransformer": ({"Block"}, {"Attention"}),
    "Eva": ({"EvaBlock", "EvaBlockPostNorm"}, {"EvaAttention", "AttentionRope"}),
}
"""timm's models that take prompts, and the blocks and attentions that they may have."""


def check_usable(model: nn.Module, name: str) -> None:
    """Raise BackboneError unless this is a model of images and texts."""
    for part, what in (("visual", "an image tower"), ("encode_text", "a text tower"), ("logit_scale", "a logit scale")):
        if not hasattr(model, part):
            raise BackboneError(
                f"Backbone {name!r} must be an open_clip model with {what}, but is {kind_of(model)} without "
                "one; choose a model such as ViT-B-16 or ViT-B-32."
            )


def capability_of(model: nn.Module, lead: int = 1) -> Capability:
    """Which prompts a model takes; lead : tokens before the words of a text."""
    text = text_parts(model)
    return Capability(_no_image_prompts(model), _no_text_prompts(text) or _no_start(text, lead))


def text_parts(model: nn.Module) -> TextTower:
    """Where the text tower's modules hang: on `CLIP` itself, or on the `text` of a `CustomTextCLIP`."""
    tower: TextTower = getattr(model, "text", model)
    return tower


def _no_image_prompts(model: nn.Module) -> str:
    visual: Any = model.visual
    found = type(visual).__name__
    if found == "TimmModel":
        return _no_prompts_in_timm(visual)
    if found != "VisionTransformer":
        return f"its image tower is {'a ResNet' if found == 'ModifiedResNet' else kind_of(visual)}"
    return _odd_blocks(visual.transformer, "image")


def _no_prompts_in_timm(visual: "TimmModel") -> str:
    trunk: Any = visual.trunk
    found = type(trunk).__name__
    if found not in TIMM_TOWERS:
        return f"its image tower is timm's {found}"
    blocks, attentions = TIMM_TOWERS[found]
    odd = {type(one).__name__ for one in trunk.blocks} - blocks
    odd |= {type(one.attn).__name__ for one in trunk.blocks} - attentions
    if odd:
        return f"its image tower is timm's {found} with {', '.join(sorted(odd))}"
    if any(getattr(one.attn, "gate", None) is not None for one in trunk.blocks):
        return "the attention of its image tower has gates"
    if getattr(trunk, "rope_mixed", False):
        return "the rotary positions of its image tower differ by layer"
    return ""


def _no_text_prompts(text: TextTower) -> str:
    if not hasattr(text, "token_embedding") or not hasattr(text, "transformer"):
        inner = type(getattr(text, "transformer", text)).__name__
        return f"its text tower is Hugging Face's {inner}" if hasattr(text, "pooler") else f"its text tower is {inner}"
    if getattr(text, "cls_emb", None) is not None:
        return "its text tower ends in a class token (CoCa)"
    pool = pool_type(text)
    if pool not in ("argmax", "eos", "last", "first"):
        return f"its text tower is read by {pool!r}"
    if pool == "first" and is_causal(text):
        return "its text tower is read at the first token, which sees no class name under a causal mask"
    return _odd_blocks(text.transformer, "text")


def _no_start(text: TextTower, lead: int) -> str:
    """Under a causal mask the start token is what classes share in any company."""
    return "its texts have no start token, and its text tower a causal mask" if not lead and is_causal(text) else ""


def _odd_blocks(transformer: "Transformer", tower: str) -> str:
    kinds = {type(block).__name__ for block in getattr(transformer, "resblocks", [])}
    if kinds == {"ResidualAttentionBlock"}:
        return ""
    return f"its {tower} tower has blocks of type {', '.join(sorted(kinds)) or 'none'}"
