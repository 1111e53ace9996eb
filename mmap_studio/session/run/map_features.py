"""The features of the test images for the map: of the plain backbone, and under the prompts of the groups there are.

Both come from the cache where they are there. What prompts give is an artifact of its own beside the scores, and of
at most `PER_TASK` images a task, so that runs on large sets do not fill the disk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmap_studio.data.images.image_sets import Subset
from mmap_studio.method.evaluation import class_text_features, image_features
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.cache import Cached, cached_texts, checked_array
from mmap_studio.session.cache.digests import features_digest, prompted_digest
from mmap_studio.session.events import MapReady, Progress, Steps
from mmap_studio.session.explore.projection import FeatureSet, evenly
from mmap_studio.session.run.context import RunContext, trained_bank
from mmap_studio.session.run.unprompted_features import unprompted_features

PER_TASK = 2000
"""Images of a task whose prompted features are kept."""
AT_MOST = 12_000
"""Points of a map."""
SPLIT = "test"


@dataclass(frozen=True)
class MapFeatures:
    """Unit features of some images of a task and of the texts of its classes."""

    images: np.ndarray
    """float32 (n, d)"""
    texts: np.ndarray
    """float32 (C, d)"""

    @property
    def predictions(self) -> np.ndarray:
        """int64 (n,): the class whose text is nearest; -1 for images without features."""
        if not len(self.images):
            return np.zeros(0, dtype=np.int64)
        return np.where(np.isfinite(self.images).all(1), (self.images @ self.texts.T).argmax(1), -1)


def keep_prompted(cached: Cached, of: str, task: TaskSpec, keep: str, images: np.ndarray, texts: np.ndarray) -> None:
    """Cache what an evaluation has computed anyway: features of all test images (N, d), and of the classes."""
    kept = MapFeatures(images[evenly(len(images), PER_TASK)], texts)
    _put(cached, prompted_digest(of, task, keep, PER_TASK), kept)


def _put(cached: Cached, digest: str, features: MapFeatures) -> None:
    cached.put("embeddings", digest, {"images": features.images, "texts": features.texts}, {})


def map_features(context: RunContext, groups: Sequence[TrainedGroup]) -> Steps[None]:
    """Yield `MapReady`: the zero-shot features there are, and those under the prompts of `groups`.

    Tasks of no group have no features after prompting. Before zero-shot was measured there is no map.
    """
    cached, clip, tasks = context.cached, context.clip, context.tasks
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
        before.append(MapFeatures(unprompted_features(cached, clip, images)[rows[-1]], texts))
        if task.name in group_of:
            prompted = _prompted(context, task, group_of[task.name])
            after.append(MapFeatures(prompted.images[chosen], prompted.texts))
        else:
            after.append(MapFeatures(np.full_like(before[-1].images, np.nan), np.full_like(texts, np.nan)))
        yield Progress("map", done, len(tasks), "tasks", task.name)
    yield MapReady(_feature_set(tasks, rows, before, after if groups else None))


@torch.no_grad()
def _prompted(context: RunContext, task: TaskSpec, group: TrainedGroup) -> MapFeatures:
    """Features of at most `PER_TASK` images under the task's prompts, from the cache or computed."""
    settings, clip = context.settings, context.clip
    digest = prompted_digest(context.group_digest(group.members), task, settings.train.keep, PER_TASK)
    width, n = clip.embed_width, len(evenly(len(task.split(SPLIT)), PER_TASK))
    found = context.cached.read(
        "embeddings", digest,
        lambda arrays, _: MapFeatures(
            checked_array(arrays, "images", "f4", (n, width)),
            checked_array(arrays, "texts", "f4", (len(task.class_names), width)),
        ),
    )  # fmt: skip
    if found is not None:
        return found
    bank = trained_bank(clip, group, settings)
    prompts = bank()[bank.prompt_of[task.name]]
    images = Subset(task.split(SPLIT), evenly(len(task.split(SPLIT)), PER_TASK))
    made = MapFeatures(image_features(clip, images, prompts), class_text_features(clip, task.texts(), prompts))
    _put(context.cached, digest, made)
    return made


def _feature_set(
    tasks: Sequence[TaskSpec], rows: list[np.ndarray], before: list[MapFeatures], after: list[MapFeatures] | None
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
        predictions_after=None if after is None else np.concatenate([one.predictions for one in after]),
    )
