"""Free prompts: every number of every prompt is trained by itself. CoOp, VPT and independent prompts of both towers."""

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
    words,
)
from mmap_studio.method.task import TaskSpec


class FreePrompts(OneForAll):
    """Prompts of both towers, or of one: text (D_l, b_l, d_l) and image (D_v, b_v, d_v)."""

    def __init__(self, tasks: tuple[TaskSpec, ...], text: Tensor | None, image: Tensor | None, widths: tuple[int, int]):
        super().__init__(tasks)
        self.text = nn.Parameter(text) if text is not None else None
        self.image = nn.Parameter(image) if image is not None else None
        self.register_buffer("no_text", torch.zeros(1, 0, 0, widths[0]), persistent=False)
        self.register_buffer("no_image", torch.zeros(1, 0, 0, widths[1]), persistent=False)

    def forward(self) -> PromptPair:
        text = self.text[None] if self.text is not None else self.get_buffer("no_text")
        image = self.image[None] if self.image is not None else self.get_buffer("no_image")
        return PromptPair(text, image)


class FreePromptMethod(PromptMethod):
    """Subclasses say how many tokens each tower has in how many layers."""

    text_tokens = 0
    text_depth = 0
    image_tokens = 0
    image_depth = 0
    first_words = ""
    """What the text prompts of the first layer start as; empty: at random."""

    @property
    def towers(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("text",) * bool(self.text_tokens) + ("image",) * bool(self.image_tokens)

    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        generator = torch.Generator().manual_seed(seed)
        text, image = self.text(clip, tasks, generator), self.image(clip, generator)
        return FreePrompts(tasks, text, image, (clip.text_width, clip.image_width)).to(clip.device)

    def text(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], generator: torch.Generator) -> Tensor | None:
        if not self.text_tokens:
            return None
        tokens, depth = room(clip, tasks, self.text_tokens), min(self.text_depth, clip.layers[0])
        start = PROMPT_STD * torch.randn(depth, tokens, clip.text_width, generator=generator)
        first = words(clip, self.first_words, tokens)
        if first is not None:
            start[0] = first
        return start

    def image(self, clip: FrozenClip, generator: torch.Generator) -> Tensor | None:
        if not self.image_tokens:
            return None
        depth = min(self.image_depth, clip.layers[1])
        return PROMPT_STD * torch.randn(depth, self.image_tokens, clip.image_width, generator=generator)


class CoOp(FreePromptMethod):
    """Context of 16 tokens in the template's place, one for all classes, at random."""

    name = "coop"
    title = "CoOp"
    source = "Zhou et al. 2022, arXiv 2109.01134; KaiyangZhou/CoOp, vit_b16: 16 tokens, SGD 0.002"
    candidates: tuple[Values, ...] = ({"learning_rate": 0.002}, {"learning_rate": 0.02}, {"learning_rate": 0.2})
    template = NAME_ONLY
    text_tokens = 16
    text_depth = 1


class VptShallow(FreePromptMethod):
    """Tokens beside the image's patches, in the first layer; text as at zero-shot."""

    name = "vpt_shallow"
    title = "VPT shallow"
    source = "Jia et al. 2022, arXiv 2203.12119, in CLIP as in MaPLe's code: 8 tokens, N(0, 0.02), SGD 0.0025"
    candidates: tuple[Values, ...] = ({"learning_rate": 0.0025}, {"learning_rate": 0.025}, {"learning_rate": 0.25})
    image_tokens = 8
    image_depth = 1


class VptDeep(VptShallow):
    """The same with tokens of their own in every layer."""

    name = "vpt_deep"
    title = "VPT deep"
    image_depth = 12


class IndependentPrompts(FreePromptMethod):
    """Prompts of both towers that know nothing of each other."""

    name = "ivlp"
    title = "Independent V-L prompts"
    source = "Rasheed et al. 2023, arXiv 2212.03640, as in PromptSRC's code: 4 + 4 tokens, depth 9, SGD 0.0025"
    candidates: tuple[Values, ...] = ({"learning_rate": 0.0025}, {"learning_rate": 0.025}, {"learning_rate": 0.25})
    template = NAME_ONLY
    text_tokens = image_tokens = 4
    text_depth = image_depth = 9
    first_words = "a photo of a"
