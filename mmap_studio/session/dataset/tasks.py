"""The tasks of a project: each entry's domain is found, split and decoded."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.domains import Domain
from mmap_studio.data.images.decode import hash_of
from mmap_studio.data.images.equal import equal_pixels
from mmap_studio.data.images.image_sets import ArrayImages, Images
from mmap_studio.data.images.starter import StarterTask, read_starter
from mmap_studio.data.names import check_class_names
from mmap_studio.errors import DataError, InputError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import SPLITS, Geometry, ImageSet, TaskSpec
from mmap_studio.resources import resource
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.classes import UNUSED, raw_names, task_classes
from mmap_studio.session.dataset.pixels import DecodedImages, decode_domain
from mmap_studio.session.dataset.saved_splits import DrawnSplit, check_split, chosen_splits
from mmap_studio.session.events import Notice, Progress, SplitChosen, Steps
from mmap_studio.session.imbalance import imbalance_notice
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import TaskEntry


def read_tasks(project: Project, clip: FrozenClip, cached: Cached, prompt_tokens: int) -> Steps:
    """Returns the project's tasks, checked against what the backbone can read, how each was split, and `DrawnSplits`.

    What cannot be as it is asked for is refused before an image is opened.
    """
    project.require_tasks()
    finder = DomainFinder(lambda images: clip.watch())
    geometry = replace(clip.geometry, resampling=project.settings.resampling)
    sources: list[_Source] = []
    for entry in project.file.tasks:
        source, notices = _source(project, entry, geometry, finder)
        check_split(project.file.split, entry, source.domain)
        _check_texts(entry, task_classes(entry, source.domain.classes)[0], clip, prompt_tokens)
        sources.append(source)
        yield from map(Notice, notices)
    images = []
    for done, source in enumerate(sources, start=1):
        images.append((yield from _decoded(source, geometry, cached)))
        yield Progress("tasks", done, len(sources), "tasks", source.entry.name)
    equal = equal_pixels([one.hashes for one in images], [one.unreadable for one in images])
    if project.file.split.kind in ("auto", "given"):  # the starter draws two pictograms alike, and users cannot help it
        equal = [{} if source.starter is not None else own for source, own in zip(sources, equal, strict=True)]
    drawn = chosen_splits(project, [(one.entry, one.domain) for one in sources], equal)
    tasks, splits, tested = [], [], []
    for source, own, split, ids in zip(sources, images, drawn.splits, drawn.subjects.ids, strict=True):
        task, chosen, rows = _task(source, own, split)
        tested.append(ids[rows])
        yield from map(Notice, split.split.notices)
        _check_parts(task)
        counts = np.bincount(task.train.labels, minlength=len(task.class_names)).tolist()
        if said := imbalance_notice(task.name, dict(zip(task.class_names, counts, strict=True))):
            yield Notice(said, "warning")
        yield chosen
        tasks.append(task)
        splits.append(chosen)
    yield from map(Notice, drawn.notices)
    if drawn.warning:
        yield Notice(drawn.warning, "warning")
    return tuple(tasks), tuple(splits), replace(drawn, tested=tuple(tested))


@dataclass(frozen=True)
class _Source:
    """Where a task's images come from."""

    entry: TaskEntry
    domain: Domain
    starter: ArrayImages | None = None
    """Of the shipped tasks all images, at the backbone's size."""


@dataclass(frozen=True)
class _Decoded:
    """All images of a domain at the backbone's size."""

    whole: Images
    hashes: np.ndarray
    """uint8 (N, 32): of the pixels."""
    unreadable: list[int]


def classes_in_data(project: Project, entry: TaskEntry) -> tuple[str, ...]:
    """The classes that a task's folder has; looks at names alone."""
    domain, _ = _domain(DomainFinder(), project, entry)
    return tuple(domain.classes)


