"""What the backbone learns: to tell captions apart, and from the image alone which class it shows.

The first is CLIP's symmetric contrast within a batch (Radford et al. 2021), leaving out captions that would be right
for another image too. The second is a linear read-out of the image features that is thrown away afterwards: it makes
the features know the classes, while class names are added to no caption.
"""

import math

import numpy as np
import torch
from open_clip.model import CLIP
from torch import Tensor, nn
from torch.nn import functional as F

from tools.build_starter.augment import augment
from tools.build_starter.batches import Batch, Corpus, Texts
from tools.build_starter.model import encode_text

MAX_SCALE = math.log(50.0)
SMOOTHING = 0.05
READOUT_SCALE = 13.0  # unit features of 192 numbers, to about one each
TEXT_GROUPS = 3  # of captions of like length
FILLER_SIZES = 0.01, 0.5  # standard deviation of the random vectors, least and most
CHUNK = 16  # images augmented at a time: few enough to stay in a core's cache


def losses(
    clip: CLIP, readout: nn.Linear, corpus: Corpus, batch: Batch, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Contrastive loss, loss over the batch's subgroups and read-out loss of one batch, scalars."""
    image = F.normalize(clip.encode_image(images(corpus, batch, generator)), dim=1)  # (B, d)
    text = F.normalize(encode_texts(clip, [batch.texts, batch.kinds], generator), dim=1)  # (B + S, d)
    logits = clip.logit_scale.clamp(max=MAX_SCALE).exp() * image @ text.T  # (B, B + S)
    count = len(batch.rows)
    pairs = logits[:, :count].masked_fill(torch.from_numpy(batch.also), -1e4)
    own = torch.arange(count)
    contrast = (F.cross_entropy(pairs, own) + F.cross_entropy(pairs.T, own)) / 2
    kind = F.cross_entropy(logits[:, count:], torch.from_numpy(batch.kind), ignore_index=-1, label_smoothing=SMOOTHING)
    classes = torch.from_numpy(batch.classes)
    named = F.cross_entropy(readout(image * READOUT_SCALE), classes, ignore_index=-1, label_smoothing=SMOOTHING)
    return contrast, kind, named


def images(corpus: Corpus, batch: Batch, generator: torch.Generator) -> Tensor:
    """The batch's images, augmented: (B, 3, S, S)."""
    cuts = range(CHUNK, len(batch.rows), CHUNK)
    parts = zip(np.split(batch.rows, cuts), np.split(batch.mild, cuts), strict=True)
    return torch.cat(
        [
            augment(*(torch.from_numpy(x) for x in (corpus.images[rows], corpus.plain[rows], mild)), generator)
            for rows, mild in parts
        ]
    )


def encode_texts(clip: CLIP, parts: list[Texts], generator: torch.Generator) -> Tensor:
    """Features of all captions, in order: (N, d); the shorter and the longer ones apart, which saves time."""
    tokens = torch.from_numpy(np.concatenate([part.tokens for part in parts]))
    shifts = torch.from_numpy(np.concatenate([part.shifts for part in parts]))
    fillers = draw_fillers(clip, len(tokens), generator)
    order = tokens.argmax(1).argsort(stable=True)
    found = [
        encode_text(clip, tokens[rows], [filler[rows] for filler in fillers], shifts[rows])
        for rows in order.chunk(TEXT_GROUPS)
    ]
    return torch.cat(found)[order.argsort()]


def draw_fillers(clip: CLIP, count: int, generator: torch.Generator) -> list[Tensor]:
    """Random vectors in place of prompts, per layer (N, context, width): of any size; at later layers in some rows."""
    context, width = clip.positional_embedding.shape
    low, high = (math.log(size) for size in FILLER_SIZES)
    size = (torch.rand(count, 1, 1, generator=generator) * (high - low) + low).exp()
    depth = torch.randint(1, len(clip.transformer.resblocks) + 1, (count, 1, 1), generator=generator)
    layers = range(len(clip.transformer.resblocks))
    return [
        torch.randn(count, context, width, generator=generator) * size * (layer < depth).float() for layer in layers
    ]
