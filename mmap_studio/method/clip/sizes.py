"""What the memory and the work of an image tower follow from, counted on its modules.

A tower that takes prompts is counted by its blocks; another by one image that goes through it on the meta device, where
nothing is computed.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mmap_studio.method.clip.image import ImageTower, stem_work


@dataclass(frozen=True)
class ImageSizes:
    """Of a tower that takes prompts: tokens and blocks; of one that takes none: the whole."""

    tokens: int = 0
    """Patches, class token and what else stands beside them."""
    weights: float = 12.0
    """Weights of a block's linear layers, by the square of the width."""
    kept: float = 4.0
    """Numbers a token and width that a block's inner layers keep for the gradient."""
    reads_all: bool = False
    """Whether the feature is made of all tokens; else the last block reads one."""
    stem: int = 0
    """Multiply-adds of an image's patches."""
    whole: int = 0
    """Multiply-adds of an image through a tower that takes no prompts."""
    peak: int = 0
    """Numbers of an image that such a tower holds at a time at most."""


def sizes_of(tower: ImageTower) -> ImageSizes:
    """Of a tower that takes prompts."""
    block: Any = tower.blocks[0]
    linear = sum(weight.numel() for weight in block.parameters() if weight.ndim == 2)
    return ImageSizes(
        tower.tokens, linear / tower.width**2, _kept(block.mlp, tower.width), not tower.reads_first_token,
        stem_work(tower) if len(list(tower.stem.modules())) < 4 else _measured(tower.stem, tower.image_size)[0],
    )  # fmt: skip


def whole_sizes(visual: nn.Module, image_size: int) -> ImageSizes:
    """Of a tower that takes no prompts."""
    work, peak = _measured(visual, image_size)
    return ImageSizes(whole=work, peak=peak)


def _kept(mlp: nn.Module, width: int) -> float:
    """By the width: the input of the activation; QuickGELU and a gate keep the factors of a product too."""
    inner = {name: one for name, one in mlp.named_modules() if isinstance(one, nn.Linear)}
    last = list(inner.values())[-1].in_features / width
    gated = sum(one.out_features for one in inner.values()) / width - 1 > 1.5 * last
    norm = sum(one.normalized_shape[0] for one in mlp.modules() if isinstance(one, nn.LayerNorm)) / width
    quick = any(type(one).__name__ == "QuickGELU" for one in mlp.modules())
    return (3 if gated else 2 if quick else 1) * last + norm


def _measured(module: nn.Module, image_size: int) -> tuple[int, int]:
    """Multiply-adds of one image, and the most numbers that a layer has as input and output."""
    from torch.utils.flop_counter import FlopCounterMode

    most = 0

    def look(_: nn.Module, given: Any, found: Any) -> None:
        nonlocal most
        held = [one for some in (given, found) for one in (some if isinstance(some, tuple) else (some,))]
        most = max(most, sum(one.numel() for one in held if isinstance(one, Tensor)))

    leaves = [one for one in module.modules() if not list(one.children())]
    hooks = [one.register_forward_hook(look) for one in leaves]
    weights = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    there = {  # in float32, whatever they are stored in; indices as they are
        name: torch.empty_like(one, device="meta", dtype=torch.float32 if one.is_floating_point() else one.dtype)
        for name, one in weights.items()
    }
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            functional_call(module, there, (torch.empty(1, 3, image_size, image_size, device="meta"),))
    finally:
        for hook in hooks:
            hook.remove()
    return counter.get_total_flops() // 2, most
