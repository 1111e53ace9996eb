"""What the backbone learns: to tell captions apart, and to name the class of every picture that has one.

Both are CLIP's own comparison, scaled cosines (Radford et al. 2021). The first is its symmetric contrast within a
batch, leaving out captions that would be right for another picture too. The second sets every picture against the
names of all classes in one template, which is what zero-shot classification will ask.
"""

import math

import numpy as np
import torch
from open_clip.model import CLIP
from torch import Tensor
from torch.nn import functional as F

from tools.build_starter.augment import augment
from tools.build_starter.batches import Batch, Corpus
from tools.build_starter.model import encode_text

MAX_SCALE = math.log(50.0)
SMOOTHING = 0.05
CHUNK = 16  # pictures augmented at a time: few enough to stay in a core's cache


def losses(clip: CLIP, corpus: Corpus, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Contrastive loss and class loss of one batch, scalars."""
    image = F.normalize(clip.encode_image(pictures(corpus, batch, generator)), dim=1)  # (B, d)
    text = F.normalize(encode_text(clip, texts(corpus, batch)), dim=1)  # (B + classes, d)
    logits = clip.logit_scale.clamp(max=MAX_SCALE).exp() * image @ text.T  # (B, B + classes)
    count = len(batch.rows)
    pairs = logits[:, :count].masked_fill(torch.from_numpy(batch.also), -1e4)
    own = torch.arange(count)
    contrast = (F.cross_entropy(pairs, own) + F.cross_entropy(pairs.T, own)) / 2
    by_class = F.cross_entropy(logits[:, count:], torch.from_numpy(batch.classes), ignore_index=-1,
                               label_smoothing=SMOOTHING)
    return contrast, by_class


def pictures(corpus: Corpus, batch: Batch, generator: torch.Generator) -> Tensor:
    """The batch's pictures, augmented: (B, 3, S, S)."""
    cuts = range(CHUNK, len(batch.rows), CHUNK)
    parts = zip(np.split(batch.rows, cuts), np.split(batch.mild, cuts), strict=True)
    return torch.cat([augment(torch.from_numpy(corpus.pictures[rows]), torch.from_numpy(corpus.regions[rows]),
                              torch.from_numpy(corpus.plain[rows]), torch.from_numpy(mild), generator)
                      for rows, mild in parts])


def texts(corpus: Corpus, batch: Batch) -> Tensor:
    """The batch's captions, then the class names, as compact tokens cut at the longest: (B + classes, L)."""
    captions = corpus.captions
    which = np.concatenate([batch.phrases, captions.classes])
    how = np.concatenate([batch.templates, np.full(len(captions.classes), batch.class_template)])
    return torch.from_numpy(captions.rows[which, how][:, : captions.lengths[which, how].max()].astype(np.int64))
