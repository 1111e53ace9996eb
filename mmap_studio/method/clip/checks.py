"""Which open_clip models can be prompted, and the sentence that says why one cannot."""

from typing import TYPE_CHECKING

from torch import nn

from mmap_studio.errors import BackboneError
from mmap_studio.method.clip.pooling import TextTower, is_causal, pool_type

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import Transformer


def check_promptable(model: nn.Module, name: str) -> None:
    """Raise BackboneError unless both towers are open_clip's own transformers, the text tower read at a token."""
    visual, text = getattr(model, "visual", None), text_parts(model)
    if visual is None:
        raise BackboneError(_refusal(name, "an image tower", f"a {type(model).__name__} without one"))
    _check_image_tower(visual, name)
    _check_text_tower(text, name)


def text_parts(model: nn.Module) -> TextTower:
    """Where the text tower's modules hang: on `CLIP` itself, or on the `text` of a `CustomTextCLIP`."""
    tower: TextTower = getattr(model, "text", model)
    return tower


def _check_image_tower(visual: nn.Module, name: str) -> None:
    found = type(visual).__name__
    if found != "VisionTransformer":
        kind = {"ModifiedResNet": "a ResNet", "TimmModel": "a timm model"}.get(found, f"a {found}")
        raise BackboneError(_refusal(name, "open_clip's own VisionTransformer as image tower", kind))
    _check_blocks(visual.transformer, name, "image")


def _check_text_tower(text: TextTower, name: str) -> None:
    if not hasattr(text, "token_embedding") or not hasattr(text, "transformer"):
        raise BackboneError(_refusal(name, "open_clip's own text transformer", f"a {type(text).__name__}"))
    if getattr(text, "cls_emb", None) is not None:
        raise BackboneError(_refusal(name, "a text tower read at one of its tokens", "one with a class token (CoCa)"))
    pool = pool_type(text)
    if pool not in ("argmax", "eos", "last", "first"):
        raise BackboneError(_refusal(name, "a text tower read at one of its tokens", f"pooling {pool!r}"))
    if pool == "first" and is_causal(text):
        found = "a causal mask, under which the first token, which is read, sees no class name"
        raise BackboneError(_refusal(name, "a text tower whose feature depends on the text", found))
    _check_blocks(text.transformer, name, "text")


def _check_blocks(transformer: "Transformer", name: str, tower: str) -> None:
    kinds = {type(block).__name__ for block in getattr(transformer, "resblocks", [])}
    if kinds != {"ResidualAttentionBlock"}:
        found = ", ".join(sorted(kinds)) or "none"
        raise BackboneError(
            _refusal(name, f"standard attention blocks in the {tower} tower", f"blocks of type {found}")
        )


def _refusal(name: str, required: str, found: str) -> str:
    return (
        f"Backbone {name!r} cannot be prompted: it must have {required}, but has {found}; "
        "choose a ViT model such as ViT-B-16 or ViT-B-32."
    )
