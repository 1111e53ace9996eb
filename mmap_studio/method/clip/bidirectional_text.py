"""A text tower without a causal mask (SigLIP, CLIPA) with prompt tokens: [start][prompts][other tokens].

Every token sees every other, padding included unless the tower masks it, so nothing may be cut and nothing is shared
between classes. Only the last layer is asked for one token, which is exact. Where texts have no start token (SigLIP)
the prompts stand first.
"""

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmap_studio.method.clip.blocks import EAGER, Heads, Watch, Ways, add_to_words, in_pieces
from mmap_studio.method.clip.pooling import TextTower, end_of_text, read_at

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import ResidualAttentionBlock as Block


def encode_both_ways(
    text: TextTower, tokens: Tensor, prompts: Tensor, prompt_of_row: Tensor, watch: Watch, recompute: bool = False,
    ways: Ways = EAGER, on_words: bool = False, lead: int = 1,
) -> Tensor:  # fmt: skip
    """States (R, d_l) of the token that is read, before the final norm.

    tokens : int64 (R, context)   prompts : (P, D, b, d_l)   prompt_of_row : int64 (R,)   recompute : as `encode_image`
    lead : tokens before the words, 0 or 1
    """
    inserted = prompts[:, :, :0] if on_words else prompts
    b, end = inserted.shape[2], end_of_text(text, tokens)
    x = _embed(text, tokens, inserted, prompt_of_row, lead)  # (R, context, d_l)
    mask = _mask(text, tokens, b, lead)
    place = read_at(text, tokens, b)
    place = place + b * (place >= lead)  # what stands behind the prompts moves with them
    blocks = text.transformer.resblocks
    for layer, block in enumerate(blocks):
        if on_words and layer < prompts.shape[1]:
            x = add_to_words(x, prompts[prompt_of_row, layer], 0, end, lead)
        elif 0 < layer < prompts.shape[1]:
            fresh = prompts[:, layer].to(x.dtype)[prompt_of_row]  # (R, b, d_l)
            x = torch.cat([x[:, :lead], fresh, x[:, lead + b :]], 1)
        step = partial(_last if layer == len(blocks) - 1 else _block, ways, block)
        rows = (watch, x, mask, place)
        x = checkpoint(in_pieces, step, *rows, use_reentrant=False) if recompute else in_pieces(step, *rows)
    return x[:, 0]


def _block(ways: Ways, block: "Block", x: Tensor, mask: Tensor | None, place: Tensor) -> Tensor:
    return ways.finish(block, x, ways.project(block, x), mask)


def _last(ways: Ways, block: "Block", x: Tensor, mask: Tensor | None, place: Tensor) -> Tensor:
    """The last block for the token that is read alone: (R, 1, d_l)."""
    heads = ways.project(block, x)
    rows = torch.arange(len(x), device=x.device)
    query = heads.query[rows, :, place][:, :, None]  # (R, heads, 1, w)
    return ways.finish(block, x[rows, place][:, None], Heads(query, heads.key, heads.value), mask)


def _embed(text: TextTower, tokens: Tensor, prompts: Tensor, prompt_of_row: Tensor, lead: int) -> Tensor:
    """The rows with their prompts and positions; as much padding falls off the end as prompts come in."""
    dtype = text.transformer.get_cast_dtype()
    words = text.token_embedding(tokens).to(dtype)  # (R, context, d_l)
    first = prompts[:, 0].to(dtype)[prompt_of_row] if prompts.shape[1] else words[:, :0]
    x = torch.cat([words[:, :lead], first, words[:, lead:]], 1)[:, : tokens.shape[1]]
    placed: Tensor = x + text.positional_embedding.to(dtype)
    return placed


def _mask(text: TextTower, tokens: Tensor, b: int, lead: int) -> Tensor | None:
    """bool (R, 1, 1, context): tokens that may be seen, where the tower hides its padding."""
    if not getattr(text, "use_pad_mask", False):
        return None
    seen = tokens != text.pad_id
    seen = torch.cat([seen[:, :lead], seen.new_ones(len(seen), b), seen[:, lead:]], 1)[:, : tokens.shape[1]]
    return seen[:, None, None]
