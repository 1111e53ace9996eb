"""From a project's entries to tasks: scan the folder, choose and remember the split, decode."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.data.folders import scan
from mmap_studio.data.importing import Domain
from mmap_studio.data.names import check_class_names, clean_class_name
from mmap_studio.data.partition import Split
from mmap_studio.data.split import few_shot_split, fraction_split, given_split
from mmap_studio.data.starter import load_starter
from mmap_studio.errors import DataError, InputError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import SPLITS, TaskSpec
from mmap_studio.resources import resource
from mmap_studio.session.cache import Cached
from mmap_studio.session.events import Notice, Progress
from mmap_studio.session.phases import Steps
from mmap_studio.session.pixels import Pictures, decoded
from mmap_studio.session.project import BUILT_IN, Project
from mmap_studio.session.projectfile import SplitSettings, TaskEntry
from mmap_studio.session.splits import remembered_split


def read_tasks(project: Project, clip: FrozenClip, cached: Cached, prompt_tokens: int) -> Steps:
    """Returns the project's tasks, checked against what the backbone can read."""
    if not project.file.tasks:
        raise InputError(f"Project {project.name!r} must have tasks, but has none; add folders of images.")
    tasks = []
    for done, entry in enumerate(project.file.tasks, start=1):
        if entry.folder.startswith(BUILT_IN):
            task = _starter_task(entry, clip.image_size)
        else:
            task = yield from _folder_task(project, entry, clip.image_size, cached)
        _check(task, clip, prompt_tokens)
        tasks.append(task)
        yield Progress("tasks", done, len(project.file.tasks), "tasks", task.name)
    return tuple(tasks)


def scan_one(folder: Path) -> tuple[Domain, list[str]]:
    """The one domain of a folder, and what a person should know about it."""
    found = scan(folder)
    if len(found.domains) != 1:
        names = ", ".join(domain.name for domain in found.domains[:4])
        raise DataError(
            f"Folder {str(folder)!r} must be one domain (class folders with images), but holds several ({names}); "
            "add each of them as a task, or use `mmap-studio new` on the folder."
        )
    return found.domains[0], [n for n in found.notices if "holds classes, not domains" not in n]


def class_names(entry: TaskEntry, raw: tuple[str, ...]) -> tuple[tuple[str, ...], list[int]]:
    """Names as CLIP reads them, and which of the raw classes are used."""
    used = [index for index, name in enumerate(raw) if name not in entry.left_out]
    unknown = [name for name in (*entry.class_names, *entry.left_out) if name not in raw]
    if unknown:
        raise InputError(
            f"Task {entry.name!r}: classes named in project.toml must be folders, but {', '.join(unknown)} is not one."
        )
    return tuple(entry.class_names.get(raw[i], clean_class_name(raw[i])) for i in used), used


def _folder_task(project: Project, entry: TaskEntry, size: int, cached: Cached) -> Steps:
    domain, notices = scan_one(project.folder_of(entry))
    domain = replace(domain, name=entry.name)
    names, used = class_names(entry, domain.classes)
    split = remembered_split(project, entry, domain, lambda: _draw(project.file.split, domain))
    whole, hashes, bad = yield from decoded(cached, domain, size)
    for text in (*notices, *split.notices):
        yield Notice(text)
    new_index = np.full(len(domain.classes), -1, dtype=np.int64)
    new_index[used] = np.arange(len(used))
    sets: dict[str, Any] = {}
    for part in SPLITS:
        rows = np.array([row for row in split.without(bad).part(part) if new_index[domain.labels[row]] >= 0], np.int64)
        sets[part] = Pictures(whole, hashes, rows, new_index[domain.labels[rows]])
    return TaskSpec(entry.name, names, **sets, template=entry.template)


def _draw(settings: SplitSettings, domain: Domain) -> Split:
    """The split that the settings ask for."""
    given = domain.given_splits
    kind = settings.kind if settings.kind != "auto" else ("given" if any(given) else "fraction")
    if kind == "given":
        return given_split(given, domain.labels, domain.classes, domain.name)
    if kind == "shots":
        return few_shot_split(
            domain.labels, domain.classes, settings.shots, seed=settings.seed, task_name=domain.name, given=given
        )
    return fraction_split(domain.labels, domain.classes, settings.fractions, seed=settings.seed, task_name=domain.name)


def _starter_task(entry: TaskEntry, size: int) -> TaskSpec:
    """One of the shipped tasks, with the entry's own name, template and class names."""
    by_name = {task.name: task for task in _starter_tasks(size)}
    wanted = entry.folder.removeprefix(BUILT_IN)
    if wanted not in by_name:
        raise InputError(f"A starter task must be one of {', '.join(by_name)}. Got {wanted!r} instead.")
    task = by_name[wanted]
    names = tuple(entry.class_names.get(name, name) for name in task.class_names)
    return replace(task, name=entry.name, template=entry.template, class_names=names)


@cache
def _starter_tasks(size: int) -> tuple[TaskSpec, ...]:
    return load_starter(resource("starter"), size)


def name_room(clip: FrozenClip, template: str, prompt_tokens: int) -> int:
    """Tokens that template and prompts leave for a class name."""
    return int(clip.context_length - clip.token_count(template.replace("{}", "")) - prompt_tokens)


def _check(task: TaskSpec, clip: FrozenClip, prompt_tokens: int) -> None:
    """Names that fit and differ, a template that takes a name, and something to train and test on."""
    if task.template.count("{}") != 1:
        raise InputError(f"Task {task.name!r}: the template must contain {{}} once. Got {task.template!r} instead.")
    check_class_names(task.name, task.class_names, clip.token_ids, name_room(clip, task.template, prompt_tokens))
    for part in ("train", "test"):
        if not len(task.split(part)):
            raise DataError(
                f"Task {task.name!r} must have {part} images, but has none; change the split or add images."
            )
