"""One residual attention block of open_clip, taken apart where prompts need it.

The block's own layers do the work; only the order of calls is ours, so that keys and values can come from elsewhere
than the queries (a prefix shared by many classes) and a last layer can ask for one token only.
"""

from typing import Any, NamedTuple

from torch import Tensor
from torch.nn import functional as F


class Heads(NamedTuple):
    """Queries, keys and values, each (N, heads, L, width / heads)."""

    query: Tensor
    key: Tensor
    value: Tensor


def project(block: Any, x: Tensor) -> Heads:
    """Queries, keys and values of the states x (N, L, width)."""
    attention = block.attn
    joined = F.linear(block.ln_1(x), attention.in_proj_weight, attention.in_proj_bias)  # (N, L, 3 width)
    n, length, _ = joined.shape
    split = joined.view(n, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)  # (3, N, heads, L, width / heads)
    return Heads(*split.unbind(0))


def finish(block: Any, x: Tensor, heads: Heads, mask: Tensor | None = None, causal: bool = False) -> Tensor:
    """States after the block: x (N, L, width) are the states the queries were made of."""
    seen = F.scaled_dot_product_attention(*heads, attn_mask=mask, is_causal=causal)  # (N, heads, L, width / heads)
    seen = seen.transpose(1, 2).flatten(2)  # (N, L, width)
    x = x + block.ls_1(block.attn.out_proj(seen))
    return x + block.ls_2(block.mlp(block.ln_2(x)))
