"""CLIP-LoRA: low-rank updates of the queries, keys and values of every block of both towers.

W + (alpha / sqrt(r)) B A, A uniform as of `kaiming_uniform(a=sqrt(5))`, B = 0: the published code scales by the root of
the rank. Its dropout of 0.25 on the branch's input is not here, as the update is added to the weights.
"""

import math
import re

import torch
from torch import Tensor, nn

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.rivals.method import Values
from mmap_studio.method.rivals.weights.weight_method import Change, WeightMethod

RANK, ALPHA = 2, 1.0
FUSED = (".attn.in_proj_weight", ".attn.qkv.weight")
"""Queries, keys and values of a block in one matrix (3 w, d): open_clip's, timm's."""
APART = tuple(f".attn.{one}_proj.weight" for one in "qkv")
"""In three (w, d): EVA02's."""


class LowRankUpdate(Change):
    """Factors A (p, r, d) and B (p, w, r) of every projection, p = 3 where it is fused, else 1."""

    def __init__(self, clip: FrozenClip, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        named = clip.model.named_parameters()
        self.frozen = {n: w for n, w in named if n.endswith(FUSED + APART) and re.search(r"\.(res)?blocks\.", n)}
        sizes = [(3 if name.endswith(FUSED) else 1, *weight.shape) for name, weight in self.frozen.items()]

        def uniform(parts: int, width: int) -> Tensor:
            return (2 * torch.rand(parts, RANK, width, generator=generator) - 1) / math.sqrt(width)

        self.down = nn.ParameterList(nn.Parameter(uniform(parts, width)) for parts, _, width in sizes)
        self.up = nn.ParameterList(nn.Parameter(torch.zeros(parts, rows // parts, RANK)) for parts, rows, _ in sizes)

    def forward(self) -> dict[str, Tensor]:
        parts = zip(self.frozen.items(), self.down, self.up, strict=True)
        scale = ALPHA / math.sqrt(RANK)
        return {name: weight + scale * (up @ down).flatten(0, 1).to(weight.dtype) for (name, weight), down, up in parts}


class ClipLora(WeightMethod):
    """Rank 2 on queries, keys and values."""

    name = "clip_lora"
    title = "CLIP-LoRA"
    source = "Zanella and Ben Ayed 2024, arXiv 2405.18541; MaxZanella/CLIP-LoRA: rank 2, AdamW 2e-4, decay 0.01"
    candidates: tuple[Values, ...] = ({"learning_rate": 2e-4}, {"learning_rate": 2e-3})

    def change(self, clip: FrozenClip, seed: int) -> Change:
        return LowRankUpdate(clip, seed).to(clip.device)
