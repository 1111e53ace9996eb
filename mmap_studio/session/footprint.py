"""Memory that a run needs beside the program itself, before it starts: the weights and what one step keeps.

A step keeps, for its way back, what the layers of both towers need: the weights are frozen, so linear layers keep
nothing. That leaves, in each block and for each token of width w: the input of both norms (2 w), queries, keys and
values (3 w), what attention gives (w) and the input of the activation (4 w; QuickGELU keeps a product's two factors,
8 w). The last block reads one token alone and keeps 4 w. Text rows share their prefix: a row has its
suffix only, but a copy of all keys and values (2 w a token of prefix and suffix). On top comes one block's inner
states while it is computed (8 w). tests/session/test_footprint.py holds this against what torch keeps; of what the
peak of a process grew by in one step on a CPU it was 1.06 times on the starter (batches of 16) and 0.80 times on
ViT-B/16 at paper size with 65 classes, where the allocator holds more than is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mmap_studio.config import Settings

FLOAT = 4
"""Bytes of a number."""
INNER = 8
"""Widths a token that the inner layers of the block in work take."""


@dataclass(frozen=True)
class ClipShape:
    """What the memory of a backbone follows from."""

    parameters: int
    image_size: int
    image_tokens: int
    """Patches and class token."""
    image_width: int
    text_width: int
    text_layers: int
    image_layers: int
    quick: bool = False
    """QuickGELU."""


@dataclass(frozen=True)
class ClassTexts:
    """The class list of a task in tokens; tasks with equal lists are equal here."""

    classes: int
    prefix: int
    """Tokens that all classes begin with, SOT included, prompts not."""
    suffix: int
    """Tokens of the longest class from there on, EOT included."""


@dataclass(frozen=True)
class Footprint:
    """Bytes."""

    weights: int
    step: int
    """Of the largest step of the run."""

    @property
    def bytes(self) -> int:
        """Together."""
        return self.weights + self.step

    def text(self) -> str:
        """Such as ``weights 598 MB, one step 1.3 GB, beside the program's own``."""
        return f"weights {size(self.weights)}, one step {size(self.step)}, beside the program's own"


def footprint(
    settings: Settings, clip: ClipShape, texts: Sequence[ClassTexts], group: int, measures: bool
) -> Footprint:
    """Of a run whose largest group has `group` tasks; `measures` if it measures the affinity of all tasks too."""
    number = 2 if settings.precision == "bfloat16" else FLOAT
    own = texts[:group]
    images = -(-settings.train.batch_size // settings.train.accumulate) * len(own)
    steps = [needed(clip, images, own, settings.prompt.seen, number)]
    if measures and len(texts) > 1:
        every, tokens = settings.train.batch_size * len(texts), settings.prompt.tokens
        steps.append(needed(clip, every, texts, tokens, FLOAT))
        if settings.affinity.order == "exact":
            steps.append(looked(clip, every * len(texts), len(texts), texts, tokens))
    return Footprint(clip.parameters * FLOAT, max(steps))


def needed(clip: ClipShape, images: int, texts: Sequence[ClassTexts], tokens: int, number: int = FLOAT) -> int:
    """Bytes of a step at its height: before the texts' way back, or in the images' after the texts' is freed."""
    image, text = kept(clip, images, texts, tokens)
    inner = INNER * images * (clip.image_tokens + tokens) * clip.image_width
    inner_text = INNER * sum(one.classes * one.suffix for one in texts) * clip.text_width
    pixels = 2 * images * 3 * clip.image_size**2  # of the tasks apart and put together
    return (image + max(inner, text + inner_text)) * number + pixels * FLOAT


def kept(clip: ClipShape, images: int, texts: Sequence[ClassTexts], tokens: int) -> tuple[int, int]:
    """Numbers that image and text tower keep, with `tokens` prompt tokens; every task's classes have own prompts."""
    block = 14 if clip.quick else 10
    image = images * (clip.image_tokens + tokens) * clip.image_width * (block * (clip.image_layers - 1) + 4)
    widths = 0
    for one in texts:
        copied = 2 * (one.prefix + tokens + one.suffix)
        row = (block * one.suffix + copied) * (clip.text_layers - 1) + 4 * one.suffix + copied
        widths += one.classes * row + block * (one.prefix + tokens) * clip.text_layers
    return image, widths * clip.text_width


def looked(clip: ClipShape, images: int, trials: int, texts: Sequence[ClassTexts], tokens: int) -> int:
    """Bytes of the exact look-ahead: nothing is kept, but every task is seen under every trial at once."""
    states = images * (clip.image_tokens + tokens) * clip.image_width
    for text in dict.fromkeys(texts):  # tasks with one class list share its encoding
        states += trials * text.classes * (2 * text.suffix + text.prefix + tokens) * clip.text_width
    return states * (INNER + 4) * FLOAT + images * 3 * clip.image_size**2 * FLOAT


def size(count: float) -> str:
    """Such as ``850 MB`` or ``1.9 GB``."""
    return f"{count / 1e9:.1f} GB" if count >= 0.95e9 else f"{count / 1e6:.0f} MB"
