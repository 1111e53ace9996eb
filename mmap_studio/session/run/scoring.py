"""Test scores of zero-shot and of trained prompts, from the cache where they are there."""

from collections.abc import Sequence

import torch

from mmap_studio.errors import InputError
from mmap_studio.method.evaluation import Evaluation, cached_text_features, evaluate, image_features, score_features
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.cache import Cached, cached_ensemble, cached_texts, scores_from_arrays, scores_to_arrays
from mmap_studio.session.cache.digests import scores_digest
from mmap_studio.session.events import Progress, Scores, Steps
from mmap_studio.session.methods import ENSEMBLE, ZERO_SHOT
from mmap_studio.session.run.context import RunContext, trained_bank
from mmap_studio.session.run.map_features import keep_prompted
from mmap_studio.session.run.unprompted_features import unprompted_features


def score_zero_shot(context: RunContext) -> Steps[list[Scores]]:
    """Yield and return both zero-shot `Scores`: the task's own template, and the ensemble of templates."""
    cached, clip, tasks = context.cached, context.clip, context.tasks
    own: dict[str, Evaluation] = {}
    ensemble: dict[str, Evaluation] = {}
    for done, task in enumerate(tasks, start=1):
        images = unprompted_features(cached, clip, task.test)
        texts = cached_texts(cached, clip, task.class_names, task.template)
        averaged = cached_ensemble(cached, clip, task.class_names, task.ensemble)
        own[task.name] = score_features(clip, images, texts, task.test.labels)
        ensemble[task.name] = score_features(clip, images, averaged, task.test.labels)
        yield Progress("zero_shot", done, len(tasks), "tasks", task.name)
    scores = [Scores(ZERO_SHOT, own, 0), Scores(ENSEMBLE, ensemble, 0)]
    yield from scores
    return scores


def score_group(context: RunContext, group: TrainedGroup) -> dict[str, Evaluation]:
    """Test scores of the group's tasks under its prompts; those of a group that is not complete are not cached."""
    cached, clip, keep = context.cached, context.clip, context.settings.train.keep
    digest = context.group_digest(group.members)
    bank = trained_bank(clip, group, context.settings)
    scores: dict[str, Evaluation] = {}
    with torch.no_grad():
        prompts = bank()
    lists = cached_text_features(clip, prompts)
    for task in context.members(group.members):
        key = scores_digest(digest, task, keep=keep)
        found = cached_scores(cached, key, task) if group.complete else None
        if found is not None:
            scores[task.name] = found
            continue
        row = bank.prompt_of[task.name]
        images, classes = image_features(clip, task.test, prompts[row]), lists(row, task.texts())
        scores[task.name] = score_features(clip, images, classes, task.test.labels)
        if group.complete:
            cached.put("scores", key, *scores_to_arrays(scores[task.name]))
            keep_prompted(cached, digest, task, keep, images, classes)
    return scores


def score_beyond(context: RunContext, group: TrainedGroup, task: TaskSpec) -> Evaluation:
    """Test scores of a task that the group was not trained on: other classes of one of its tasks, or another domain.

    Another domain is classified with the prompt of the group, which must then have no prompts of tasks.
    """
    clip, keep = context.clip, context.settings.train.keep
    key = scores_digest(context.group_digest(group.members), task, keep=keep, beyond=True)
    found = cached_scores(context.cached, key, task)
    if found is None:
        bank = trained_bank(clip, group, context.settings)
        if task.name not in bank.prompt_of and bank.parts != "group":
            raise InputError(f"Task {task.name!r} must have a prompt or share that of its group, and has none.")
        with torch.no_grad():
            prompts = bank()[bank.prompt_of.get(task.name, 0)]
        found = evaluate(clip, task, prompts)
        context.cached.put("scores", key, *scores_to_arrays(found))
    return found


def cached_scores(cached: Cached, key: str, task: TaskSpec) -> Evaluation | None:
    """Test scores of a task, from the cache; None where they are not there."""
    classes, images = len(task.class_names), len(task.test)
    return cached.read("scores", key, lambda arrays, _: scores_from_arrays(arrays, classes, images))


def trainable_parameters(groups: Sequence[TrainedGroup]) -> int:
    return sum(array.size for group in groups for arrays in group.final.values() for array in arrays.values())
