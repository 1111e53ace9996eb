"""MmAP: one source prompt that makes aligned text and image prompts (Xin et al. 2024, arXiv 2312.08636)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmap_studio.method.kronecker import kronecker_prompt
from mmap_studio.method.prompt_shape import ARRAY_NAMES, PromptShape

PRODUCT_STD = 0.02
"""Standard deviation of the prompts at the start (CoOp, MaPLe and PromptSRC: N(0, 0.02))."""


@dataclass(frozen=True)
class PromptPair:
    """Prompts of both towers for P tasks or parameter sets at once."""

    text: Tensor
    """(P, D, b, d_l)"""
    image: Tensor
    """(P, D, b, d_v)"""

    def __len__(self) -> int:
        return self.text.shape[0]

    def __getitem__(self, rows: int | slice | list[int]) -> "PromptPair":
        rows = [rows] if isinstance(rows, int) else rows
        return PromptPair(self.text[rows], self.image[rows])

    @staticmethod
    def stack(pairs: list["PromptPair"]) -> "PromptPair":
        """One pair with the rows of all of them, in order."""
        return PromptPair(torch.cat([p.text for p in pairs]), torch.cat([p.image for p in pairs]))

    @staticmethod
    def join(pairs: list["PromptPair"]) -> "PromptPair":
        """Tokens of all of them one after another: (P, D, b, d) each -> (P, D, sum of b, d)."""
        return PromptPair(torch.cat([p.text for p in pairs], 2), torch.cat([p.image for p in pairs], 2))


class MmAP(nn.Module):
    """One Multi-modal Alignment Prompt: source prompt P_s and factors K_l, K_v for each of D layers."""

    source_prompt: nn.Parameter
    """(D, m, n)"""
    text_factor: nn.Parameter
    """(D, b/m, d_l/n)"""
    image_factor: nn.Parameter
    """(D, b/m, d_v/n)"""

    def __init__(
        self, shape: PromptShape, seed: int = 0, initialisation: Literal["balanced", "source"] = "balanced"
    ) -> None:
        super().__init__()
        self.shape = shape
        generator = torch.Generator().manual_seed(seed)
        for name, size in shape.arrays.items():
            self.register_parameter(name, nn.Parameter(_initial(name, size, initialisation, generator)))

    def forward(self) -> PromptPair:
        """The prompts of both towers, P = 1."""
        text = kronecker_prompt(self.text_factor, self.source_prompt)  # (D, b, d_l)
        image = kronecker_prompt(self.image_factor, self.source_prompt)  # (D, b, d_v)
        return PromptPair(text[None], image[None])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """float32 copies of the parameters, by `ARRAY_NAMES`."""
        return {name: getattr(self, name).detach().cpu().float().numpy().copy() for name in ARRAY_NAMES}

    @torch.no_grad()
    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `to_arrays` gave; ValueError for other names or shapes."""
        if set(arrays) != set(ARRAY_NAMES):
            raise ValueError(f"an MmAP must have the arrays {sorted(ARRAY_NAMES)}. Got {sorted(arrays)} instead.")
        for name, expected in self.shape.arrays.items():
            if arrays[name].shape != expected:
                raise ValueError(f"{name} must have the shape {expected}. Got {arrays[name].shape} instead.")
        for name in ARRAY_NAMES:
            getattr(self, name).copy_(torch.from_numpy(np.array(arrays[name], dtype=np.float32)))


def _initial(name: str, size: tuple[int, ...], initialisation: str, generator: torch.Generator) -> Tensor:
    """Balanced: both factors of the product have std sqrt(0.02), so that their gradients are of one scale.

    With factors of 1 and a source of 0.02 a factor's gradient is about 50 times smaller while its value is 50 times
    larger, and plain SGD hardly moves it (`python -m benchmarks initialisation` compares both).
    """
    if initialisation == "balanced":
        return torch.randn(size, generator=generator) * math.sqrt(PRODUCT_STD)
    if name == "source_prompt":
        return torch.randn(size, generator=generator) * PRODUCT_STD
    return torch.ones(size)
