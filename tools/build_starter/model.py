"""The model in training: open_clip's CLIP, initialised so that it learns fast, with a compact token table."""

import math

import numpy as np
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from torch import Tensor, nn

from tools.build_starter.config import MODEL


def make_clip() -> CLIP:
    """The backbone's architecture with open_clip's own initialisation."""
    return CLIP(MODEL["embed_dim"], CLIPVisionCfg(**MODEL["vision_cfg"]), CLIPTextCfg(**MODEL["text_cfg"]))


def make_for_training(tokens_in_use: int, seed: int) -> CLIP:
    """The same, with a token table of the tokens in use only, mimetic attention and sin-cos image positions."""
    torch.manual_seed(seed)
    clip = make_clip()
    clip.token_embedding = nn.Embedding(tokens_in_use, MODEL["text_cfg"]["width"])
    nn.init.normal_(clip.token_embedding.weight, std=0.02)
    for block in clip.visual.transformer.resblocks:
        mimetic_init(block.attn)
    with torch.no_grad():
        side = MODEL["vision_cfg"]["image_size"] // MODEL["vision_cfg"]["patch_size"]
        clip.visual.positional_embedding.zero_()
        clip.visual.positional_embedding[1:] = 0.5 * sincos_positions(side, MODEL["vision_cfg"]["width"])
        clip.logit_scale.fill_(math.log(1 / 0.07))
    return clip


@torch.no_grad()
def mimetic_init(attention: nn.MultiheadAttention) -> None:
    """Query-key products near 0.7 I, value-projection product near -0.4 I (Trockman & Kolter 2023, 2305.09828)."""
    width, head = attention.embed_dim, attention.head_dim
    query, key, value = attention.in_proj_weight.chunk(3)  # views, (width, width) each
    eye = torch.eye(width)
    for start in range(0, width, head):
        u, s, vh = torch.linalg.svd(0.7 * torch.randn(width, width) / math.sqrt(width) + 0.7 * eye)
        root = s[:head].sqrt()[:, None]
        query[start : start + head] = root * u.T[:head]
        key[start : start + head] = root * vh[:head]
    u, s, vh = torch.linalg.svd(0.4 * torch.randn(width, width) / math.sqrt(width) - 0.4 * eye)
    value.copy_(s.sqrt()[:, None] * vh)
    attention.out_proj.weight.copy_(u * s.sqrt())


def sincos_positions(side: int, width: int) -> Tensor:
    """Fixed sines and cosines of a patch's row and column: (side * side, width)."""
    frequencies = 1 / 100 ** (torch.arange(width // 4) / (width // 4))
    angles = torch.arange(side)[:, None] * frequencies  # (side, width / 4)
    line = torch.cat([angles.sin(), angles.cos()], 1)  # (side, width / 2)
    rows, columns = line.repeat_interleave(side, 0), line.repeat(side, 1)
    return torch.cat([rows, columns], 1)


def encode_text(
    clip: CLIP, tokens: Tensor, fillers: list[Tensor] | None = None, shifts: Tensor | None = None
) -> Tensor:
    """Text features of padded rows: (N, L) -> (N, embed_dim), computed up to the longest text alone.

    The mask is causal, so what follows a text's last token cannot change it: exact.

    fillers : per layer (N, L, width), what stands at the positions 1 to `shifts` (N,) there, as prompts do: before the
    first layer in place of words, before a later one in place of the states there, unless it is zero
    """
    end = tokens.argmax(1)  # EOT has the highest id
    length = int(end.max()) + 1
    place = torch.arange(length)
    x = clip.token_embedding(tokens[:, :length])
    free = None if shifts is None else ((place > 0) & (place <= shifts[:, None]))[..., None]  # (N, length, 1)
    for layer, block in enumerate(clip.transformer.resblocks):
        if fillers is not None and free is not None:
            filler = fillers[layer][:, :length]
            used = free if layer == 0 else free & (filler != 0).any(2, keepdim=True)
            x = torch.where(used, filler, x)
        if layer == 0:
            x = x + clip.positional_embedding[:length]
        x = block(x, attn_mask=clip.attn_mask[:length, :length])  # (N, length, width)
    last = clip.ln_final(x[torch.arange(len(x)), end])
    return last @ clip.text_projection


def hidden_matrices(clip: CLIP) -> list[Tensor]:
    """What Muon trains: the matrices inside the transformer blocks."""
    blocks = [*clip.visual.transformer.resblocks, *clip.transformer.resblocks]
    return [p for block in blocks for p in block.parameters() if p.ndim == 2]


def expand_state(state: dict[str, Tensor], used: np.ndarray) -> dict[str, Tensor]:
    """A trained state for the full vocabulary: rows of tokens never seen are zero."""
    table = torch.zeros(MODEL["text_cfg"]["vocab_size"], MODEL["text_cfg"]["width"])
    table[torch.from_numpy(used)] = state["token_embedding.weight"].float()
    return {**state, "token_embedding.weight": table}
