"""MaPLe: text prompts are trained, and a linear layer a depth makes the image prompts from them."""

import torch
from torch import Tensor, nn

from mmap_studio.method.bank import PromptModule
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.rivals.method import Values
from mmap_studio.method.rivals.prompts.prompt_method import (
    NAME_ONLY,
    PROMPT_STD,
    OneForAll,
    PromptMethod,
    room,
    seeded,
    words,
)
from mmap_studio.method.task import TaskSpec


class CoupledPrompts(OneForAll):
    """Text prompts (D, b, d_l), and D linear layers d_l -> d_v."""

    def __init__(self, tasks: tuple[TaskSpec, ...], text: Tensor, image_width: int) -> None:
        super().__init__(tasks)
        self.text = nn.Parameter(text)
        self.to_image = nn.ModuleList(nn.Linear(text.shape[2], image_width) for _ in text)

    def forward(self) -> PromptPair:
        image = torch.stack([layer(prompt) for layer, prompt in zip(self.to_image, self.text, strict=True)])
        return PromptPair(self.text[None], image[None])


class MaPLe(PromptMethod):
    """Two tokens, nine layers."""

    name = "maple"
    title = "MaPLe"
    source = "Khattak et al. 2023, arXiv 2210.03117; muzairkhattak/multimodal-prompt-learning: SGD 0.0035 (few-shot)"
    candidates: tuple[Values, ...] = ({"learning_rate": 0.0035}, {"learning_rate": 0.035})
    template = NAME_ONLY
    tokens, depth = 2, 9
    first_words = "a photo of a"

    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        tokens, depth = room(clip, tasks, self.tokens), min(self.depth, *clip.layers)
        with seeded(seed):
            text = PROMPT_STD * torch.randn(depth, tokens, clip.text_width)
            first = words(clip, self.first_words, tokens)
            if first is not None:
                text[0] = first
            return CoupledPrompts(tasks, text, clip.image_width).to(clip.device)
