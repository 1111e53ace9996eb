"""Multiply-adds of a training step, and how many this machine's CPU does a second: the time before it was measured.

With frozen towers a linear layer costs a forward pass and one for the gradient of its input, but none for its weights,
so a step is twice the forward work, and three times with `recompute`. The work of a block is 12 w² multiply-adds a
token, and 2 L w for the attention of a token on L others, of which the way back takes two more. The last block reads
one token alone: 3 w² a token. Micro-batches change nothing: the texts are read once a step.
"""

import time
from collections.abc import Sequence
from functools import cache

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.session.estimates.memory import ClassTexts, ClipShape, text_pass

REACHED = 0.7
"""Measured on ViT-B/16: norms, activations and softmax take their time beside the products."""


def multiply_adds(settings: Settings, clip: ClipShape, texts: Sequence[ClassTexts]) -> int:
    """Of one step of tasks that train together and have these class lists."""
    train, tokens = settings.train, settings.prompt.inserted
    times, looks = (3, 4) if train.recompute else (2, 3)
    length = clip.image_tokens + tokens
    images = train.batch_size * len(texts)
    found = images * 3 * clip.image_size**2 * clip.image_width  # patches; nothing of them is trained
    found += images * length * _blocks(clip.image_width, clip.image_layers, length, times, looks)
    read = text_pass(clip, texts, tokens, 1 if settings.prompt.parts == "group" else None)
    length = read.prefix + read.suffix
    return found + read.tokens * _blocks(clip.text_width, clip.text_layers, length, times, looks)


def _blocks(width: int, layers: int, length: int, times: int, looks: int) -> int:
    """A token's way through all blocks, `length` tokens seen."""
    whole = times * 12 * width**2 + looks * 2 * length * width
    return (layers - 1) * whole + times * 3 * width**2


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
