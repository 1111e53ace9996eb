"""Memory that a run needs beside the program itself, before it starts: the weights and what its largest step takes.

A step keeps, for its way back, what the layers of both towers need: the weights are frozen, so linear layers keep
nothing. That leaves, in each block and for each token of width w: the input of both norms (2 w), queries, keys and
values (3 w), what attention gives (w) and the input of the activation (4 w; QuickGELU keeps a product's two factors,
8 w; a gated layer what it multiplies). The last block reads one token alone and keeps 4 w, unless the tower is
read at all its tokens. A tower that takes no prompts keeps nothing. Text rows share their prefix: a row has its
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
"""On a CPU what the step takes, over what of it is in use: freed memory between what stays (`session.runtime.heap`)."""
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
    """Patches and class token; 0 of a tower that takes no prompts."""
    image_width: int
    text_width: int
    text_layers: int
    image_layers: int
    quick: bool = False
    """QuickGELU, in the text tower at least."""
    causal: bool = True
    """Whether texts share their prefix and are cut at their end; else every row has the whole context."""
    context: int = 77
    half: bool = False
    """Whether training computes in bfloat16."""
    device: str = "cpu"
    image_weights: float = 12.0
    """Weights of an image block's linear layers, by the square of the width."""
    image_kept: float = 0.0
    """Numbers a token and width that an image block's inner layers keep; 0: as many as a text block's."""
    reads_all: bool = False
    """Whether the feature of an image is made of all its tokens."""
    image_stem: int = 0
    """Multiply-adds of an image's patches; 0: one convolution."""
    whole_image: int = 0
    """Multiply-adds of an image through a tower that takes no prompts."""
    whole_peak: int = 0
    """Numbers of an image that such a tower holds at a time."""

    @property
    def text_kept(self) -> float:
        """Numbers a token and width that a text block's inner layers keep."""
        return 8.0 if self.quick else 4.0


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
    inner, inner_text = image_inside(clip, images, tokens), inside(clip, texts.rows * texts.suffix, clip.text_width)
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
    inner = 2 * FLOAT + 4 * number  # of a block beside its inner layers
    block, last = inner + int(clip.text_kept) * number, FLOAT + 3 * number
    image_block = inner + (clip.image_kept or clip.text_kept) * number
    image_last = image_block if clip.reads_all else last
    copied = 2 * texts.rows * (texts.prefix + texts.suffix) * number if clip.causal else 0
    image = seen * (image_block * (clip.image_layers - 1) + image_last) * clip.image_width
    text = ((texts.tokens * block + copied) * (clip.text_layers - 1) + texts.tokens * last + copied) * clip.text_width
    if clip.half:
        image += clip.image_weights * clip.image_width**2 * clip.image_layers * HALF
        text += 12 * clip.text_width**2 * clip.text_layers * HALF
    return int(image), text


def image_inside(clip: ClipShape, images: int, tokens: int) -> int:
    """Bytes of what is in work in the image tower: a block, or the largest layer of a tower that takes no prompts."""
    if clip.image_width:
        inner = max(INNER, clip.image_kept)
        return inside(clip, images * (clip.image_tokens + tokens), clip.image_width, inner, clip.image_weights)
    piece = max(1, int(PIECE / max(clip.whole_image, 1))) if clip.device == "cpu" else images
    return min(images, piece) * clip.whole_peak * FLOAT


def inside(clip: ClipShape, tokens: int, width: int, inner: float = INNER, weights: float = 12.0) -> int:
    """Bytes of the block in work: its input and output, put together from pieces, and the inner states of a piece."""
    if not width:
        return 0
    piece = min(tokens, int(PIECE / (weights * width**2))) if clip.device == "cpu" else tokens
    return int((3 * tokens + inner * piece) * width * FLOAT)


def forward_bytes(clip: ClipShape, images: int, texts: TextPass, tokens: int) -> int:
    """Bytes of a pass that keeps nothing, such as the exact look-ahead, which sees every task under every trial."""
    image = image_inside(clip, images, tokens)
    text = inside(clip, texts.tokens, clip.text_width)
    return max(image, text) + 3 * images * 3 * clip.image_size**2 * FLOAT
