"""The text tower with prompts: [SOT][prompts][template and class tokens][EOT], and why it is fast.

Or `on_words`: nothing is inserted, and the prompts of the layers 0..D-1 are added to the states of the first b words of
each text, in its template as a rule. Prompts of 0 are then the tower without prompts, exactly, and no class name stands
where the tower never saw one.

Where the mask is causal and the feature is read at EOT, nothing behind EOT can matter, and nothing before the first
token in which two classes differ can know of the class. Hence, exactly:

1. cut at the last EOT of all rows (at the end of the context for a tower that reads its last position);
2. compute the prefix (SOT, prompts, the opening words all rows share) once a prompt, and let all its classes attend
   to the prefix's keys and values, at every layer, deep prompts included;
3. after the last layer, compute the query of EOT alone.

A tower that reads in both directions has none of this: see `text_both_ways`.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmap_studio.method.clip.bidirectional_text import encode_both_ways
from mmap_studio.method.clip.blocks import EAGER, Heads, Watch, Ways, add_to_words, in_pieces
from mmap_studio.method.clip.pooling import TextTower, end_of_text, is_causal, read_at

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import ResidualAttentionBlock as Block


@dataclass(frozen=True)
class _Cut:
    """Where the rows are cut: tokens 0..shared-1 are the prefix, the rest up to the last EOT the suffix."""

    suffix: Tensor
    """int64 (R, S)"""
    opening: Tensor
    """int64 (shared,): SOT and the words all rows begin with."""
    end: Tensor
    """int64 (R,): position of EOT in the suffix."""


def encode_text(
    text: TextTower, tokens: Tensor, prompts: Tensor, prompt_of_row: Tensor, watch: Watch, recompute: bool = False,
    ways: Ways = EAGER, on_words: bool = False, lead: int = 1,
) -> Tensor:  # fmt: skip
    """Text features (R, d), not normalised.

    tokens : int64 (R, context)   prompts : (P, D, b, d_l)   prompt_of_row : int64 (R,)   recompute : as `encode_image`
    lead : tokens before the words; none in SigLIP's texts
    """
    if not is_causal(text):
        states = encode_both_ways(text, tokens, prompts, prompt_of_row, watch, recompute, ways, on_words, lead)
        return _to_feature(text, states)
    inserted = prompts[:, :, :0] if on_words else prompts
    cut = _cut(text, tokens, inserted.shape[2])
    prefix, suffix = _embed(text, cut, inserted)
    opening, end = len(cut.opening), end_of_text(text, tokens)
    mask = _mask(prefix.shape[1], suffix.shape[1], suffix)
    blocks = text.transformer.resblocks
    for layer, block in enumerate(blocks):
        if on_words and layer < prompts.shape[1]:
            prefix = add_to_words(prefix, prompts[:, layer], 0, end[:1])
            suffix = add_to_words(suffix, prompts[prompt_of_row, layer], opening, end)
        elif 0 < layer < prompts.shape[1]:
            prefix = _replace(prefix, prompts[:, layer])
        last = layer == len(blocks) - 1
        given = (_layer, ways, block, prefix, suffix, prompt_of_row, mask, cut.end if last else None, watch)
        prefix, suffix = checkpoint(*given, use_reentrant=False) if recompute else _layer(*given[1:])
    return _to_feature(text, suffix[:, 0])


def _layer(
    ways: Ways, block: "Block", prefix: Tensor, suffix: Tensor, prompt_of_row: Tensor, mask: Tensor, end: Tensor | None,
    watch: Watch,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One block of prefix (P, Lp, d_l) and suffix (R, S, d_l); with `end` of the token at `end` alone, (R, 1, d_l)."""
    before = ways.project(block, prefix)  # (P, heads, Lp, w)
    if end is not None:
        return prefix, in_pieces(partial(_read_end, ways, block, before, mask), watch, suffix, prompt_of_row, end)
    suffix = in_pieces(partial(_read_all, ways, block, before, mask), watch, suffix, prompt_of_row)
    return ways.finish(block, prefix, before, causal=True), suffix


