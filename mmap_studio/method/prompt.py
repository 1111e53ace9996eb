"""MmAP: one source prompt that makes aligned text and image prompts (Xin et al. 2024, arXiv 2312.08636).

Two starts. "random" is that of CoOp, MaPLe and PromptSRC: prompt tokens drawn at random are inserted among a tower's
own, which moves the class names and takes attention, so that an untrained prompt is below zero-shot. "zero_shot"
changes nothing before the first step: the text prompt is added to the states of the template's own words, with K_l = 0,
and the attention paid to the image prompt has a gate per layer that starts at 0 (zero-initialised attention, Zhang et
al. 2023, LLaMA-Adapter, arXiv 2303.16199). What MmAP's authors start from is not known.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmap_studio.method.kronecker import kronecker_prompt
from mmap_studio.method.prompt_shape import GATE, PromptShape

PRODUCT_STD = 0.02
"""Standard deviation of the prompts at the start (CoOp, MaPLe and PromptSRC: N(0, 0.02))."""

GATE_RATE = 0.1
"""How much slower a gate opens than prompts move. At their own rate it drew towards the frequent classes: on pictograms
of the starter kept apart, mean accuracy of a class 36.3 %, against 41.6 % at this rate (200 steps, one seed)."""


@dataclass(frozen=True)
class PromptPair:
    """Prompts of both towers for P tasks or parameter sets at once."""

    text: Tensor
    """(P, D, b, d_l)"""
    image: Tensor
    """(P, D, b, d_v)"""
    gate: Tensor | None = None
    """(P, D, k): tanh(gate) is the weight of the attention to each of the k parts that the image prompts consist of, of
    b / k tokens each; none: image prompts are tokens among the others."""
    on_words: bool = False
    """The text prompts are added to the states of the template's words instead of being inserted as tokens."""

    def __len__(self) -> int:
        return self.text.shape[0]

    def __getitem__(self, rows: int | slice | list[int]) -> "PromptPair":
        rows = [rows] if isinstance(rows, int) else rows
        return PromptPair(
            self.text[rows], self.image[rows], None if self.gate is None else self.gate[rows], self.on_words
        )

    @staticmethod
    def stack(pairs: list["PromptPair"]) -> "PromptPair":
        """One pair with the rows of all of them, in order."""
        gates = [p.gate for p in pairs if p.gate is not None]
        text, image = torch.cat([p.text for p in pairs]), torch.cat([p.image for p in pairs])
        return PromptPair(text, image, torch.cat(gates) if gates else None, pairs[0].on_words)

    @staticmethod
    def join(pairs: list["PromptPair"]) -> "PromptPair":
        """Tokens of all of them one after another: (P, D, b, d) each -> (P, D, sum of b, d)."""
        gates = [p.gate for p in pairs if p.gate is not None]
        text, image = torch.cat([p.text for p in pairs], 2), torch.cat([p.image for p in pairs], 2)
        return PromptPair(text, image, torch.cat(gates, 2) if gates else None, pairs[0].on_words)

    def __add__(self, other: "PromptPair") -> "PromptPair":
        """The sum of both prompts, token by token, and of their gates."""
        gate = None if self.gate is None or other.gate is None else self.gate + other.gate
        return PromptPair(self.text + other.text, self.image + other.image, gate, self.on_words)


class MmAP(nn.Module):
    """One Multi-modal Alignment Prompt: source prompt P_s and factors K_l, K_v for each of D layers."""

    source_prompt: nn.Parameter
    """(D, m, n)"""
    text_factor: nn.Parameter
    """(D, b/m, d_l/n)"""
    image_factor: nn.Parameter
    """(D, b/m, d_v/n)"""
    image_gate: nn.Parameter
    """(D,), of the zero-shot start alone."""

    def __init__(
        self,
        shape: PromptShape,
        seed: int = 0,
        initialisation: Literal["balanced", "source"] = "balanced",
    ) -> None:
        super().__init__()
        self.shape = shape
        generator = torch.Generator().manual_seed(seed)
        for name, size in shape.arrays.items():
            still = shape.gated and name in ("text_factor", GATE)
            start = torch.zeros(size) if still else _initial(name, size, initialisation, generator)
            self.register_parameter(name, nn.Parameter(start))

    def forward(self) -> PromptPair:
        """The prompts of both towers, P = 1."""
        text = kronecker_prompt(self.text_factor, self.source_prompt)  # (D, b, d_l)
        image = kronecker_prompt(self.image_factor, self.source_prompt)  # (D, b, d_v)
        gate = GATE_RATE * self.image_gate[None, :, None] if self.shape.gated else None
        return PromptPair(text[None], image[None], gate, on_words=self.shape.gated)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """float32 copies of the parameters, by the names of `shape.arrays`."""
        return {name: getattr(self, name).detach().cpu().float().numpy().copy() for name in self.shape.arrays}

    @torch.no_grad()
    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `to_arrays` gave; ValueError for other names or shapes."""
        own = self.shape.arrays
        if set(arrays) != set(own):
            raise ValueError(f"an MmAP must have the arrays {sorted(own)}. Got {sorted(arrays)} instead.")
        for name, expected in own.items():
            if arrays[name].shape != expected:
                raise ValueError(f"{name} must have the shape {expected}. Got {arrays[name].shape} instead.")
        for name in own:
            getattr(self, name).copy_(torch.from_numpy(np.array(arrays[name], dtype=np.float32)))


def at_zero_shot(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a gated MmAP with nothing learned: K_l and the gate are 0, and the model is plain CLIP."""
    learned = ("text_factor", GATE)
    return {name: np.zeros_like(array) if name in learned else array for name, array in arrays.items()}


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
