"""Where a text tower is read: at its end token, its first or its last position, as open_clip's `text_global_pool`."""

from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.model import CLIP
    from open_clip.transformer import TextTransformer

TextTower: TypeAlias = "CLIP | TextTransformer"
"""What holds the modules of a text tower: `CLIP` itself, or the `text` of a `CustomTextCLIP`."""


def pool_type(text: "TextTower") -> str:
    """How the text tower picks its token: `CLIP` and `TextTransformer` name it differently."""
    return str(getattr(text, "text_pool_type", getattr(text, "pool_type", "")))


def is_causal(text: "TextTower") -> bool:
    """Whether a token sees only what stands before it; SigLIP's and CLIPA's towers read in both directions."""
    return getattr(text, "attn_mask", None) is not None


def end_of_text(text: "TextTower", tokens: Tensor) -> Tensor:
    """int64 (R,): position of the last token that is not padding, as the tower's own pooling finds it where it does.

    tokens : int64 (R, context)
    """
    if pool_type(text) == "argmax":
        return tokens.argmax(1)
    if pool_type(text) == "eos":
        eos = getattr(text, "text_eos_id", getattr(text, "eos_id", None))
        return tokens.eq(int(eos or 0)).int().argmax(1)
    return _before_padding(tokens, int(getattr(text, "pad_id", 0)))


def read_at(text: "TextTower", tokens: Tensor, inserted: int) -> Tensor:
    """int64 (R,): position among the tokens, prompts not counted, of the state that becomes the feature.

    With `inserted` prompt tokens behind the first token as much padding falls off the end, so a tower that reads its
    last position reads what stood `inserted` earlier.
    """
    if pool_type(text) == "first":
        return torch.zeros(len(tokens), dtype=torch.long, device=tokens.device)
    if pool_type(text) == "last":
        return torch.full((len(tokens),), tokens.shape[1] - 1 - inserted, device=tokens.device)
    return end_of_text(text, tokens)


def _before_padding(tokens: Tensor, pad: int) -> Tensor:
    """Start of the run of equal tokens that ends each row; one earlier where that token is the padding proper.

    SigLIP pads with its end token, so the first of the run still belongs to the text.
    """
    context = tokens.shape[1]
    run = (tokens == tokens[:, -1:]).flip(1).int().cumprod(1).sum(1)  # (R,) length of the run
    return (context - run - (tokens[:, -1] == pad).int()).clamp(min=0)
