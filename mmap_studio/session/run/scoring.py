"""Test scores of zero-shot and of trained prompts, from the cache where they are known."""

from collections.abc import Sequence

import numpy as np
import torch

from mmap_studio.config import Settings
from mmap_studio.method.bank import PromptBank
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation, cached_text_features, image_features, score_features
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.cache import (
    Cached,
    cached_ensemble,
    cached_texts,
    scores_from_arrays,
    scores_to_arrays,
)
from mmap_studio.session.cache.digests import group_digest, scores_digest
from mmap_studio.session.events import Progress, Scores, Steps
from mmap_studio.session.run.map_features import keep_prompted
from mmap_studio.session.run.unprompted_features import unprompted_features

ZERO_SHOT, ENSEMBLE, RUN = "zero_shot", "zero_shot_ensemble", "run"


def score_zero_shot(cached: Cached, clip: FrozenClip, tasks: Sequence[TaskSpec]) -> Steps:
    """Yield both zero-shot `Scores`: the task's own template, and the ensemble of templates."""
    own: dict[str, Evaluation] = {}
    ensemble: dict[str, Evaluation] = {}
    for done, task in enumerate(tasks, start=1):
        images = unprompted_features(cached, clip, task.test)
        own[task.name] = _judged(clip, images, cached_texts(cached, clip, task.class_names, task.template), task)
        ensemble[task.name] = _judged(
            clip, images, cached_ensemble(cached, clip, task.class_names, task.ensemble), task
        )
        yield Progress("zero_shot", done, len(tasks), "tasks", task.name)
    yield Scores(ZERO_SHOT, own, 0)
    yield Scores(ENSEMBLE, ensemble, 0)


def _judged(clip: FrozenClip, images: np.ndarray, classes: np.ndarray, task: TaskSpec) -> Evaluation:
    return score_features(clip, images, classes, task.test.labels)


def score_group(
    cached: Cached,
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    bank: PromptBank,
    group: TrainedGroup,
    settings: Settings,
) -> dict[str, Evaluation]:
    """Test scores of the group's tasks under the bank's prompts."""
    members = [task for task in tasks if task.name in group.members]
    digest = group_digest(clip, members, settings)
    scores: dict[str, Evaluation] = {}
    with torch.no_grad():
        prompts = bank()
    lists = cached_text_features(clip, prompts)
    for task in members:
        key = scores_digest(digest, task, keep=settings.train.keep)
        found = cached.get("scores", key) if group.complete else None
        if found is None:
            row = bank.prompt_of[task.name]
            images, classes = image_features(clip, task.test, prompts[row].image), lists(row, task.texts())
            scores[task.name] = _judged(clip, images, classes, task)
            if group.complete:
                cached.put("scores", key, *scores_to_arrays(scores[task.name]))
                keep_prompted(cached, digest, task, settings.train.keep, images, classes)
        else:
            scores[task.name] = scores_from_arrays(found[0])
    return scores
