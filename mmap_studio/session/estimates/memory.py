"""Memory that a run needs beside the program itself, before it starts: the weights and what its largest step takes.

A step keeps, for its way back, what the layers of both towers need: the weights are frozen, so linear layers keep
nothing. That leaves, in each block and for each token of width w: the input of both norms (2 w), queries, keys and
values (3 w), what attention gives (w) and the input of the activation (4 w; QuickGELU keeps a product's two factors,
8 w). The last block reads one token alone and keeps 4 w. Text rows share their prefix: a row has its
suffix only, but a copy of all keys and values (2 w a token of prefix and suffix). With `recompute` a block keeps its
input alone, and one block at a time all of this. Norms work in float32; under bfloat16 the rest takes half, and linear
layers keep their weights once more, rounded. On top comes one block's inner states while it is computed.

tests/session/estimates/test_memory.py holds this against what torch keeps and has at its peak,
`python -m benchmarks estimate` against the memory of processes with a full-size model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmap_studio.config import Settings
from mmap_studio.formatting import size

FLOAT, HALF = 4, 2
"""Bytes of a number."""
INNER = 8
"""Widths a token that the inner layers of the block in work take, beside its input and output."""
GAPS = 1.2
"""On a CPU what the step takes, over what of it is in use: freed memory between what stays (`session.heap`)."""
PIECE = 6e9
"""Multiply-adds of the piece that a CPU computes at a time (`method.clip.blocks.PIECE`)."""
SCORED = 64
"""Images a pass where nothing is trained (`method.evaluation.BATCH_SIZE`)."""


@dataclass(frozen=True)
class ClipShape:
    """What the memory and the work of a backbone follow from."""

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
    causal: bool = True
    """Whether texts share their prefix and are cut at their end; else every row has the whole context."""
    context: int = 77
    half: bool = False
    """Whether training computes in bfloat16."""
    device: str = "cpu"


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
    weights: int
    step: int
    """Of the largest step of the run."""

    @property
    def bytes(self) -> int:
        return self.weights + self.step

    def text(self) -> str:
        """Such as ``weights 598 MB, one step 1.3 GB, beside the program's own``."""
        return f"weights {size(self.weights)}, one step {size(self.step)}, beside the program's own"


@dataclass(frozen=True)
class TextPass:
    """What the text tower reads in one pass."""

    prompts: int
    prefix: int
    """Tokens of a prompt's prefix, its own included."""
    rows: int
    """Classes, once a prompt that they are read under."""
    suffix: int
    """Tokens of a row."""

    @property
    def tokens(self) -> int:
        return self.prompts * self.prefix + self.rows * self.suffix


