"""timm's vision transformers as image towers: `VisionTransformer` (SigLIP, MobileCLIP, ViTamin) and `Eva` (EVA, PE).

timm's own layers do the work. The blocks are taken apart as open_clip's are (see `blocks`), so that prompts can be
attended to apart and a last layer can ask for one token only. Rotary positions (`Eva`) turn the patches alone: prompts
have no place in the image, like the class token.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmap_studio.method.clip.blocks import Aside, Heads, Ways

if TYPE_CHECKING:  # both take seconds to import
    from open_clip.timm_model import TimmModel
    from timm.layers.attention import AttentionRope
    from timm.models.eva import EvaAttention, EvaBlock


class TimmTower:
    """A `TimmModel` whose trunk is a vision transformer (see `checks.TIMM_TOWERS`)."""

    def __init__(self, visual: "TimmModel") -> None:
        self.visual = visual
        trunk = visual.trunk
        self.reads_first_token = trunk.global_pool == "token" and trunk.attn_pool is None
        self.ways = POST_NORM if type(trunk.blocks[0]).__name__ == "EvaBlockPostNorm" else PRE_NORM

    @property
    def blocks(self) -> Sequence[nn.Module]:
        found: Any = self.visual.trunk.blocks
        return list(found)

    @property
    def width(self) -> int:
        return int(self.visual.trunk.embed_dim)

    @property
    def image_size(self) -> int:
        """Of the trunk, which reads no other, whatever is said of the model (ViTamin-XL-384 says 256)."""
        return int(self.visual.trunk.patch_embed.img_size[0])

    @property
    def tokens(self) -> int:
        return int(self.visual.trunk.patch_embed.num_patches + self.visual.trunk.num_prefix_tokens)

    @property
    def stem(self) -> nn.Module:
        stem: nn.Module = self.visual.trunk.patch_embed
        return stem

    def embed(self, images: Tensor) -> Tensor:
        trunk = self.visual.trunk
        placed = trunk._pos_embed(trunk.patch_embed(images))
        states: Tensor = trunk.norm_pre(placed[0] if isinstance(placed, tuple) else placed)
        return states

    def enter(self, prompts: Tensor) -> Tensor:
        entered: Tensor = self.visual.trunk.norm_pre(prompts)
        return entered

    def rotation(self, images: Tensor) -> Tensor | None:
        """(patches, 2 head width): sines and cosines, the same for all images."""
        trunk = self.visual.trunk
        if getattr(trunk, "rope", None) is None:
            return None
        with torch.no_grad():
            found: Tensor = trunk._pos_embed(trunk.patch_embed(images[:1]))[1]
        return found

    def pool(self, states: Tensor) -> Tensor:
        trunk = self.visual.trunk
        pooled: Tensor = self.visual.head(trunk.forward_head(trunk.norm(states)))
        return pooled


def project(block: "EvaBlock", x: Tensor, rotation: Tensor | None = None) -> Heads:
    """Queries, keys and values of the states x (N, L, width); rotation : of the patches, which stand behind the prefix.

    What stands behind the patches, the prompts, is not rotated.
    """
    return _heads(block.attn, block.norm1(x), rotation)


def project_bare(block: "EvaBlock", x: Tensor, rotation: Tensor | None = None) -> Heads:
    """As `project`, of a block whose norms come after its layers."""
    return _heads(block.attn, x, rotation)


def finish(block: "EvaBlock", x: Tensor, heads: Heads, aside: Aside | None = None) -> Tensor:
    """States after the block: x (N, L, width) are the states the queries were made of."""
    x = x + _scaled(block, 1, _attended(block, heads, aside))
    return x + _scaled(block, 2, block.mlp(block.norm2(x)))


def finish_normed(block: "EvaBlock", x: Tensor, heads: Heads, aside: Aside | None = None) -> Tensor:
    """As `finish`, of a block whose norms come after its layers."""
    x = x + block.norm1(_attended(block, heads, aside))
    x = x + block.norm2(block.mlp(x))
    return x


PRE_NORM = Ways(project, finish)
POST_NORM = Ways(project_bare, finish_normed)
"""EVA02-E's."""


def _heads(attention: "EvaAttention | AttentionRope", x: Tensor, rotation: Tensor | None) -> Heads:
    """Queries, keys and values (N, heads, L, head width); timm splits and joins them in one order everywhere."""
    n, length, _ = x.shape
    if attention.qkv is None:
        parts = [one(x) for one in (attention.q_proj, attention.k_proj, attention.v_proj)]
    else:
        bias: Any = attention.qkv.bias
        own: Any = [getattr(attention, f"{one}_bias", None) for one in "qkv"]  # EVA's: zeros for the keys
        bias = bias if own[0] is None else torch.cat(own)
        parts = list(F.linear(x, attention.qkv.weight, bias).chunk(3, -1))
    query, key, value = (one.view(n, length, -1, attention.head_dim).transpose(1, 2) for one in parts)
    query, key = attention.q_norm(query), attention.k_norm(key)
    if rotation is not None:
        query, key = (_rotated(attention, one, rotation).type_as(value) for one in (query, key))
        if attention.qkv is not None:  # or they keep all three for the gradient, though two are new
            value = value.contiguous()
    groups = query.shape[1] // key.shape[1]
    if groups > 1:  # several queries share a key
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    return Heads(query, key, value)


def _rotated(attention: "EvaAttention | AttentionRope", heads: Tensor, rotation: Tensor) -> Tensor:
    """Heads (N, heads, L, head width) with those of the patches turned by timm's own function."""
    from timm.layers.pos_embed_sincos import apply_rot_embed_cat

    before, patches = attention.num_prefix_tokens, rotation.shape[-2]
    turned = apply_rot_embed_cat(heads[:, :, before : before + patches], rotation, half=attention.rotate_half)
    return torch.cat([heads[:, :, :before], turned, heads[:, :, before + patches :]], 2)


def _attended(block: "EvaBlock", heads: Heads, aside: Aside | None) -> Tensor:
    """What the attention of a block gives: (N, L, width)."""
    seen = F.scaled_dot_product_attention(*heads)  # (N, heads, L, head width)
    if aside is not None:
        seen = seen + aside.read(heads.query)
    found: Tensor = block.attn.proj(block.attn.norm(seen.transpose(1, 2).flatten(2)))
    return found


def _scaled(block: Any, part: int, x: Tensor) -> Tensor:
    """A block's branch with its layer scale: a parameter in `Eva`, a module in `VisionTransformer`."""
    scale = getattr(block, f"ls{part}", None)
    if scale is not None:
        scaled: Tensor = scale(x)
        return scaled
    gamma = getattr(block, f"gamma_{part}", None)
    return x if gamma is None else gamma * x
