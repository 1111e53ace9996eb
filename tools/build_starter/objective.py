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
from tools.build_starter.batches import Batch, Corpus
from tools.build_starter.model import encode_text

MAX_SCALE = math.log(50.0)
SMOOTHING = 0.05
READOUT_SCALE = 13.0  # unit features of 192 numbers, to about one each
CHUNK = 16  # images augmented at a time: few enough to stay in a core's cache


def losses(
    clip: CLIP, readout: nn.Linear, corpus: Corpus, batch: Batch, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Contrastive loss and read-out loss of one batch, scalars."""
    image = F.normalize(clip.encode_image(images(corpus, batch, generator)), dim=1)  # (B, d)
    text = F.normalize(encode_text(clip, texts(corpus, batch)), dim=1)  # (B, d)
    logits = clip.logit_scale.clamp(max=MAX_SCALE).exp() * image @ text.T  # (B, B)
    pairs = logits.masked_fill(torch.from_numpy(batch.also), -1e4)
    own = torch.arange(len(batch.rows))
    contrast = (F.cross_entropy(pairs, own) + F.cross_entropy(pairs.T, own)) / 2
    classes = torch.from_numpy(batch.classes)
    named = F.cross_entropy(readout(image * READOUT_SCALE), classes, ignore_index=-1, label_smoothing=SMOOTHING)
    return contrast, named


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


def texts(corpus: Corpus, batch: Batch) -> Tensor:
    """The batch's captions as compact tokens, cut at the longest: (B, L)."""
    captions, which = corpus.captions, (batch.phrases, batch.templates)
    return torch.from_numpy(captions.rows[which][:, : captions.lengths[which].max()].astype(np.int64))
