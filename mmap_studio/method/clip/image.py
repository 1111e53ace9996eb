"""The image tower with prompt tokens: [CLS][patches][prompts], prompts without a position.

As in VPT-deep and MaPLe: the prompts of the first layer pass through `ln_pre` like every other token; layers 1..D-1
drop what the prompt tokens became and take their own; deeper layers let them flow. Prompt tokens are cut off before
pooling, so every pooling of open_clip's works unchanged.

With a gate (zero-initialised attention, LLaMA-Adapter, arXiv 2303.16199) prompts are no tokens of the sequence: in the
layers 0..D-1 every token also attends to them, in a softmax of their own whose result is weighted by tanh(gate) and
added. A gate of 0 is the tower without prompts, exactly. Keys and values are made once a prompt, not once an image.
"""

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmap_studio.method.clip.blocks import EAGER, Aside, Watch, Ways, in_pieces, pieced

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import ResidualAttentionBlock as Block
    from open_clip.transformer import VisionTransformer


def encode_image(
    visual: "VisionTransformer", images: Tensor, prompts: Tensor, prompt_of_row: Tensor, watch: Watch,
    recompute: bool = False, ways: Ways = EAGER, gate: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Image features (N, d), not normalised.

    images : (N, 3, S, S) normalised   prompts : (P, D, b, d_v)   prompt_of_row : int64 (N,)   gate : (P, D, k)
    recompute : keep no state inside a block for the gradient, but compute it again then
    """
    patch = visual.conv1.weight  # (d_v, 3, patch, patch)
    work = patch.numel() * images[0, 0].numel() // patch[0, 0].numel()
    x = pieced(visual._embeds, watch, work, images.to(patch.dtype))  # (N, 1 + patches, d_v)
    own, depth = x.shape[1], prompts.shape[1] if prompts.shape[2] else 0
    blocks = visual.transformer.resblocks
    for layer, block in enumerate(blocks):
        rows: tuple[Tensor, ...] = ()
        if layer < depth:
            fresh = prompts[:, layer].to(x.dtype)  # (P, b, d_v)
            fresh = visual.ln_pre(fresh) if layer == 0 else fresh
            if gate is None:
                x = torch.cat([x[:, :own], fresh[prompt_of_row]], 1)  # (N, own + b, d_v)
            else:
                _, key, value = ways.project(block, fresh)
                rows = key[prompt_of_row], value[prompt_of_row], gate[prompt_of_row, layer]
        step = partial(_block, ways, block, last=layer == len(blocks) - 1 and _reads_cls_only(visual))
        if recompute:
            x = checkpoint(in_pieces, step, watch, x, *rows, use_reentrant=False)
        else:
            x = in_pieces(step, watch, x, *rows)
    pooled: Tensor = visual._pool(x[:, :own])[0]
    return pooled if visual.proj is None else pooled @ visual.proj.to(pooled.dtype)


def _reads_cls_only(visual: "VisionTransformer") -> bool:
    return visual.attn_pool is None and str(visual.pool_type) == "tok"


def _block(ways: Ways, block: "Block", x: Tensor, *aside: Tensor, last: bool) -> Tensor:
    """One block; after the last one only the class token is read, so only its query is computed (exact)."""
    heads = ways.project(block, x)
    if last:
        x, heads = x[:, :1], heads._replace(query=heads.query[:, :, :1])
    return ways.finish(block, x, heads, aside=Aside(*aside) if aside else None)