def _cut(text: TextTower, tokens: Tensor, b: int) -> _Cut:
    end = read_at(text, tokens, b)
    same = (tokens == tokens[0]).all(0).cumprod(0).sum()  # opening tokens common to all rows
    shared = int(torch.minimum(same, end.min()).clamp(min=1))
    return _Cut(tokens[:, shared : int(end.max()) + 1], tokens[0, :shared], end - shared)


def _embed(text: TextTower, cut: _Cut, prompts: Tensor) -> tuple[Tensor, Tensor]:
    """Prefix (P, b + shared, d_l) and suffix (R, S, d_l) with their positions."""
    table, b, shared = text.token_embedding, prompts.shape[2], cut.opening.shape[0]
    dtype = text.transformer.get_cast_dtype()
    place = text.positional_embedding.to(dtype)
    opening = table(cut.opening).to(dtype).expand(len(prompts), -1, -1)  # (P, shared, d_l)
    first = prompts[:, 0].to(dtype) if prompts.shape[1] else prompts.new_zeros(len(prompts), 0, opening.shape[2])
    prefix = torch.cat([opening[:, :1], first, opening[:, 1:]], 1) + place[: b + shared]
    end = b + shared + cut.suffix.shape[1]
    return prefix, table(cut.suffix).to(dtype) + place[b + shared : end]


def _replace(prefix: Tensor, fresh: Tensor) -> Tensor:
    """Prefix with its prompt tokens 1..b replaced by a deeper layer's own (no position, as MaPLe)."""
    b = fresh.shape[1]
    return torch.cat([prefix[:, :1], fresh.to(prefix.dtype), prefix[:, 1 + b :]], 1)


def _mask(before: int, length: int, like: Tensor) -> Tensor:
    """bool (S, Lp + S): all of the prefix, and the suffix up to oneself."""
    causal = torch.ones(length, length, dtype=torch.bool, device=like.device).tril()
    return torch.cat([causal.new_ones(length, before), causal], 1)


def _with_prefix(own: Heads, before: Heads, prompt_of_row: Tensor) -> Heads:
    """Queries of the suffix, keys and values of prefix and suffix."""
    keys = torch.cat([before.key[prompt_of_row], own.key], 2)  # (R, heads, Lp + S, w)
    values = torch.cat([before.value[prompt_of_row], own.value], 2)
    return Heads(own.query, keys, values)


def _read_all(ways: Ways, block: "Block", before: Heads, mask: Tensor, suffix: Tensor, prompt_of_row: Tensor) -> Tensor:
    """The block for every token of the suffix: (R, S, d_l)."""
    return ways.finish(block, suffix, _with_prefix(ways.project(block, suffix), before, prompt_of_row), mask)


def _read_end(
    ways: Ways, block: "Block", before: Heads, mask: Tensor, suffix: Tensor, prompt_of_row: Tensor, end: Tensor
) -> Tensor:
    """The block for the token that is read alone: (R, 1, d_l)."""
    heads = _with_prefix(ways.project(block, suffix), before, prompt_of_row)
    rows = torch.arange(len(end), device=end.device)
    query = heads.query[rows, :, end][:, :, None]  # (R, heads, 1, w)
    read = Heads(query, heads.key, heads.value)
    return ways.finish(block, suffix[rows, end][:, None], read, mask[end][:, None, None])


def _to_feature(text: TextTower, state: Tensor) -> Tensor:
    """The tower's own norm and projection of the states (R, d_l) that were read."""
    pooled: Tensor = text.ln_final(state)
    projection = text.text_projection
    if projection is not None:
        pooled = projection(pooled) if callable(projection) else pooled @ projection.to(pooled.dtype)
    return pooled
