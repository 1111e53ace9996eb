"""One residual attention block of open_clip, taken apart where prompts need it.

The block's own layers do the work; only the order of calls is ours, so that keys and values can come from elsewhere
than the queries (a prefix shared by many classes) and a last layer can ask for one token only. On a CPU a block works
through its rows in pieces, with a look at the stop before each, forward and backward: a block of a large model on a
large batch takes seconds, and a stop must not wait for it. Rows do not know of each other, so this changes no result.
"""

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import ResidualAttentionBlock as Block

Watch = Callable[[], None]
PIECE = 6e9
"""Multiply-adds of a piece: a third of a second on a slow core of 20 GFLOP/s, and twice that backward."""


class Heads(NamedTuple):
    """Queries, keys and values, each (N, heads, L, width / heads)."""

    query: Tensor
    key: Tensor
    value: Tensor


def watched(x: Tensor, watch: Watch) -> Tensor:
    """Look at the stop now, and when the gradient of x is known."""
    watch()
    if x.requires_grad:
        x = x.view_as(x)  # hooks of the pieces of one split wait for the last of them; those of a view do not
        x.register_hook(lambda _: watch())
    return x


def project(block: "Block", x: Tensor) -> Heads:
    """Queries, keys and values of the states x (N, L, width)."""
    attention = block.attn
    joined = F.linear(block.ln_1(x), attention.in_proj_weight, attention.in_proj_bias)  # (N, L, 3 width)
    n, length, _ = joined.shape
    split = joined.view(n, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)  # (3, N, heads, L, width / heads)
    return Heads(*split.unbind(0))


class Aside(NamedTuple):
    """Keys and values that are attended to apart from a block's own, with a gate: k parts of b / k tokens."""

    key: Tensor
    """(N, heads, b, width / heads)"""
    value: Tensor
    gate: Tensor
    """(N, k): weight of the attention to each part, before tanh."""

    def read(self, query: Tensor) -> Tensor:
        """The gated sum of what the queries (N, heads, L, width / heads) find in each part."""
        parts = zip(self.key.chunk(self.gate.shape[1], 2), self.value.chunk(self.gate.shape[1], 2), strict=True)
        weights = self.gate.tanh().to(query.dtype)[:, :, None, None, None].unbind(1)  # k of (N, 1, 1, 1)
        found = (w * F.scaled_dot_product_attention(query, *part) for w, part in zip(weights, parts, strict=True))
        return reduce(torch.add, found)


def finish(
    block: "Block", x: Tensor, heads: Heads, mask: Tensor | None = None, causal: bool = False,
    aside: Aside | None = None,
) -> Tensor:  # fmt: skip
    """States after the block: x (N, L, width) are the states the queries were made of."""
    seen = F.scaled_dot_product_attention(*heads, attn_mask=mask, is_causal=causal)  # (N, heads, L, width / heads)
    if aside is not None:
        seen = seen + aside.read(heads.query)
    seen = seen.transpose(1, 2).flatten(2)  # (N, L, width)
    x = x + block.ls_1(block.attn.out_proj(seen))
    x = x + block.ls_2(block.mlp(block.ln_2(x)))
    return x


def add_to_words(x: Tensor, prompts: Tensor, first: int, end: Tensor, lead: int = 1) -> Tensor:
    """States with prompts added to those of the first b words, in units of each state's root mean square.

    So one learning rate serves every layer of every backbone: prompts of 0.1 change a state by a tenth of its size.

    x : (N, L, d), the states of the tokens first..first + L - 1   prompts : (N, b, d)
    end : int64 (N,) or (1,), the first token of each row that is no word any more   lead : tokens before the first word
    """
    low, high = max(first, lead), min(first + x.shape[1], prompts.shape[1] + lead)
    if low >= high:
        return x
    before, words, behind = x.split([low - first, high - low, first + x.shape[1] - high], 1)
    added = words.pow(2).mean(-1, keepdim=True).sqrt() * prompts[:, low - lead : high - lead].to(x.dtype)
    is_word = torch.arange(low, high, device=x.device) < end[:, None]  # (N, words)
    return torch.cat([before, words + added * is_word[..., None], behind], 1)


def in_pieces(step: Callable[..., Tensor], watch: Watch, x: Tensor, *rows: Tensor | None) -> Tensor:
    """A block's `step(x, *rows)` for a few of the N rows of x (N, L, width) at a time."""
    return pieced(step, watch, 12 * x.shape[1] * x.shape[2] ** 2, x, *rows)


def pieced(step: Callable[..., Tensor], watch: Watch, work: int, x: Tensor, *rows: Tensor | None) -> Tensor:
    """`step(x, *rows)` for as many of the N rows of x at a time as `PIECE` allows; the others have N rows too.

    work : multiply-adds a row. On other devices than the CPU, where the host does not wait, all rows at once.
    """
    count = max(1, int(PIECE / work)) if x.device.type == "cpu" else len(x)
    if count >= len(x):
        return step(watched(x, watch), *rows)
    split = [[None] * -(-len(x) // count) if one is None else one.split(count) for one in rows]
    return torch.cat([step(watched(piece, watch), *more) for piece, *more in zip(x.split(count), *split, strict=True)])


class Ways(NamedTuple):
    """How the two halves of a block are computed, between which its keys and values can be exchanged."""

    project: Callable[..., Heads]
    finish: Callable[..., Tensor]


EAGER = Ways(project, finish)
"""Operation by operation."""
