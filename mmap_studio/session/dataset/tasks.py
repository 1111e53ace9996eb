"""From a project's entries to tasks: scan the folder, choose and remember the split, decode."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.data.folders import scan
from mmap_studio.data.images.sets import ArrayImages
from mmap_studio.data.images.starter import load_starter
from mmap_studio.data.importing import Domain, Import
from mmap_studio.data.layouts import AUTO, TREES, check_layout
from mmap_studio.data.names import check_class_names
from mmap_studio.data.recognise import Tick, look
from mmap_studio.errors import DataError, InputError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import SPLITS, Geometry, ImageSet, TaskSpec
from mmap_studio.resources import resource
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.classes import UNUSED, raw_names, task_classes
from mmap_studio.session.dataset.pixels import DecodedImages, decoded
from mmap_studio.session.dataset.splits import chosen_split
from mmap_studio.session.events import Notice, Progress, SplitChosen, Steps
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import TaskEntry


def read_tasks(project: Project, clip: FrozenClip, cached: Cached, prompt_tokens: int) -> Steps:
    """Returns the project's tasks, checked against what the backbone can read, and how each was split."""
    if not project.file.tasks:
        raise InputError(f"Project {project.name!r} must have tasks, but has none; add folders of images.")
    tasks: list[TaskSpec] = []
    splits: list[SplitChosen] = []
    looks = Looks(lambda images: clip.watch())
    for done, entry in enumerate(project.file.tasks, start=1):
        if entry.folder.startswith(BUILT_IN):
            task = _starter_task(entry, clip.geometry)
        else:
            task, split = yield from _folder_task(project, entry, clip.geometry, cached, looks)
            splits.append(split)
            yield split
        _check(task, clip, prompt_tokens)
        tasks.append(task)
        yield Progress("tasks", done, len(project.file.tasks), "tasks", task.name)
    return tuple(tasks), tuple(splits)


class Looks:
    """Folders that several tasks share are looked into once.

    tick : called with the number of images found so far; what it raises ends the look
    """

    def __init__(self, tick: Tick | None = None) -> None:
        self._tick = tick
        self._seen: dict[tuple[Path, str], Import] = {}

    def domain(self, folder: Path, entry: TaskEntry) -> tuple[Domain, list[str]]:
        """The domain an entry means, and what a user should know about it."""
        layout, _ = check_layout(entry.layout)
        if layout == "one-task" or (not entry.part and layout in (AUTO, *TREES)):
            return scan_one(folder, entry.layout, self._tick)
        key = folder, entry.layout
        if key not in self._seen:
            self._seen[key] = look(folder, entry.layout, self._tick)
        found = self._seen[key]
        for domain in found.domains:
            if domain.name == entry.part or (not entry.part and len(found.domains) == 1):
                return domain, [text for text in found.notices if f"Task {domain.name!r}" in text]
        names = ", ".join(domain.name for domain in found.domains[:8])
        if not entry.part:
            raise DataError(f"Task {entry.name!r} needs a `part` in project.toml: {folder} holds {names}.")
        raise DataError(f"{folder} must hold the domain {entry.part!r} of task {entry.name!r}, but holds {names}.")


def classes_in_data(project: Project, entry: TaskEntry) -> tuple[str, ...]:
    """The classes that a task's folder has; looks at names alone."""
    domain, _ = Looks().domain(project.folder_of(entry), entry)
    return tuple(domain.classes)


def scan_one(folder: Path, layout: str = AUTO, tick: Tick | None = None) -> tuple[Domain, list[str]]:
    """The one domain of a folder, and what a user should know about it."""
    found = scan(folder, tick, layout)
    if len(found.domains) != 1:
        names = ", ".join(domain.name for domain in found.domains[:4])
        raise DataError(
            f"Folder {str(folder)!r} must be one domain (class folders with images), but holds several ({names}); "
            "add each of them as a task, or use `mmap-studio new` on the folder."
        )
    return found.domains[0], [n for n in found.notices if "holds classes, not domains" not in n]


def _folder_task(project: Project, entry: TaskEntry, to: Geometry, cached: Cached, looks: Looks) -> Steps:
    domain, notices = looks.domain(project.folder_of(entry), entry)
    domain = replace(domain, name=entry.name)
    names, new_index = task_classes(entry, domain.classes)
    drawn = chosen_split(project, entry, domain)
    whole, hashes, bad = yield from decoded(cached, domain, to)
    for text in (*notices, *drawn.split.notices):
        yield Notice(text)
    sets: dict[str, Any] = {}
    for part in SPLITS:
        rows = np.array(drawn.split.without(bad).part(part), np.int64)
        rows = rows[new_index[domain.labels[rows]] != UNUSED]
        sets[part] = DecodedImages(whole, hashes, rows, new_index[domain.labels[rows]], domain.place, domain.paths)
    images = {part: len(sets[part]) for part in SPLITS}
    raw = raw_names(domain.classes, new_index)
    task = TaskSpec(entry.name, names, **sets, template=entry.template, ensemble=entry.ensemble, raw_names=raw)
    return task, SplitChosen(entry.name, drawn.kind, drawn.seed, drawn.digest, images)


def _starter_task(entry: TaskEntry, to: Geometry) -> TaskSpec:
    """One of the shipped tasks, with the entry's own name, template and class names."""
    by_name = {task.name: task for task in _starter_tasks(to)}
    wanted = entry.folder.removeprefix(BUILT_IN)
    if wanted not in by_name:
        raise InputError(f"A starter task must be one of {', '.join(by_name)}. Got {wanted!r} instead.")
    task = by_name[wanted]
    names, new_index = task_classes(entry, task.class_names)
    sets: dict[str, Any] = {part: task.split(part) for part in SPLITS}
    if entry.merged or entry.left_out:
        sets = {part: _only(images, new_index) for part, images in sets.items()}
    raw = raw_names(task.class_names, new_index)
    return TaskSpec(entry.name, names, **sets, template=entry.template, ensemble=entry.ensemble, raw_names=raw)


def _only(images: ImageSet, new_index: np.ndarray) -> ArrayImages:
    """The images whose classes are in use, with the classes that these are now."""
    rows = np.flatnonzero(new_index[images.labels] != UNUSED)
    return ArrayImages(images.pixels(rows), new_index[images.labels[rows]])


@cache
def _starter_tasks(to: Geometry) -> tuple[TaskSpec, ...]:
    return load_starter(resource("starter"), to)


def name_room(clip: FrozenClip, template: str, prompt_tokens: int) -> int:
    """Tokens that template and prompts leave for a class name."""
    return int(clip.context_length - clip.token_count(template.replace("{}", "")) - prompt_tokens)


def _check(task: TaskSpec, clip: FrozenClip, prompt_tokens: int) -> None:
    """Names that fit and differ, a template that takes a name, and something to train and test on."""
    for text in (task.template, *task.ensemble):
        if text.count("{}") != 1:
            raise InputError(f"Task {task.name!r}: the template must contain {{}} once. Got {text!r} instead.")
    check_class_names(task.name, task.class_names, clip.token_ids, name_room(clip, task.template, prompt_tokens))
    for part in ("train", "test"):
        if not len(task.split(part)):
            raise DataError(
                f"Task {task.name!r} must have {part} images, but has none; change the split or add images."
            )
