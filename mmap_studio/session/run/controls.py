"""Controls: the alternatives a run is compared with, on the same data and with the same evaluation.

Each is a generator that ends with its `Scores`, under the name that `session.methods.CONTROLS` has for it; all that
users read of a control is there.
"""

from collections.abc import Callable, Sequence

from mmap_studio.method.evaluation import Evaluation
from mmap_studio.method.finetune import fine_tune
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.rivals.features.linear_probe import linear_probe
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.cache.cache import scores_to_arrays
from mmap_studio.session.cache.digests import control_digest, scores_digest
from mmap_studio.session.cache.turn import Turn
from mmap_studio.session.events import GroupScored, Progress, Scores, Steps
from mmap_studio.session.run.context import RunContext
from mmap_studio.session.run.scoring import cached_scores, score_group, trainable_parameters
from mmap_studio.session.run.stages import trained_groups, waited
from mmap_studio.session.run.unprompted_features import unprompted_features

Control = Callable[[RunContext, Grouping, str], Steps[Scores]]
"""Of a context, the grouping of the run and the control's name."""


def run_control(name: str, context: RunContext, grouping: Grouping) -> Steps[Scores]:
    """Yield the events of one control, its `Scores` last, and return these; `grouping` is the run's."""
    scores = yield from RUNNERS[name](context, grouping, name)
    yield scores
    return scores


def _prompts_in(choose: Callable[[RunContext, Grouping], Grouping]) -> Control:
    """MmAP with another grouping: same settings, same seed, groups from the cache where they are there."""

    def run(context: RunContext, grouping: Grouping, name: str) -> Steps[Scores]:
        other = choose(context, grouping)
        groups = yield from trained_groups(context, other, "controls", name)
        scores: dict[str, Evaluation] = {}
        for group in groups:
            found = score_group(context, group)
            scores |= found
            yield GroupScored(group.members, found)
        ordered = {task: scores[task] for task in context.names}
        return Scores(name, ordered, trainable_parameters(groups), grouping=other)

    return run


def _linear_probe(context: RunContext, grouping: Grouping, name: str) -> Steps[Scores]:
    """Logistic regression on unprompted features, one per task."""
    scores: dict[str, Evaluation] = {}
    parameters = 0
    for done, task in enumerate(context.tasks, start=1):
        splits = (task.train, task.val, task.test)
        train, val, test = ((unprompted_features(context.cached, context.clip, s), s.labels) for s in splits)
        probe = linear_probe(train, val, test, len(task.class_names))
        scores[task.name], parameters = probe.scores, parameters + probe.parameters
        yield Progress("controls", done, len(context.tasks), "tasks", name)
    return Scores(name, scores, parameters)


def _fine_tuned_per_task(context: RunContext, grouping: Grouping, name: str) -> Steps[Scores]:
    """Every weight of a copy of CLIP a task."""
    scores: dict[str, Evaluation] = {}
    for task in context.tasks:
        scores |= yield from _fine_tuned(context, name, f"{name}: {task.name}", [task])
    return Scores(name, scores, context.clip.parameters_count * len(context.tasks))


def _fine_tuned_jointly(context: RunContext, grouping: Grouping, name: str) -> Steps[Scores]:
    """Every weight of one copy of CLIP for all tasks."""
    scores = yield from _fine_tuned(context, name, name, context.tasks)
    return Scores(name, scores, context.clip.parameters_count)


def _fine_tuned(context: RunContext, name: str, note: str, tasks: Sequence[TaskSpec]) -> Steps[dict[str, Evaluation]]:
    """Scores of one fine-tuned copy; cached task by task."""
    cached, settings = context.cached, context.settings
    digest = control_digest(name, context.clip, tasks, settings)
    keys = {task.name: scores_digest(digest, task) for task in tasks}

    def known() -> dict[str, Evaluation] | None:
        found = {task.name: cached_scores(cached, keys[task.name], task) for task in tasks}
        there = {name: one for name, one in found.items() if one is not None}
        return there if len(there) == len(found) else None

    if (there := known()) is not None:
        return there
    with Turn(cached.store, "scores", digest) as turn:
        yield from waited(turn, f"The control {note}", context)
        if (there := known()) is not None:
            return there
        scores: dict[str, Evaluation] = {}
        for report in fine_tune(context.clip, tasks, settings.train, settings.finetune, settings.seed):
            yield Progress("controls", report.step, report.steps, "steps", note)
            scores = report.scores or scores
        for task, key in keys.items():
            cached.put("scores", key, *scores_to_arrays(scores[task]))
    return scores


RUNNERS: dict[str, Control] = {
    "linear_probe": _linear_probe,
    "together": _prompts_in(lambda context, _: Grouping.together(context.names)),
    "separate": _prompts_in(lambda context, _: Grouping.separate(context.names)),
    "random": _prompts_in(lambda context, run: Grouping.random(context.names, run, context.settings.seed)),
    "finetune": _fine_tuned_per_task,
    "finetune_joint": _fine_tuned_jointly,
}
"""What runs each of the controls."""
