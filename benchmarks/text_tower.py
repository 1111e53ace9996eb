"""The text tower: 65 classes under one deep prompt, ours against 77 tokens a class."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmarks import plain
from benchmarks.figures import Figure, median_of, paired
from benchmarks.office_home import CLASSES
from benchmarks.registry import benchmark
from benchmarks.scenes import VIT
from mmap_studio.data.names import clean_class_name
from mmap_studio.session.backbones.loading import open_backbone

TOKENS, DEPTH, TEMPLATE = 32, 9, "a photo of a {}."
AGAINST = "77 tokens a class, ViT-B/16, 65 classes, 16+16 prompt tokens, depth 9, forward and backward"


@benchmark
def text_tower(quick: bool) -> Iterator[Figure]:
    """How many times faster class features and the prompt's gradient are, and how far they are from the plain ones."""
    clip = open_backbone(VIT, "cpu", "float32")
    tokens = clip.tokenize([TEMPLATE.replace("{}", clean_class_name(name)) for name in CLASSES])
    torch.manual_seed(0)
    prompt = 0.02 * torch.randn(DEPTH, TOKENS, clip.text_width)
    wanted = torch.randn(len(CLASSES), clip.embed_width)
    kept: dict[str, list[Tensor]] = {}

    def both_ways(name: str, encode: Callable[[Tensor, Tensor], Tensor], rows: slice = slice(None)) -> None:
        leaf = prompt.clone().requires_grad_()
        features = encode(tokens[rows], leaf)
        (features * wanted[rows]).sum().backward()
        assert leaf.grad is not None
        kept[name] = [features.detach(), leaf.grad]

    def plainly(tokens: Tensor, leaf: Tensor) -> Tensor:
        return plain.encode_text(clip.model, tokens, leaf)

    def ours(tokens: Tensor, leaf: Tensor) -> Tensor:
        return clip.encode_text(tokens, leaf[None])

    def warm_up() -> None:
        both_ways("plain", plainly, slice(2))
        both_ways("ours", ours)

    ratios = paired(lambda: both_ways("plain", plainly), lambda: both_ways("ours", ours), 2 if quick else 7, warm_up)
    yield median_of("text_tower_speedup", ratios, "times", AGAINST)
    errors = [relative_difference(a, b) for a, b in zip(kept["ours"], kept["plain"], strict=True)]
    against = "the plain features and prompt gradient, largest difference over largest value; min and max are the two"
    yield Figure("text_tower_max_relative_difference", max(errors), "", against, 2, min(errors), max(errors))


def relative_difference(ours: Tensor, plain: Tensor) -> float:
    """Largest absolute difference over largest absolute value."""
    return float((ours - plain).abs().max() / plain.abs().max())
