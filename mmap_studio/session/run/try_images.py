"""Images of a user's own, as CLIP alone and as the trained prompts of a task see them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from mmap_studio.config import Settings
from mmap_studio.data.images.decode import decode_many
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import class_text_features, encode_pixels, probabilities
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.events import Guesses, TriedImage, TriedImages
from mmap_studio.session.run.context import trained_bank

TOGETHER = 16
"""Images that are told at once."""
TOP = 3


def try_images(
    clip: FrozenClip, task: TaskSpec, group: TrainedGroup | None, settings: Settings, files: Sequence[Path]
) -> Iterator[TriedImages]:
    """Answers for all files, some at a time. `group` is the one that the task was trained in, if it was."""
    pair = _pair(clip, task.name, group, settings)
    alone = class_text_features(clip, task.texts())
    own = class_text_features(clip, task.texts(), pair) if pair else None
    for start in range(0, len(files), TOGETHER):
        some = files[start : start + TOGETHER]
        decoded = [one for _, one in decode_many(enumerate(some), clip.geometry)]
        sound = [one for one in decoded if isinstance(one, np.ndarray)]
        plain = iter(_guesses(clip, task, sound, None, alone))
        prompted = iter(_guesses(clip, task, sound, pair, own) if pair and own is not None else ())
        yield TriedImages(task.name, tuple(
            TriedImage(file, one, next(plain), next(prompted, ())) if isinstance(one, np.ndarray)
            else TriedImage(file, error=one.reason)
            for file, one in zip(some, decoded, strict=True)
        ))  # fmt: skip


@torch.no_grad()
def _pair(clip: FrozenClip, task: str, group: TrainedGroup | None, settings: Settings) -> PromptPair | None:
    if group is None:
        return None
    bank = trained_bank(clip, group, settings)
    pair: PromptPair = bank()[bank.prompt_of[task]]
    return pair


def _guesses(
    clip: FrozenClip, task: TaskSpec, pixels: list[np.ndarray], prompts: PromptPair | None, classes: np.ndarray
) -> list[Guesses]:
    if not pixels:
        return []
    features = encode_pixels(clip, np.stack(pixels), prompts).cpu().numpy()
    found = []
    for row in probabilities(clip, features, classes):
        best = np.argsort(row, kind="stable")[::-1][:TOP]
        found.append(tuple((task.class_names[i], float(row[i])) for i in best))
    return found
