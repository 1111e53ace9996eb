"""The tasks of a project: each entry's domain is found, split and decoded."""

from dataclasses import replace
from functools import cache

import numpy as np

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.domains import Domain
from mmap_studio.data.images.image_sets import ArrayImages
from mmap_studio.data.images.starter import load_starter
from mmap_studio.data.names import check_class_names
from mmap_studio.errors import DataError, InputError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import SPLITS, Geometry, ImageSet, TaskSpec
from mmap_studio.resources import resource
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.classes import UNUSED, raw_names, task_classes
from mmap_studio.session.dataset.pixels import DecodedImages, decode_domain
from mmap_studio.session.dataset.saved_splits import chosen_split
from mmap_studio.session.events import Notice, Progress, SplitChosen, Steps
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import TaskEntry


def read_tasks(project: Project, clip: FrozenClip, cached: Cached, prompt_tokens: int) -> Steps:
    """Returns the project's tasks, checked against what the backbone can read, and how each was split."""
    if not project.file.tasks:
        raise InputError(f"Project {project.name!r} must have tasks, but has none; add folders of images.")
    tasks: list[TaskSpec] = []
    splits: list[SplitChosen] = []
    finder = DomainFinder(lambda images: clip.watch())
    for done, entry in enumerate(project.file.tasks, start=1):
        if entry.folder.startswith(BUILT_IN):
            task = _starter_task(entry, clip.geometry)
        else:
            task, split = yield from _folder_task(project, entry, clip.geometry, cached, finder)
            splits.append(split)
            yield split
        _check(task, clip, prompt_tokens)
        tasks.append(task)
        yield Progress("tasks", done, len(project.file.tasks), "tasks", task.name)
    return tuple(tasks), tuple(splits)


def classes_in_data(project: Project, entry: TaskEntry) -> tuple[str, ...]:
    """The classes that a task's folder has; looks at names alone."""
    domain, _ = _domain(DomainFinder(), project, entry)
    return tuple(domain.classes)


def _domain(finder: DomainFinder, project: Project, entry: TaskEntry) -> tuple[Domain, list[str]]:
    return finder.find(project.folder_of(entry), entry.layout, entry.part, entry.name)


def _folder_task(project: Project, entry: TaskEntry, to: Geometry, cached: Cached, finder: DomainFinder) -> Steps:
    domain, notices = _domain(finder, project, entry)
    domain = replace(domain, name=entry.name)
    names, new_index = task_classes(entry, domain.classes)
    drawn = chosen_split(project, entry, domain)
    whole, hashes, bad = yield from decode_domain(cached, domain, to)
    for text in (*notices, *drawn.split.notices):
        yield Notice(text)
    sets: dict[str, ImageSet] = {}
    for part in SPLITS:
        rows = np.array(drawn.split.without(bad).part(part), np.int64)
        rows = rows[new_index[domain.labels[rows]] != UNUSED]
        sets[part] = DecodedImages(whole, hashes, rows, new_index[domain.labels[rows]], domain.place, domain.paths)
    images = {part: len(sets[part]) for part in SPLITS}
    raw = raw_names(domain.classes, new_index)
    task = TaskSpec(entry.name, names, **sets, template=entry.template, ensemble=entry.ensemble, raw_names=raw)
    return task, SplitChosen(entry.name, drawn.kind, drawn.seed, drawn.digest, images)


def _starter_task(entry: TaskEntry, to: Geometry) -> TaskSpec:
    by_name = {task.name: task for task in _starter_tasks(to)}
    wanted = entry.folder.removeprefix(BUILT_IN)
    if wanted not in by_name:
        raise InputError(f"A starter task must be one of {', '.join(by_name)}. Got {wanted!r} instead.")
    task = by_name[wanted]
    names, new_index = task_classes(entry, task.class_names)
    sets: dict[str, ImageSet] = {part: task.split(part) for part in SPLITS}
    if entry.merged or entry.left_out:
        sets = {part: _only(images, new_index) for part, images in sets.items()}
    raw = raw_names(task.class_names, new_index)
    return TaskSpec(entry.name, names, **sets, template=entry.template, ensemble=entry.ensemble, raw_names=raw)


def _only(images: ImageSet, new_index: np.ndarray) -> ArrayImages:
    rows = np.flatnonzero(new_index[images.labels] != UNUSED)
    return ArrayImages(images.pixels(rows), new_index[images.labels[rows]])


@cache
def _starter_tasks(to: Geometry) -> tuple[TaskSpec, ...]:
    return load_starter(resource("starter"), to)


def name_room(clip: FrozenClip, template: str, prompt_tokens: int) -> int:
    """Tokens that template and prompts leave for a class name."""
    return int(clip.context_length - clip.token_count(template.replace("{}", "")) - prompt_tokens)


def _check(task: TaskSpec, clip: FrozenClip, prompt_tokens: int) -> None:
    for text in (task.template, *task.ensemble):
        if text.count("{}") != 1:
            raise InputError(f"Task {task.name!r}: the template must contain {{}} once. Got {text!r} instead.")
    check_class_names(task.name, task.class_names, clip.token_ids, name_room(clip, task.template, prompt_tokens))
    for part in ("train", "test"):
        if not len(task.split(part)):
            raise DataError(
                f"Task {task.name!r} must have {part} images, but has none; change the split or add images."
            )