def _domain(finder: DomainFinder, project: Project, entry: TaskEntry) -> tuple[Domain, list[str]]:
    """InputError, with the remedy, where its folder has moved."""
    if project.is_missing(entry):
        raise InputError(
            f"Task {entry.name!r} must have its images in {project.folder_of(entry)}, but that is not there; "
            f"{project.remedy}."
        )
    return finder.find(project.folder_of(entry), entry.layout, entry.part, entry.name, entry.follow_links)


def _source(project: Project, entry: TaskEntry, to: Geometry, finder: DomainFinder) -> tuple[_Source, list[str]]:
    """The domain under the entry's name, and what a user should know about it."""
    if not entry.folder.startswith(BUILT_IN):
        domain, notices = _domain(finder, project, entry)
        return _Source(entry, replace(domain, name=entry.name)), notices
    by_name = {task.domain.name: task for task in _starter_tasks(to)}
    wanted = entry.folder.removeprefix(BUILT_IN)
    if wanted not in by_name:
        raise InputError(f"A starter task must be one of {', '.join(by_name)}. Got {wanted!r} instead.")
    task = by_name[wanted]
    return _Source(entry, replace(task.domain, name=entry.name), task.images), []


def _decoded(source: _Source, to: Geometry, cached: Cached) -> Steps:
    if source.starter is None:
        return _Decoded(*(yield from decode_domain(cached, source.domain, to)))
    pixels = source.starter.pixels(np.arange(len(source.starter)))
    hashes = np.frombuffer(b"".join(map(hash_of, pixels)), np.uint8).reshape(len(pixels), -1)
    return _Decoded(source.starter, hashes, [])


def _task(source: _Source, images: _Decoded, drawn: DrawnSplit) -> tuple[TaskSpec, SplitChosen, np.ndarray]:
    """The task with the entry's own name, template and class names, what is in its parts, and its test's rows."""
    entry, domain = source.entry, source.domain
    names, new_index = task_classes(entry, domain.classes)
    sets: dict[str, ImageSet] = {}
    used: dict[str, np.ndarray] = {}
    for part in SPLITS:
        rows = np.array(drawn.split.without(images.unreadable).part(part), np.int64)
        rows = rows[new_index[domain.labels[rows]] != UNUSED]
        labels, used[part] = new_index[domain.labels[rows]], rows
        if source.starter is None:
            sets[part] = DecodedImages(images.whole, images.hashes, rows, labels, domain.place, domain.paths)
        elif entry.merged or entry.left_out:
            sets[part] = ArrayImages(source.starter.pixels(rows), labels)
        else:
            sets[part] = source.starter.subset(rows)
    raw = raw_names(domain.classes, new_index)
    task = TaskSpec(entry.name, names, **sets, template=entry.template, ensemble=entry.ensemble, raw_names=raw)
    counts = {part: len(sets[part]) for part in SPLITS}
    return task, SplitChosen(entry.name, drawn.kind, drawn.seed, drawn.digest, counts), used["test"]


@cache
def _starter_tasks(to: Geometry) -> tuple[StarterTask, ...]:
    return read_starter(resource("starter"), to)


def name_room(clip: FrozenClip, template: str, prompt_tokens: int) -> int:
    """Tokens that template and prompts leave for a class name."""
    return int(clip.context_length - clip.token_count(template.replace("{}", "")) - prompt_tokens)


def _check_texts(entry: TaskEntry, names: tuple[str, ...], clip: FrozenClip, prompt_tokens: int) -> None:
    """Names that fit and differ, a template that takes a name."""
    for text in (entry.template, *entry.ensemble):
        if text.count("{}") != 1:
            raise InputError(f"Task {entry.name!r}: the template must contain {{}} once. Got {text!r} instead.")
    check_class_names(entry.name, names, clip.token_ids, name_room(clip, entry.template, prompt_tokens))


def _check_parts(task: TaskSpec) -> None:
    """Something to train and test on."""
    for part in ("train", "test"):
        if not len(task.split(part)):
            raise DataError(
                f"Task {task.name!r} must have {part} images, but has none; change the split or add images."
            )
