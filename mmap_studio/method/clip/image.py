"""The image tower with prompt tokens: [CLS][patches][prompts], prompts without a position.

As in VPT-deep and MaPLe: the prompts of the first layer pass through the norm before the blocks like every other token;
layers 1..D-1 drop what the prompt tokens became and take their own; deeper layers let them flow. Prompt tokens are cut
off before pooling, so every pooling of the tower's works unchanged.

With a gate (zero-initialised attention, LLaMA-Adapter, arXiv 2303.16199) prompts are no tokens of the sequence: in the
layers 0..D-1 every token also attends to them, in a softmax of their own whose result is weighted by tanh(gate) and
added. A gate of 0 is the tower without prompts, exactly. Keys and values are made once a prompt, not once an image.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmap_studio.method.clip.blocks import EAGER, Aside, Watch, Ways, in_pieces, pieced

if TYPE_CHECKING:  # open_clip takes seconds to import
    from open_clip.transformer import VisionTransformer


class ImageTower(Protocol):
    """The stages of an image tower between which prompts enter; weights are read when they are used."""

    ways: Ways
    """How its blocks are computed, operation by operation."""

    @property
    def blocks(self) -> Sequence[nn.Module]: ...

    @property
    def width(self) -> int:
        """d_v"""

    @property
    def image_size(self) -> int:
        """Side S of the square images, pixels."""

    @property
    def tokens(self) -> int:
        """Patches, class token and what else stands beside them."""

    @property
    def stem(self) -> nn.Module:
        """What makes patches of pixels."""

    @property
    def reads_first_token(self) -> bool:
        """Whether the feature is made of the first token alone."""

    def embed(self, images: Tensor) -> Tensor:
        """States (N, tokens, d_v) before the first block."""

    def enter(self, prompts: Tensor) -> Tensor:
        """What prompts (P, b, d_v) of the first layer pass through before it."""

    def rotation(self, images: Tensor) -> Tensor | None:
        """Rotary positions of the patches, where there are any."""

    def pool(self, states: Tensor) -> Tensor:
        """Features (N, d) of the states (N, tokens, d_v) after the last block, or of the first token's."""


class OpenClipTower:
    """open_clip's own `VisionTransformer`."""

    ways = EAGER

    def __init__(self, visual: "VisionTransformer") -> None:
        self.visual = visual
        self.reads_first_token = visual.attn_pool is None and str(visual.pool_type) == "tok"

    @property
    def blocks(self) -> Sequence[nn.Module]:
        found: Any = self.visual.transformer.resblocks
        return list(found)

    @property
    def width(self) -> int:
        return int(self.visual.conv1.weight.shape[0])

    @property
    def image_size(self) -> int:
        return int(self.visual.image_size[0])

    @property
    def tokens(self) -> int:
        return int(self.visual.positional_embedding.shape[0])

    @property
    def stem(self) -> nn.Module:
        stem: nn.Module = self.visual.conv1
        return stem

    def embed(self, images: Tensor) -> Tensor:
        states: Tensor = self.visual._embeds(images)
        return states

    def enter(self, prompts: Tensor) -> Tensor:
        entered: Tensor = self.visual.ln_pre(prompts)
        return entered

    def rotation(self, images: Tensor) -> None:
        return None

    def pool(self, states: Tensor) -> Tensor:
        pooled: Tensor = self.visual._pool(states)[0]
        return pooled if self.visual.proj is None else pooled @ self.visual.proj.to(pooled.dtype)


def encode_image(
    tower: ImageTower, images: Tensor, prompts: Tensor, prompt_of_row: Tensor, watch: Watch,
    recompute: bool = False, ways: Ways = EAGER, gate: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Image features (N, d), not normalised.

    images : (N, 3, S, S) normalised   prompts : (P, D, b, d_v)   prompt_of_row : int64 (N,)   gate : (P, D, k)
    recompute : keep no state inside a block for the gradient, but compute it again then
    ways : the tower's own, or these compiled
    """
    weights = next(tower.stem.parameters())
    images = images.to(weights.dtype)
    x = pieced(tower.embed, watch, stem_work(tower), images)  # (N, tokens, d_v)
    own, depth = x.shape[1], prompts.shape[1] if prompts.shape[2] else 0
    rotation = tower.rotation(images)
    project = ways.project if rotation is None else partial(ways.project, rotation=rotation)
    for layer, block in enumerate(tower.blocks):
        rows: tuple[Tensor, ...] = ()
        if layer < depth:
            fresh = prompts[:, layer].to(x.dtype)  # (P, b, d_v)
            fresh = tower.enter(fresh) if layer == 0 else fresh
            if gate is None:
                x = torch.cat([x[:, :own], fresh[prompt_of_row]], 1)  # (N, tokens + b, d_v)
            else:
                _, key, value = ways.project(block, fresh)
                rows = key[prompt_of_row], value[prompt_of_row], gate[prompt_of_row, layer]
        last = layer == len(tower.blocks) - 1 and tower.reads_first_token
        step = partial(_block, Ways(project, ways.finish), block, last=last)
        if recompute:
            x = checkpoint(in_pieces, step, watch, x, *rows, use_reentrant=False)
        else:
            x = in_pieces(step, watch, x, *rows)
    return tower.pool(x[:, :own])


def stem_work(tower: ImageTower) -> int:
    """Multiply-adds of the patches of an image, where each weight is used once a patch; an estimate for other stems."""
    return sum(weight.numel() for weight in tower.stem.parameters()) * tower.tokens


def _block(ways: Ways, block: nn.Module, x: Tensor, *aside: Tensor, last: bool) -> Tensor:
    """One block; after the last one only the class token is read, so only its query is computed (exact)."""
    heads = ways.project(block, x)
    if last:
        x, heads = x[:, :1], heads._replace(query=heads.query[:, :, :1])
    return ways.finish(block, x, heads, aside=Aside(*aside) if aside else None)
