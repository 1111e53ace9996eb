"""MaPLe's training step restated (arXiv 2210.03117): what a step costs with its prompts and its way of encoding.

Two text tokens in each of nine layers, and one linear layer a prompted layer that makes the image's tokens of them.
Every class is encoded with all 77 positions for every task in every step. The tokens take the place of the first two
words of "a photo of a {}."; image tokens stand behind the patches.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import plain
from mmap_studio.method.batches import Batch
from mmap_studio.method.training import Joint

TOKENS, DEPTH, DEVIATION = 2, 9, 0.02


class Maple(nn.Module):
    """Text tokens (D, 2, d_l), and the layers that make image tokens (D, 2, d_v) of them."""

    def __init__(self, text_width: int, image_width: int, depth: int = DEPTH) -> None:
        super().__init__()
        self.text = nn.Parameter(DEVIATION * torch.randn(depth, TOKENS, text_width))
        self.to_image = nn.ModuleList(nn.Linear(text_width, image_width) for _ in range(depth))

    def forward(self) -> tuple[Tensor, Tensor]:
        """Both towers' tokens."""
        image = [layer(tokens) for layer, tokens in zip(self.to_image, self.text, strict=True)]
        return self.text, torch.stack(image)


def step(maple: Maple, joint: Joint, batches: list[Batch]) -> None:
    """Forward and backward of one step over all tasks, one after the other."""
    clip, lists = joint.clip, joint.lists
    autocast = torch.autocast(clip.device.type, torch.bfloat16, enabled=clip.precision == "bfloat16")
    for t, batch in enumerate(batches):
        with autocast:
            text, image = maple()
            words = without_first_words(lists.tokens[lists.of_task[t]])
            texts = plain.encode_text(clip.model, words, text)
            images = plain.encode_image(clip.model, batch.images, image)
        F.cross_entropy(clip.logit_scale * images.float() @ texts.float().T, batch.labels).backward()


def without_first_words(tokens: Tensor) -> Tensor:
    """int64 (R, context): the two words behind SOT make room for the tokens that replace them."""
    return torch.cat([tokens[:, :1], tokens[:, 1 + TOKENS :], tokens.new_zeros(len(tokens), TOKENS)], 1)
