"""MmAP: one source prompt that makes aligned text and image prompts (Xin et al. 2024, arXiv 2312.08636).

Two starts. "random" is that of CoOp, MaPLe and PromptSRC: prompt tokens drawn at random are inserted among a tower's
own, which moves the class names and takes attention, so that an untrained prompt is below zero-shot. "zero_shot"
changes nothing before the first step: the text prompt is added to the states of the template's own words, with K_l = 0,
and the attention paid to the image prompt has a gate per layer that starts at 0 (zero-initialised attention, Zhang et
al. 2023, LLaMA-Adapter, arXiv 2303.16199). What MmAP's authors start from is not known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmap_studio.method.class_residual import SCALE, ClassResidual
from mmap_studio.method.kronecker import kronecker_prompt
from mmap_studio.method.prompt_shape import CODES, DIRECTIONS, GATE, PromptShape

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

    residual: ClassResidual | None = None
    """What is added to the features of classes; none: nothing."""

    def __len__(self) -> int:
        return self.text.shape[0]

    def __getitem__(self, rows: int | slice | list[int]) -> "PromptPair":
        rows = [rows] if isinstance(rows, int) else rows
        return replace(
            self, text=self.text[rows], image=self.image[rows], gate=None if self.gate is None else self.gate[rows],
            residual=self.residual and self.residual[rows],
        )  # fmt: skip

    @staticmethod
    def stack(pairs: list["PromptPair"]) -> "PromptPair":
        """One pair with the rows of all of them, in order."""
        residuals = [p.residual for p in pairs if p.residual is not None]
        return replace(
            pairs[0], text=torch.cat([p.text for p in pairs]), image=torch.cat([p.image for p in pairs]),
            gate=_joined(pairs, 0), residual=ClassResidual.stack(residuals) if residuals else None,
        )  # fmt: skip

    @staticmethod
    def join(pairs: list["PromptPair"]) -> "PromptPair":
        """Tokens of all of them one after another: (P, D, b, d) each -> (P, D, sum of b, d); residuals of the first."""
        text, image = torch.cat([p.text for p in pairs], 2), torch.cat([p.image for p in pairs], 2)
        return replace(pairs[0], text=text, image=image, gate=_joined(pairs, 2))

    def __add__(self, other: "PromptPair") -> "PromptPair":
        """The sum of both prompts, token by token, and of their gates; residuals of the first."""
        gate = None if self.gate is None or other.gate is None else self.gate + other.gate
        return replace(self, text=self.text + other.text, image=self.image + other.image, gate=gate)

    def corrected(self, row: int, texts: Sequence[str], features: Tensor) -> Tensor:
        """Unit features (C, d) of class texts under prompt `row`, given what the text tower makes of them."""
        return features if self.residual is None else self.residual.corrected(row, texts, features)


def _joined(pairs: list[PromptPair], axis: int) -> Tensor | None:
    gates = [p.gate for p in pairs if p.gate is not None]
    return torch.cat(gates, axis) if gates else None


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
    class_codes: nn.Parameter
    """A (C, r), where `shape` has classes."""
    class_directions: nn.Parameter
    """B (r, d), where `shape` has classes."""

    def __init__(
        self,
        shape: PromptShape,
        seed: int = 0,
        initialisation: Literal["balanced", "source"] = "balanced",
        texts: tuple[str, ...] = (),
    ) -> None:
        """`texts` are the `shape.classes` class texts whose features it corrects."""
        super().__init__()
        self.shape, self.texts = shape, texts
        generator = torch.Generator().manual_seed(seed)
        for name, size in shape.arrays.items():
            still = name == CODES or (shape.gated and name in ("text_factor", GATE))
            start = torch.zeros(size) if still else _initial(name, size, initialisation, generator)
            self.register_parameter(name, nn.Parameter(start))

    def forward(self) -> PromptPair:
        """The prompts of both towers, P = 1."""
        text = kronecker_prompt(self.text_factor, self.source_prompt)  # (D, b, d_l)
        image = kronecker_prompt(self.image_factor, self.source_prompt)  # (D, b, d_v)
        gate = GATE_RATE * self.image_gate[None, :, None] if self.shape.gated and self.shape.image_width else None
        return PromptPair(text[None], image[None], gate, self.shape.gated, self._residual())

    def _residual(self) -> ClassResidual | None:
        if not self.texts:
            return None
        return ClassResidual(self.texts, SCALE * (self.class_codes @ self.class_directions)[None])

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
    """The arrays of a gated MmAP with nothing learned: K_l, the gate and A are 0, and the model is plain CLIP."""
    learned = ("text_factor", GATE, CODES)
    return {name: np.zeros_like(array) if name in learned else array for name, array in arrays.items()}


def _initial(name: str, size: tuple[int, ...], initialisation: str, generator: torch.Generator) -> Tensor:
    """Balanced: both factors of the product have std sqrt(0.02), so that their gradients are of one scale.

    With factors of 1 and a source of 0.02 a factor's gradient is about 50 times smaller while its value is 50 times
    larger, and plain SGD hardly moves it (`python -m benchmarks initialisation` compares both).
    """
    if name == DIRECTIONS:
        return torch.randn(size, generator=generator) / math.sqrt(size[1])
    if initialisation == "balanced":
        return torch.randn(size, generator=generator) * math.sqrt(PRODUCT_STD)
    if name == "source_prompt":
        return torch.randn(size, generator=generator) * PRODUCT_STD
    return torch.ones(size)
