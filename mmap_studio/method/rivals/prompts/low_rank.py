"""MMLoP's form: in every layer the prompts of both towers are of rank 1 and share their left factor.

This is K (x) P_s with a source of b rows and one column: MmAP's generator, with another split of the sizes. The paper's
consistency losses and its correction of drift are not here: there is no public code.
"""

import math

import torch
from torch import Tensor, nn

from mmap_studio.method.bank import PromptModule
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.rivals.method import Values
from mmap_studio.method.rivals.prompts.prompt_method import NAME_ONLY, PROMPT_STD, OneForAll, PromptMethod, room
from mmap_studio.method.task import TaskSpec


class LowRankPrompts(OneForAll):
    """Shared factor u (D, b, 1), right factors (D, 1, d_l) and (D, 1, d_v); products have std `PROMPT_STD`."""

    def __init__(self, tasks: tuple[TaskSpec, ...], shape: tuple[int, int, int, int], seed: int) -> None:
        super().__init__(tasks)
        depth, tokens, text_width, image_width = shape
        generator = torch.Generator().manual_seed(seed)

        def factor(*size: int) -> nn.Parameter:
            drawn: Tensor = torch.randn(size, generator=generator)
            return nn.Parameter(math.sqrt(PROMPT_STD) * drawn)

        self.shared = factor(depth, tokens, 1)
        self.text, self.image = factor(depth, 1, text_width), factor(depth, 1, image_width)

    def forward(self) -> PromptPair:
        return PromptPair((self.shared * self.text)[None], (self.shared * self.image)[None])


class LowRank(PromptMethod):
    """Four tokens, nine layers, rank 1."""

    name = "mmlop"
    title = "MMLoP's rank-1 form"
    source = "MMLoP 2026, arXiv 2602.21397: rank 1, depth 9; no public code, the rate is that of PromptSRC"
    candidates: tuple[Values, ...] = ({"learning_rate": 0.0025}, {"learning_rate": 0.025}, {"learning_rate": 0.25})
    template = NAME_ONLY
    tokens, depth = 4, 9

    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        shape = (min(self.depth, *clip.layers), room(clip, tasks, self.tokens), clip.text_width, clip.image_width)
        return LowRankPrompts(tasks, shape, seed).to(clip.device)
