"""The image tower with prompt tokens: [CLS][patches][prompts], prompts without a position.

As in VPT-deep and MaPLe: the prompts of the first layer pass through `ln_pre` like every other token; layers 1..D-1
drop what the prompt tokens became and take their own; deeper layers let them flow. Prompt tokens are cut off before
pooling, so every pooling of open_clip's works unchanged.
"""

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmap_studio.method.clip.blocks import EAGER, Heads, Watch, Ways, in_pieces, pieced

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import ResidualAttentionBlock as Block
    from open_clip.transformer import VisionTransformer


def encode_image(
    visual: "VisionTransformer", images: Tensor, prompts: Tensor, prompt_of_row: Tensor, watch: Watch,
    recompute: bool = False, ways: Ways = EAGER,
) -> Tensor:  # fmt: skip
    """Image features (N, d), not normalised.

    images : (N, 3, S, S) normalised   prompts : (P, D, b, d_v)   prompt_of_row : int64 (N,)
    recompute : keep no state inside a block for the gradient, but compute it again then
    """
    patch = visual.conv1.weight  # (d_v, 3, patch, patch)
    work = patch.numel() * images[0, 0].numel() // patch[0, 0].numel()
    x = pieced(visual._embeds, watch, work, images.to(patch.dtype))  # (N, 1 + patches, d_v)
    own, depth = x.shape[1], prompts.shape[1] if prompts.shape[2] else 0
    blocks = visual.transformer.resblocks
    for layer, block in enumerate(blocks):
        if layer < depth:
            fresh = prompts[:, layer].to(x.dtype)  # (P, b, d_v)
            fresh = visual.ln_pre(fresh) if layer == 0 else fresh
            x = torch.cat([x[:, :own], fresh[prompt_of_row]], 1)  # (N, own + b, d_v)
        step = partial(_block, ways, block, last=layer == len(blocks) - 1 and _reads_cls_only(visual))
        x = checkpoint(in_pieces, step, watch, x, use_reentrant=False) if recompute else in_pieces(step, watch, x)
    pooled: Tensor = visual._pool(x[:, :own])[0]
    return pooled if visual.proj is None else pooled @ visual.proj.to(pooled.dtype)


def _reads_cls_only(visual: "VisionTransformer") -> bool:
    return visual.attn_pool is None and str(visual.pool_type) == "tok"


def _block(ways: Ways, block: "Block", x: Tensor, last: bool) -> Tensor:
    """One block; after the last one only the class token is read, so only its query is computed (exact)."""
    heads = ways.project(block, x)
    if not last:
        return ways.finish(block, x, heads)
    return ways.finish(block, x[:, :1], Heads(heads.query[:, :, :1], heads.key, heads.value))
