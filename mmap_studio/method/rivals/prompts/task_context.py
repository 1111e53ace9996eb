"""SoftCPT: a small network shared by all tasks makes each task's text prompts from the task's name."""

import torch
from torch import nn

from mmap_studio.method.bank import PromptModule
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.rivals.method import Scope, Values
from mmap_studio.method.rivals.prompts.prompt_method import NAME_ONLY, PROMPT_STD, PromptMethod, room
from mmap_studio.method.task import TaskSpec

NAME_TOKENS = 4
"""Learned tokens before the name of a task."""


class TaskContexts(PromptModule):
    """Task name -> frozen text tower with learned tokens -> linear layer -> prompts (1, b, d_l) of that task."""

    def __init__(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], tokens: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.clip, self.names, self.tokens = clip, tuple(dict.fromkeys(task.name for task in tasks)), tokens
        texts = [f"{name.replace('_', ' ')}." for name in self.names]
        fits = [clip.token_count(text) + NAME_TOKENS <= clip.context_length for text in texts]
        self.named = clip.tokenize([text if fit else "images." for text, fit in zip(texts, fits, strict=True)])
        self.before = nn.Parameter(PROMPT_STD * torch.randn(1, NAME_TOKENS, clip.text_width, generator=generator))
        width = tokens * clip.text_width
        self.to_context = nn.Parameter(PROMPT_STD * torch.randn(width, clip.embed_width, generator=generator))

    @property
    def prompt_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}

    def forward(self) -> PromptPair:
        features = self.clip.encode_text(self.named, self.before[None])  # (T, d)
        text = (features @ self.to_context.T).view(len(self.names), 1, self.tokens, -1)
        image = self.clip.no_prompts().image
        return PromptPair(text, image.expand(len(self.names), -1, -1, -1))


class SoftContexts(PromptMethod):
    """Sixteen tokens a task."""

    name = "softcpt"
    title = "SoftCPT"
    source = "Ding et al. 2022, arXiv 2208.13474; Dingkun-Ding/softcpt, NATA: 16 tokens of 4 + name, SGD 0.002"
    scopes: tuple[Scope, ...] = ("pooled",)
    candidates: tuple[Values, ...] = ({"learning_rate": 0.002}, {"learning_rate": 0.02}, {"learning_rate": 0.2})
    template = NAME_ONLY
    towers = ("text",)
    text_tokens = 16

    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        return TaskContexts(clip, tasks, room(clip, tasks, self.text_tokens), seed).to(clip.device)
