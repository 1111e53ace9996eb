"""A tower that takes no prompts, as it stands: ResNets, convolutional networks, Hugging Face's text encoders."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from mmap_studio.method.clip.blocks import Watch, pieced

USES = 200
"""Times an image that a weight is used, on the average of networks with convolutions: RN50 160, ConvNeXt-B 175."""


def encode_whole(encode: Callable[[Tensor], Any], rows: Tensor, work: int, watch: Watch) -> Tensor:
    """Features (N, d) of images or token rows, not normalised; work : multiply-adds a row, about.

    A tower that also gives all its tokens gives them second.
    """

    def features(some: Tensor) -> Tensor:
        found = encode(some)
        first: Tensor = found[0] if isinstance(found, tuple) else found
        return first

    return pieced(features, watch, work, rows)


def image_work(visual: nn.Module) -> int:
    """Multiply-adds of an image, about."""
    return USES * sum(weight.numel() for weight in visual.parameters())


def text_work(text: nn.Module, context: int) -> int:
    """Multiply-adds of a text, about: of all weights but the table of tokens one a token."""
    table = max((one.weight.numel() for one in text.modules() if isinstance(one, nn.Embedding)), default=0)
    return context * (sum(weight.numel() for weight in text.parameters()) - table)
