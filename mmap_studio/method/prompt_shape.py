"""The shape of an MmAP: which sizes fit together, and how many parameters they make. No torch here.

Per layer one source prompt P_s (m, n) makes the text prompt K_l ⊗ P_s (b, d_l) and the image prompt K_v ⊗ P_s (b, d_v)
with the factors K_l (b/m, d_l/n) and K_v (b/m, d_v/n) (Xin et al. 2024, arXiv 2312.08636).
"""

import math
from dataclasses import dataclass

from mmap_studio.errors import InputError

ARRAY_NAMES = ("source_prompt", "text_factor", "image_factor")
"""The parameters of one MmAP, by the names they have on disk."""
GATE = "image_gate"
"""What an MmAP that starts at zero-shot has beside them."""
CODES, DIRECTIONS = "class_codes", "class_directions"
"""What an MmAP with residuals for its classes has beside them: see `class_residual`."""
CLASS_RANK = 8
"""Rank of class residuals."""


@dataclass(frozen=True)
class PromptShape:
    """Size of an MmAP: b tokens, source (m, n), depth D, and the widths d_l and d_v of the towers.

    InputError where m does not divide b, or n not both widths.
    """

    tokens: int
    source: tuple[int, int]
    depth: int
    text_width: int
    image_width: int
    """A tower that takes no prompts has width 0: its factor is empty."""
    gated: bool = False
    """Whether a gate (D,) opens the attention to the image prompts: the start at zero-shot, see `prompt`."""
    class_rank: int = 0
    """Rank r of the class residuals; 0: none."""
    classes: int = 0
    """Class texts C that have one."""
    embed_width: int = 0
    """Width d of the features."""

    def __post_init__(self) -> None:
        m, n = self.source
        for name, number in (("tokens", self.tokens), ("source rows", m), ("source columns", n), ("depth", self.depth)):
            if number < 1:
                raise InputError(f"{name} must be at least 1. Got {number} instead.")
        if self.tokens % m:
            raise InputError(
                f"source rows m must divide the prompt tokens b. Got m = {m} and b = {self.tokens} instead."
            )
        if not self.text_width and not self.image_width:
            raise InputError(
                "prompts must have a tower that takes them. Got a backbone whose towers take none instead."
            )
        for tower, width in (("text", self.text_width), ("image", self.image_width)):
            if width % n:
                raise InputError(
                    f"source columns n must divide the {tower} width. Got n = {n} and {tower} width {width} instead."
                )

    @property
    def arrays(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one MmAP: `ARRAY_NAMES`, `GATE` where it is gated, and those of its classes."""
        m, n = self.source
        rows = self.tokens // m
        sizes: dict[str, tuple[int, ...]] = {
            "source_prompt": (self.depth, m, n),
            "text_factor": (self.depth, rows, self.text_width // n),
            "image_factor": (self.depth, rows, self.image_width // n),
        }
        if self.gated:
            sizes[GATE] = (self.depth if self.image_width else 0,)
        if self.class_rank and self.classes:
            sizes |= {CODES: (self.classes, self.class_rank), DIRECTIONS: (self.class_rank, self.embed_width)}
        return sizes

    @property
    def parameters(self) -> int:
        """Trainable parameters of one MmAP: D (m n + (b/m)(d_l + d_v)/n), D gates where it is gated, and r (C + d) for
        the residuals of C classes.

        Free prompts would have D b (d_l + d_v).
        """
        return sum(math.prod(shape) for shape in self.arrays.values())
