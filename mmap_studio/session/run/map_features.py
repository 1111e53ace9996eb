"""The features of the test images for the map: of the plain backbone, and under the prompts of the groups there are.

Both come from the cache where they are there. What prompts give is an artifact of its own beside the scores, and of
at most `PER_TASK` images a task, so that runs on large sets do not fill the disk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmap_studio.config import Settings
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import class_text_features, image_features
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.task import ImageSet, TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.cache import Cached, cached_texts
from mmap_studio.session.cache.digests import features_digest, group_digest, prompted_digest
from mmap_studio.session.events import MapReady, Progress, Steps
from mmap_studio.session.explore.projection import FeatureSet, evenly
from mmap_studio.session.run.stages import bank_of
from mmap_studio.session.run.unprompted_features import unprompted_features

PER_TASK = 2000
"""Images of a task whose prompted features are kept."""
AT_MOST = 12_000
"""Points of a map."""
SPLIT = "test"


@dataclass(frozen=True)
class Features:
    """Unit features of some images of a task and of the texts of its classes."""

    images: np.ndarray
    """float32 (n, d)"""
    texts: np.ndarray
    """float32 (C, d)"""

    @property
    def predictions(self) -> np.ndarray:
        """int64 (n,): the class whose text is nearest."""
        return (self.images @ self.texts.T).argmax(1) if len(self.images) else np.zeros(0, dtype=np.int64)


def keep_prompted(cached: Cached, of: str, task: TaskSpec, keep: str, images: np.ndarray, texts: np.ndarray) -> None:
    """Keep what an evaluation has computed anyway: features of all test images (N, d), and of the classes."""
    _keep(cached, prompted_digest(of, task, keep, PER_TASK), Features(images[evenly(len(images), PER_TASK)], texts))


def _keep(cached: Cached, digest: str, features: Features) -> None:
    cached.put("embeddings", digest, {"images": features.images, "texts": features.texts}, {})


def map_features(
    cached: Cached, clip: FrozenClip, tasks: Sequence[TaskSpec], groups: Sequence[TrainedGroup], settings: Settings
) -> Steps:
    """Yield `MapReady`: the zero-shot features there are, and those under the prompts of `groups`.

    Tasks of no group have no features after prompting. Before zero-shot was measured there is no map.
    """
    if not tasks or not all(cached.store.has("embeddings", features_digest(clip, t.split(SPLIT))) for t in tasks):
        yield MapReady(None)
        return
    group_of = {name: group for group in groups for name in group.members}
    before, after, rows = [], [], []
    for done, task in enumerate(tasks, start=1):
        images = task.split(SPLIT)
        kept = evenly(len(images), PER_TASK)
        chosen = evenly(len(kept), AT_MOST // len(tasks))
        rows.append(kept[chosen])
        texts = cached_texts(cached, clip, task.class_names, task.template)
        before.append(Features(unprompted_features(cached, clip, images)[rows[-1]], texts))
        after.append(_after(cached, clip, tasks, task, group_of.get(task.name), settings, chosen, before[-1]))
        yield Progress("map", done, len(tasks), "tasks", task.name)
    yield MapReady(_together(tasks, rows, before, after if groups else None))


def _after(
    cached: Cached, clip: FrozenClip, tasks: Sequence[TaskSpec], task: TaskSpec, group: TrainedGroup | None,
    settings: Settings, chosen: np.ndarray, before: Features,
) -> Features:  # fmt: skip
    """Under the task's prompts; NaN where it has none."""
    if group is None:
        return Features(np.full_like(before.images, np.nan), np.full_like(before.texts, np.nan))
    members = [one for one in tasks if one.name in group.members]
    digest = prompted_digest(group_digest(clip, members, settings), task, settings.train.keep, PER_TASK)
    found = cached.get("embeddings", digest)
    if found is not None:
        return Features(found[0]["images"][chosen], found[0]["texts"])
    made = _compute(clip, task, group, settings)
    _keep(cached, digest, made)
    return Features(made.images[chosen], made.texts)


@torch.no_grad()
def _compute(clip: FrozenClip, task: TaskSpec, group: TrainedGroup, settings: Settings) -> Features:
    bank = bank_of(clip, group, settings)
    prompts: PromptPair = bank()[bank.prompt_of[task.name]]
    images = Some(task.split(SPLIT), evenly(len(task.split(SPLIT)), PER_TASK))
    return Features(image_features(clip, images, prompts.image), class_text_features(clip, task.texts(), prompts.text))


@dataclass(frozen=True)
class Some:
    """Some images of a set."""

    images: ImageSet
    rows: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """int64 (n,)"""
        return self.images.labels[self.rows]

    @property
    def digest(self) -> str:
        """Not to be kept under: of the whole set and the number of rows."""
        return f"{self.images.digest}-{len(self.rows)}"

    def __len__(self) -> int:
        return len(self.rows)

    def pixels(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """uint8 (B, S, S, 3)"""
        return self.images.pixels(self.rows[np.asarray(indices)])


def _together(
    tasks: Sequence[TaskSpec], rows: list[np.ndarray], before: list[Features], after: list[Features] | None
) -> FeatureSet:
    """One `FeatureSet`; class texts that all tasks share stand once as long as no prompts tell them apart."""
    labels = [task.split(SPLIT).labels[r] for task, r in zip(tasks, rows, strict=True)]
    shared = after is None and len({task.texts() for task in tasks}) == 1
    texts = before[:1] if shared else before
    counts = [-1] * len(before[0].texts) if shared else np.repeat(np.arange(len(tasks)), [len(t.texts) for t in texts])
    return FeatureSet(
        before=np.concatenate([one.images for one in before]),
        after=None if after is None else np.concatenate([one.images for one in after]),
        labels=np.concatenate(labels),
        tasks=tuple(task.name for task in tasks),
        task_of=np.repeat(np.arange(len(tasks)), [len(r) for r in rows]),
        split=SPLIT,
        index=np.concatenate(rows),
        sizes=tuple(len(task.split(SPLIT)) for task in tasks),
        class_names=tuple(task.class_names for task in tasks),
        texts_before=np.concatenate([one.texts for one in texts]),
        texts_after=None if after is None else np.concatenate([one.texts for one in after]),
        text_names=tuple(name for task in (tasks[:1] if shared else tasks) for name in task.class_names),
        text_tasks=np.asarray(counts, dtype=np.int64),
        predictions_before=np.concatenate([one.predictions for one in before]),
        predictions_after=None if after is None else np.concatenate([_judged(one) for one in after]),
    )


def _judged(features: Features) -> np.ndarray:
    """Predictions, -1 for images without features."""
    return np.where(np.isfinite(features.images).all(1), features.predictions, -1)