def footprint(
    settings: Settings,
    clip: ClipShape,
    groups: Sequence[Sequence[ClassTexts]],
    measured: Sequence[ClassTexts] = (),
    images: Sequence[Sequence[int]] = (),
    images_measured: Sequence[int] = (),
    scored: int = SCORED,
) -> Footprint:
    """Of a run that trains these groups, given by the texts of their tasks, and first measures affinity.

    measured : texts of the tasks whose affinity is measured
    images, images_measured : images of every task in a step, see `in_a_step`; a whole batch of each without
    scored : images of the largest pass where nothing is trained
    """
    train, prompt = settings.train, settings.prompt
    images = images or [[train.batch_size] * len(texts) for texts in groups]
    heights = [scoring_bytes(clip, texts[:1], prompt.inserted, scored) for texts in groups]
    for texts, own in zip(groups, images, strict=True):
        passed = text_pass(clip, texts, prompt.inserted, 1 if prompt.parts == "group" else None)
        part = sum(-(-count // train.accumulate) for count in own)
        heights.append(needed(clip, part, passed, prompt.inserted, train.recompute))
    if len(measured) > 1:
        every, count = sum(images_measured) or train.batch_size * len(measured), len(measured)
        exact, alone = replace(clip, half=False), prompt.model_copy(update={"parts": "group"}).inserted
        heights.append(needed(exact, every, text_pass(clip, measured, alone), alone, train.recompute))
        if settings.affinity.order == "exact":
            trials = text_pass(clip, measured, alone, count)
            heights.append(forward_bytes(exact, every * count, trials, alone))
    taken = GAPS if clip.device == "cpu" else 1
    return Footprint(clip.parameters * FLOAT, int(taken * max(heights, default=0)))


def in_a_step(batch_size: int, images: int) -> int:
    """Images of a task in a step: a batch, or all that it has to train on."""
    return min(batch_size, images)


def scoring_bytes(clip: ClipShape, texts: Sequence[ClassTexts], tokens: int, images: int = SCORED) -> int:
    """Bytes of an evaluation's pass."""
    return forward_bytes(clip, min(images, SCORED), text_pass(clip, texts, tokens), tokens)


def text_pass(clip: ClipShape, texts: Sequence[ClassTexts], tokens: int, shared: int | None = None) -> TextPass:
    """The classes of some tasks, each task under a prompt of its own, or all under `shared` prompts they share.

    tokens : of a prompt   Equal lists are read once a prompt. All rows are cut alike.
    """
    lists = texts if shared is None else tuple(dict.fromkeys(texts))
    rows, prompts = sum(one.classes for one in lists) * (shared or 1), shared or len(lists)
    if not clip.causal:
        return TextPass(0, 0, rows, clip.context)
    prefix = min((one.prefix for one in lists), default=0)
    end = max((one.prefix + one.suffix for one in lists), default=0)
    return TextPass(prompts, prefix + tokens, rows, end - prefix)


def needed(clip: ClipShape, images: int, texts: TextPass, tokens: int, recompute: bool = False) -> int:
    """Bytes of a step at its height: in the images' way back while the texts wait, or in the texts' after it.

    images : of a micro-batch; all texts are read once a step
    """
    image, text = kept(clip, images, texts, tokens, recompute)
    seen = images * (clip.image_tokens + tokens)
    inner, inner_text = inside(clip, seen, clip.image_width), inside(clip, texts.rows * texts.suffix, clip.text_width)
    inner_text += 4 * texts.rows * (texts.prefix + texts.suffix) * clip.text_width * FLOAT  # keys, values, gradients
    if recompute:
        one = kept(replace(clip, text_layers=2, image_layers=2), images, texts, tokens)
        inner, inner_text = inner + one[0], inner_text + one[1]
    return text + max(image + inner, inner_text) + 2 * images * 3 * clip.image_size**2 * FLOAT  # pixels apart, together


def kept(clip: ClipShape, images: int, texts: TextPass, tokens: int, recompute: bool = False) -> tuple[int, int]:
    """Bytes that image and text tower keep, with `tokens` prompt tokens."""
    seen = images * (clip.image_tokens + tokens)
    if recompute:
        states = seen * clip.image_width * clip.image_layers, texts.tokens * clip.text_width * clip.text_layers
        return states[0] * FLOAT, states[1] * FLOAT
    number = HALF if clip.half else FLOAT
    block, last = 2 * FLOAT + (12 if clip.quick else 8) * number, FLOAT + 3 * number
    copied = 2 * texts.rows * (texts.prefix + texts.suffix) * number if clip.causal else 0
    image = seen * (block * (clip.image_layers - 1) + last) * clip.image_width
    text = ((texts.tokens * block + copied) * (clip.text_layers - 1) + texts.tokens * last + copied) * clip.text_width
    if clip.half:
        image += 12 * clip.image_width**2 * clip.image_layers * HALF
        text += 12 * clip.text_width**2 * clip.text_layers * HALF
    return image, text


def inside(clip: ClipShape, tokens: int, width: int) -> int:
    """Bytes of the block in work: its input and output, put together from pieces, and the inner states of a piece."""
    piece = min(tokens, int(PIECE / (12 * width**2))) if clip.device == "cpu" else tokens
    return (3 * tokens + INNER * piece) * width * FLOAT


def forward_bytes(clip: ClipShape, images: int, texts: TextPass, tokens: int) -> int:
    """Bytes of a pass that keeps nothing, such as the exact look-ahead, which sees every task under every trial."""
    image = inside(clip, images * (clip.image_tokens + tokens), clip.image_width)
    text = inside(clip, texts.tokens, clip.text_width)
    return max(image, text) + 3 * images * 3 * clip.image_size**2 * FLOAT
