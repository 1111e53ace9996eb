"""One method of a comparison as a folder to take away: from the cache, or trained now."""

from collections.abc import Generator
from pathlib import Path

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.compare.method_export import LARGEST, kept_learned, method_folder_of
from mmap_studio.session.compare.options import CompareOptions
from mmap_studio.session.compare.protocols.protocol import SHOTS
from mmap_studio.session.compare.queue import ComparisonReport, Queue
from mmap_studio.session.compare.trial import Trial
from mmap_studio.session.compare.trial_maker import Material, Place, with_parts
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.context import RunContext
from mmap_studio.session.run.prompt_export import prompt_folder_of
from mmap_studio.storage.method_folder import check_method_folder, save_method
from mmap_studio.storage.prompt_folder import check_prompt_folder, save_prompts
from mmap_studio.storage.store import ArrayStore


def export_method(
    project: Project, options: CompareOptions, out: Path, store: ArrayStore
) -> Generator[ComparisonReport, None, Trial]:
    """Write what the one method of `options` learned, at its one amount and seed, to `out`; returns its trial.

    MmAP becomes a prompt folder, every other method a method folder. Trained first where it is not kept. InputError
    for zero-shot, which learns nothing, and for weights that are too large to be kept.
    """
    if options.protocol != SHOTS or options.budget.key:
        said = " within ".join([repr(options.protocol.name), *map(repr, options.budget.key.values())])
        raise InputError(
            f"What is exported must be trained on all classes and tasks as the settings say, not by {said}; export "
            f"what was trained by {SHOTS.name!r}."
        )
    queue = Queue(project, options, store)
    (name,) = options.methods
    place = next(one for one in queue.places if one.entry.name == name)
    check = check_prompt_folder if place.entry.method is None else check_method_folder
    check(out)
    comparison = yield from queue.reports()
    if place not in queue.trials:
        raise InputError(f"{place.text} could not be trained, so there is nothing to export.")
    material = queue.materials[place.amount, place.seed]
    if _incomplete(queue, place, material):
        yield from queue.make_again(place)
    trial = queue.trials[place]
    zero_shot = next(one for one in comparison.trials if one.method == options.baseline)
    if not trial.parameters and not trial.bytes:
        raise InputError(f"{place.entry.title} learns nothing, so there is nothing to export; choose another method.")
    if place.entry.method is None:
        _export_prompts(queue, place, material, trial, zero_shot, out)
        return trial
    models = kept_learned(queue.cached, queue.maker.digest(place, material))
    accuracy = {name: one.evaluation.accuracy for name, one in zero_shot.per_task.items() if len(one.labels)}
    tasks: tuple[TaskSpec, ...] = material.tasks
    save_method(out, method_folder_of(queue.clip, place.entry, tasks, models, trial, accuracy, project.name))
    return trial


def _incomplete(queue: Queue, place: Place, material: Material) -> bool:
    """Whether the trial is kept, and what it learned was small enough to be kept and is not there any more."""
    trial = queue.trials[place]
    if place.entry.method is None:
        return any(group is None for group in _groups(queue, place, material, trial))
    small = 0 < trial.bytes <= LARGEST
    return small and kept_learned(queue.cached, queue.maker.digest(place, material)) is None


def _groups(queue: Queue, place: Place, material: Material, trial: Trial) -> list[TrainedGroup | None]:
    context = RunContext.of(queue.cached, queue.clip, material.tasks, with_parts(material.settings, place.entry))
    grouping = context.ordered(Grouping.parse(trial.grouping, context.names))
    return [context.cached_group(members) for members in grouping.groups]


def _export_prompts(queue: Queue, place: Place, material: Material, trial: Trial, zero_shot: Trial, out: Path) -> None:
    context = RunContext.of(queue.cached, queue.clip, material.tasks, with_parts(material.settings, place.entry))
    there = [group for group in _groups(queue, place, material, trial) if group is not None]
    scores = {
        method: {name: scores.evaluation for name, scores in one.per_task.items()}
        for method, one in (("zero_shot", zero_shot), ("run", trial))
    }
    folder = prompt_folder_of(queue.clip, material.tasks, there, context.settings, scores, queue.project.name)
    save_prompts(out, folder, replace=True)
