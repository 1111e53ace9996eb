"""The plain way: what prompt learners commonly do, as the other side of every comparison.

Every class is encoded with the whole context, prompts put between open_clip's own stages (MaPLe, CoOp, IVLP). The
exactness tests hold the fast towers against this.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.clip.checks import text_parts
from mmap_studio.method.clip.pooling import end_of_text, pool_type


def encode_text(model: Any, tokens: Tensor, prompts: Tensor, lead: int = 1) -> Tensor:
    """Unit features (R, d) of tokens (R, context) under one prompt (D, b, d_l), all positions of all rows.

    lead : tokens before the prompts
    """
    text = text_parts(model)
    depth, b, _ = prompts.shape
    words = text.token_embedding(tokens)
    x = torch.cat([words[:, :lead], _rows(prompts[0], words) if depth else words[:, :0], words[:, lead:]], 1)
    x = x[:, : tokens.shape[1]] + text.positional_embedding  # (R, context, d_l)
    for layer, block in enumerate(text.transformer.resblocks):
        if 0 < layer < depth:
            x = torch.cat([x[:, :lead], _rows(prompts[layer], x), x[:, lead + b :]], 1)
        x = block(x, attn_mask=text.attn_mask)
    read = {"first": 0, "last": -1}.get(pool_type(text), end_of_text(text, tokens) + b)
    x = text.ln_final(x)[torch.arange(len(x)), read]
    projection = text.text_projection
    if projection is not None:
        x = projection(x) if callable(projection) else x @ projection
    return F.normalize(x, dim=-1)


def encode_image(model: Any, images: Tensor, prompts: Tensor) -> Tensor:
    """Unit features (N, d) of images (N, 3, S, S) under one prompt (D, b, d_v)."""
    visual = model.visual
    if hasattr(visual, "trunk"):
        return _encode_by_timm(visual, images, prompts)
    x = visual._embeds(images)
    own, depth = x.shape[1], prompts.shape[0]
    for layer, block in enumerate(visual.transformer.resblocks):
        if layer < depth:
            fresh = visual.ln_pre(prompts[layer]) if layer == 0 else prompts[layer]
            x = torch.cat([x[:, :own], _rows(fresh, x)], 1)
        x = block(x)
    pooled, _ = visual._pool(x[:, :own])
    return F.normalize(pooled @ visual.proj, dim=-1)


def _encode_by_timm(visual: Any, images: Tensor, prompts: Tensor) -> Tensor:
    """As `encode_image` by timm's own blocks: prompts stand behind the prefix and count as it, so none is rotated."""
    trunk, (depth, b, _) = visual.trunk, prompts.shape
    placed = trunk._pos_embed(trunk.patch_embed(images))
    states, rope = placed if isinstance(placed, tuple) else (placed, None)
    own, x = trunk.num_prefix_tokens, trunk.norm_pre(states)
    for layer, block in enumerate(trunk.blocks):
        if layer < depth:
            fresh = trunk.norm_pre(prompts[layer]) if layer == 0 else prompts[layer]
            x = torch.cat([x[:, :own], _rows(fresh, x), x[:, own + b * (layer > 0) :]], 1)
        if rope is None:
            x = block(x)
            continue
        block.attn.num_prefix_tokens = own + b * (depth > 0)
        x = block(x, rope=rope)
        block.attn.num_prefix_tokens = own
    x = torch.cat([x[:, :own], x[:, own + b * (depth > 0) :]], 1)
    return F.normalize(visual.head(trunk.forward_head(trunk.norm(x))), dim=-1)


def _rows(prompt: Tensor, like: Tensor) -> Tensor:
    return prompt.expand(len(like), -1, -1)
