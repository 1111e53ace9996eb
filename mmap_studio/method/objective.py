"""Loss: cross-entropy over a task's own classes, for any pairing of prompts and tasks in one pass.

Training pairs every task with its own prompt; a look-ahead pairs every task with every trial prompt. Both are one
call of `pair_losses`: all images go through the image tower together, and a class list is encoded once per prompt
however many tasks share it. A step in micro-batches calls its two halves: `class_features_by_prompt` once, and
`image_losses` for every part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.batches import Batch
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.task import TaskSpec

ClassFeatures = Mapping[tuple[int, int], Tensor]
"""Unit features (C, d) by prompt and class list."""


@dataclass(frozen=True)
class ClassLists:
    """The tokenised class lists of some tasks; tasks with equal texts share one."""

    texts: tuple[tuple[str, ...], ...]
    """One sentence a class."""
    tokens: tuple[Tensor, ...]
    """int64 (C, context) each."""
    of_task: tuple[int, ...]
    """Index into `tokens` for every task."""
    unprompted: dict[tuple[int, str], Tensor] = field(default_factory=dict)
    """Features of lists that were read without text prompts, by precision: they never change."""

    @classmethod
    def of(cls, clip: FrozenClip, tasks: Sequence[TaskSpec]) -> "ClassLists":
        """Tokenise the texts of all tasks once."""
        texts = [task.texts() for task in tasks]
        distinct = tuple(dict.fromkeys(texts))
        tokens = tuple(clip.tokenize(names) for names in distinct)
        return cls(distinct, tokens, tuple(distinct.index(names) for names in texts))


def pair_losses(
    clip: FrozenClip, lists: ClassLists, batches: Sequence[Batch], prompts: PromptPair, pairs: Sequence[tuple[int, int]]
) -> Tensor:
    """Mean cross-entropy (len(pairs),) of task t under prompt p, for every pair (p, t).

    Logits are ``exp(logit_scale) * cos(image, text)`` over the classes of the task.
    """
    texts = class_features_by_prompt(clip, lists, prompts, pairs)
    return image_losses(clip, lists, batches, prompts, texts, pairs)


def class_features_by_prompt(
    clip: FrozenClip, lists: ClassLists, prompts: PromptPair, pairs: Sequence[tuple[int, int]]
) -> ClassFeatures:
    """Every prompt and class list that occur together in `pairs`, all in one pass."""
    needed = sorted({(p, lists.of_task[t]) for p, t in pairs})
    if not prompts.text.numel():  # of image prompts alone, or of a text tower that takes none
        return {(p, c): prompts.corrected(p, lists.texts[c], _unprompted(clip, lists, c)) for p, c in needed}
    sizes = [len(lists.tokens[c]) for _, c in needed]
    owner = torch.tensor([p for p, _ in needed]).repeat_interleave(torch.tensor(sizes))
    tokens = torch.cat([lists.tokens[c] for _, c in needed])
    features = clip.encode_text(tokens, prompts.text, owner, prompts.on_words)
    plain = zip(needed, features.split(sizes), strict=True)
    return {(p, c): prompts.corrected(p, lists.texts[c], found) for (p, c), found in plain}


def _unprompted(clip: FrozenClip, lists: ClassLists, which: int) -> Tensor:
    """Unit features (C, d) of a class list by the tower as it is, read once."""
    key = which, clip.precision
    if key not in lists.unprompted:
        with torch.no_grad():
            lists.unprompted[key] = clip.encode_text(lists.tokens[which])
    return lists.unprompted[key]


def image_losses(
    clip: FrozenClip,
    lists: ClassLists,
    batches: Sequence[Batch],
    prompts: PromptPair,
    texts: ClassFeatures,
    pairs: Sequence[tuple[int, int]],
) -> Tensor:
    """As `pair_losses`, given the features of the classes."""
    images, scale = encode_images(clip, batches, prompts, pairs), clip.logit_scale
    losses = [
        F.cross_entropy(scale * image @ texts[p, lists.of_task[t]].T, batches[t].labels)
        for image, (p, t) in zip(images, pairs, strict=True)
    ]
    return torch.stack(losses)


def encode_images(
    clip: FrozenClip, batches: Sequence[Batch], prompts: PromptPair, pairs: Sequence[tuple[int, int]]
) -> Sequence[Tensor]:
    """Unit features (B, d) of every pair's batch, all in one pass."""
    sizes = [len(batches[t].labels) for _, t in pairs]
    owner = torch.tensor([p for p, _ in pairs]).repeat_interleave(torch.tensor(sizes))
    images = torch.cat([batches[t].images for _, t in pairs])
    features: Sequence[Tensor] = clip.encode_image(images, prompts.image, owner, prompts.gate).split(sizes)
    return features
