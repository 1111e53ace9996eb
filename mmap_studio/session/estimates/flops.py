"""Multiply-adds of a training step, and how many this machine's CPU does a second: the time before it was measured.

With frozen towers a linear layer costs a forward pass and one for the gradient of its input, but none for its weights,
so a step is twice the forward work, and three times with `recompute`; a tower that takes no prompts costs its forward
pass alone. The work of a block is 12 w² multiply-adds a
token, and 2 L w for the attention of a token on L others, of which the way back takes two more. The last block reads
one token alone: 3 w² a token. Micro-batches change nothing: the texts are read once a step.
"""

import time
from collections.abc import Sequence
from functools import cache

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.session.estimates.memory import ClassTexts, ClipShape, TextPass, text_pass

REACHED = 0.7
"""Of the speed of products alone a step of ViT-B/16 reaches this: norms, activations and softmax take their time."""
BESIDE = 4000
"""Multiply-adds that take as long as those do, a token and width of a block. Measured on one core: a text tower of
width 128 reaches 0.27 of the products' speed, one of 512 reaches 0.61, and 12 w / (12 w + 4000) gives both and 0.7 at
768; few other than narrow towers notice."""


TRAINING, RECOMPUTING, LOOKING = (2, 3), (3, 4), (1, 1)
"""Passes of the linear layers, and of the attention on other tokens, in a step and where nothing is trained."""


def multiply_adds(
    settings: Settings, clip: ClipShape, texts: Sequence[ClassTexts], images: Sequence[int] = (), beside: int = 0
) -> int:
    """Of one step of tasks that train together and have these class lists.

    images : of every task in a step; a whole batch of each without
    beside : what else a block takes, as multiply-adds a token and width: `BESIDE` for the time, see `seconds_of`
    """
    train, tokens = settings.train, settings.prompt.inserted
    shared = 1 if settings.prompt.parts == "group" else None
    count = sum(images) or train.batch_size * len(texts)
    passes = RECOMPUTING if train.recompute else TRAINING
    return _images(clip, count, tokens, passes, beside) + _texts(
        clip, text_pass(clip, texts, tokens, shared), passes, beside
    )


def affinity_multiply_adds(
    settings: Settings, clip: ClipShape, texts: Sequence[ClassTexts], images: Sequence[int] = (), beside: int = 0
) -> float:
    """Of one step of stage 1, what is measured every few steps spread over all; arguments as `multiply_adds`.

    One prompt is shared by all tasks. A measurement takes a gradient a task, each through its own class list, and if it
    is exact a look at every task under every trial, whose class lists are read once a trial where tasks share them.
    """
    alone = settings.model_copy(update={"prompt": settings.prompt.model_copy(update={"parts": "group"})})
    tokens, tasks = alone.prompt.inserted, len(texts)
    count = sum(images) or settings.train.batch_size * tasks
    passes = RECOMPUTING if settings.train.recompute else TRAINING
    look = _images(clip, count, tokens, passes, beside) + _texts(clip, text_pass(clip, texts, tokens), passes, beside)
    if settings.affinity.order == "exact":
        trials = text_pass(clip, texts, tokens, tasks)
        look += _images(clip, count * tasks, tokens, LOOKING, beside) + _texts(clip, trials, LOOKING, beside)
    return multiply_adds(alone, clip, texts, images, beside) + look / settings.affinity.every


def seconds_of(work: float, speed: float) -> float:
    """Seconds of multiply-adds counted with `BESIDE`; speed : as `cpu_speed` gives it."""
    return work * REACHED / speed


def _images(clip: ClipShape, images: int, tokens: int, passes: tuple[int, int], beside: int) -> int:
    if not clip.image_layers:
        return images * clip.whole_image  # nothing of it is trained
    length = clip.image_tokens + tokens
    found = images * (clip.image_stem or 3 * clip.image_size**2 * clip.image_width)  # patches; the same
    width, layers = clip.image_width, clip.image_layers
    return found + images * length * _blocks(width, layers, length, passes, beside, clip.image_weights, clip.reads_all)


def _texts(clip: ClipShape, read: TextPass, passes: tuple[int, int], beside: int) -> int:
    if not clip.text_layers:
        return 0  # read once
    length = read.prefix + read.suffix
    return read.tokens * _blocks(clip.text_width, clip.text_layers, length, passes, beside)


def _blocks(
    width: int, layers: int, length: int, passes: tuple[int, int], beside: int, weights: float = 12.0,
    reads_all: bool = False,
) -> int:  # fmt: skip
    """A token's way through all blocks, `length` tokens seen."""
    times, looks = passes
    whole = times * (int(weights * width**2) + beside * width) + looks * 2 * length * width
    if reads_all:
        return layers * whole
    return (layers - 1) * whole + times * (3 * width**2 + beside * width)


@cache
def cpu_speed(threads: int) -> float:
    """Multiply-adds a second of this many threads on this machine's CPU, each as fast as one with a core to itself.

    From a few products of the size of ViT-B/16's by numpy, because torch takes seconds to import.
    Of their speed, a step reaches `REACHED`.
    """
    from threadpoolctl import threadpool_limits

    a, b = np.ones((788, 768), np.float32), np.ones((768, 1536), np.float32)
    with threadpool_limits(1):
        seconds = [_seconds(a, b) for _ in range(4)]
    return REACHED * threads * a.shape[0] * a.shape[1] * b.shape[1] / min(seconds)


def _seconds(a: np.ndarray, b: np.ndarray) -> float:
    """Of one product; of as many as take three ticks of Windows' clock of processor time."""
    began, count, took = time.thread_time(), 0, 0.0
    while took < 0.05:
        a @ b
        count, took = count + 1, time.thread_time() - began
    return took / count
