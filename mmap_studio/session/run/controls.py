"""Controls: the alternatives a result is compared with, on the same data and the same evaluation.

Each is a short generator from a `Context` to `Scores`, registered under its name; other methods come beside these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmap_studio.config import Settings
from mmap_studio.errors import InputError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation
from mmap_studio.method.finetune import fine_tune
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.linear_probe import linear_probe
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.cache.cache import Cached, scores_from_arrays, scores_to_arrays
from mmap_studio.session.cache.digests import control_digest, scores_digest
from mmap_studio.session.events import GroupScored, Progress, Scores, Steps
from mmap_studio.session.run.scoring import score_group
from mmap_studio.session.run.stages import bank_of, trained_groups
from mmap_studio.session.run.unprompted_features import unprompted_features


@dataclass(frozen=True)
class Context:
    """What a control works with."""

    cached: Cached
    clip: FrozenClip
    tasks: Sequence[TaskSpec]
    settings: Settings
    grouping: Grouping
    """The grouping of the run."""


@dataclass(frozen=True)
class Control:
    """One alternative."""

    title: str
    run: Callable[[Context, str], Steps]


def run_control(name: str, context: Context) -> Steps:
    """The events of one control; the last one is its `Scores`."""
    yield from CONTROLS[name].run(context, name)


def check_controls(names: Sequence[str]) -> tuple[str, ...]:
    """The names, "all" spelt out; InputError names the one that is not known."""
    if "all" in names:
        return tuple(CONTROLS)
    for name in names:
        if name not in CONTROLS:
            raise InputError(f"A control must be one of {', '.join(CONTROLS)} or all. Got {name!r} instead.")
    return tuple(dict.fromkeys(names))


def _with_grouping(choose: Callable[[Context], Grouping]) -> Callable[[Context, str], Steps]:
    """MmAP with another grouping: the same settings and seed, groups from the cache where they are there."""

    def run(context: Context, name: str) -> Steps:
        c, grouping = context, choose(context)
        groups = yield from trained_groups(c.cached, c.clip, c.tasks, grouping, c.settings, "controls", name)
        scores: dict[str, Evaluation] = {}
        parameters = 0
        for group in groups:
            bank = bank_of(c.clip, group, c.settings)
            parameters += bank.parameters_count
            found = score_group(c.cached, c.clip, c.tasks, bank, group, c.settings)
            scores |= found
            yield GroupScored(group.members, found)
        yield Scores(name, _ordered(scores, c.tasks), parameters, grouping=grouping)

    return run


def _linear_probe(context: Context, name: str) -> Steps:
    """Logistic regression on unprompted features, one per task."""
    scores: dict[str, Evaluation] = {}
    parameters = 0
    for done, task in enumerate(context.tasks, start=1):
        features = [
            unprompted_features(context.cached, context.clip, images) for images in (task.train, task.val, task.test)
        ]
        sets = zip(features, (task.train, task.val, task.test), strict=True)
        train, val, test = ((found, images.labels) for found, images in sets)
        probe = linear_probe(train, val, test, len(task.class_names), context.settings.seed)
        scores[task.name], parameters = probe.scores, parameters + probe.parameters
        yield Progress("controls", done, len(context.tasks), "tasks", name)
    yield Scores(name, scores, parameters)


def _fine_tuned(joint: bool) -> Callable[[Context, str], Steps]:
    """Every weight of a copy of CLIP: one copy for all tasks, or one a task."""

    def run(context: Context, name: str) -> Steps:
        teams = [list(context.tasks)] if joint else [[task] for task in context.tasks]
        scores: dict[str, Evaluation] = {}
        for team in teams:
            note = name if joint else f"{name}: {team[0].name}"
            scores |= yield from _tuned_team(context, name, note, team)
        yield Scores(name, scores, context.clip.parameters_count * len(teams))

    return run


def _tuned_team(context: Context, name: str, note: str, team: Sequence[TaskSpec]) -> Steps:
    """Scores of one fine-tuned copy; kept task by task."""
    cached, settings = context.cached, context.settings
    digest = control_digest(name, context.clip, team, settings)
    keys = {task.name: scores_digest(digest, task) for task in team}
    found = {task: cached.get("scores", key) for task, key in keys.items()}
    if all(found.values()):
        return {task: scores_from_arrays(one[0]) for task, one in found.items() if one is not None}
    result: dict[str, Evaluation] = {}
    for report in fine_tune(context.clip, team, settings.train, settings.finetune, settings.seed):
        yield Progress("controls", report.step, report.steps, "steps", note)
        result = report.scores or result
    for task, key in keys.items():
        cached.put("scores", key, *scores_to_arrays(result[task]))
    return result


def _ordered(scores: dict[str, Evaluation], tasks: Sequence[TaskSpec]) -> dict[str, Evaluation]:
    return {task.name: scores[task.name] for task in tasks}


def _names(context: Context) -> list[str]:
    return [task.name for task in context.tasks]


CONTROLS: dict[str, Control] = {
    "linear_probe": Control("Linear probe", _linear_probe),
    "together": Control("MmAP, all together", _with_grouping(lambda c: Grouping.together(_names(c)))),
    "separate": Control("MmAP, all separate", _with_grouping(lambda c: Grouping.separate(_names(c)))),
    "random": Control(
        "MmAP, random groups",
        _with_grouping(lambda c: Grouping.random(_names(c), sizes_like=c.grouping, seed=c.settings.seed)),
    ),
    "finetune": Control("Full fine-tuning, per task", _fine_tuned(joint=False)),
    "finetune_joint": Control("Full fine-tuning, joint", _fine_tuned(joint=True)),
}
"""Every control by the name the command line takes."""
