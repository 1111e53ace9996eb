"""What a protocol makes of the tasks of a project: rounds of training, and what each is tested on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmap_studio.data.names import as_read
from mmap_studio.errors import InputError
from mmap_studio.formatting import shown
from mmap_studio.method.task import ImageSet, Part, TaskSpec
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW, DOMAIN_OUT, SHOTS, Protocol

LEAST_CLASSES = 4
"""Of a task whose classes are halved: among one class every image is classified correctly."""


@dataclass(frozen=True)
class Tested:
    """Test images that are a figure of their own."""

    name: str
    task: TaskSpec
    """Its test images and classes are meant; where it was not trained on, nothing else of it is looked at."""
    subjects: np.ndarray
    """int64 (N,): what each test image shows."""


@dataclass(frozen=True)
class Round:
    """One training, and what its models are tested on."""

    trained: tuple[TaskSpec, ...]
    tested: tuple[Tested, ...]

    def tested_by(self, tasks: Sequence[TaskSpec]) -> tuple[Tested, ...]:
        """What a model of some of the tasks is tested on: everything, where it is one for all."""
        names = {task.name for task in tasks}
        return self.tested if len(names) == len(self.trained) else tuple(t for t in self.tested if t.task.name in names)


@dataclass(frozen=True)
class ClassPart(Part):
    """The images of some classes, which are numbered anew."""

    numbers: np.ndarray
    """int64 (N,): class of every image."""

    @property
    def labels(self) -> np.ndarray:
        return self.numbers

    @property
    def digest(self) -> str:
        text = hashlib.sha256(self.whole.digest.encode())
        for part in (self.rows, self.numbers):
            text.update(part.astype("<i8").tobytes())
        return text.hexdigest()


def rounds(protocol: Protocol, tasks: Sequence[TaskSpec], subjects: Sequence[np.ndarray]) -> tuple[Round, ...]:
    """The rounds of a protocol; InputError for tasks that it cannot be used on.

    subjects : of every task's test images what each shows
    """
    if protocol != SHOTS:
        tasks = _spelt_alike(tasks)
    whole = [Tested(task.name, task, shows) for task, shows in zip(tasks, subjects, strict=True)]
    if protocol == DOMAIN_OUT:
        _check_classes_elsewhere(tasks)
        return tuple(Round(tuple(t for t in tasks if t is not out.task), (out,)) for out in whole)
    if protocol == BASE_TO_NEW:
        new = _new_classes(tasks)
        halved = [(_of_classes(one, new, False), _of_classes(one, new, True)) for one in whole]
        tested = tuple(
            replace(half, name=name)
            for halves in halved
            for half, name in zip(halves, protocol.tested(halves[0].name), strict=True)
        )
        return (Round(tuple(base.task for base, _ in halved), tested),)
    return (Round(tuple(tasks), tuple(whole)),)


def _spelt_alike(tasks: Sequence[TaskSpec]) -> tuple[TaskSpec, ...]:
    """The tasks with classes that read alike, such as TV and tv, written as in the first task that has them."""
    first: dict[str, str] = {}
    for name in (one for task in tasks for one in task.class_names):
        first.setdefault(as_read(name), name)
    spelt = [tuple(first[as_read(name)] for name in task.class_names) for task in tasks]
    return tuple(
        task if names == task.class_names else replace(task, class_names=names)
        for task, names in zip(tasks, spelt, strict=True)
    )


def _check_classes_elsewhere(tasks: Sequence[TaskSpec]) -> None:
    if len(tasks) < 2:
        raise InputError(
            f"Leaving a domain out needs two tasks at least. Found {len(tasks)}; add one, or use another protocol."
        )
    for task in tasks:
        others = {name for other in tasks if other is not task for name in other.class_names}
        alone = [name for name in task.class_names if name not in others]
        if alone:
            raise InputError(
                f"Leaving a domain out needs every class of a task in another one too. Class {shown(alone[0])} is in "
                f"{shown(task.name)} alone; leave it out of the project, or use another protocol."
            )


def _new_classes(tasks: Sequence[TaskSpec]) -> set[str]:
    """Names of the classes that are not trained on: of every task the last half, rounded down.

    A class that several tasks have is trained on in all of them or in none: its side is that in the first of them, and
    the classes that a task has alone fill up its first half.
    """
    side: dict[str, bool] = {}
    for task in tasks:
        names = task.class_names
        base = sum(name in side and not side[name] for name in names)
        for name in (one for one in names if one not in side):
            side[name] = base >= -(-len(names) // 2)
            base += not side[name]
        new = sum(side[name] for name in names)
        if len(names) < LEAST_CLASSES or min(new, len(names) - new) < 2:
            raise InputError(
                f"Base and new classes need {LEAST_CLASSES} classes of a task at least, two on each side. Found "
                f"{len(names) - new} and {new} of task {shown(task.name)}; use another protocol."
            )
    return {name for name, is_new in side.items() if is_new}


def _of_classes(one: Tested, new: set[str], wanted: bool) -> Tested:
    """What is tested with its new classes alone, or without them; InputError where that leaves no test image."""
    task = one.task
    kept = [c for c, name in enumerate(task.class_names) if (name in new) == wanted]
    number = np.full(len(task.class_names), -1, np.int64)
    number[kept] = np.arange(len(kept))

    def part(images: ImageSet) -> ClassPart:
        rows = np.flatnonzero(number[images.labels] >= 0)
        return ClassPart(images, rows, number[images.labels[rows]])

    test = part(task.test)
    if not len(test) or (not wanted and not len(part(task.train))):
        raise InputError(
            f"Base and new classes need test images of both, and training images of the base classes. Task "
            f"{shown(task.name)} lacks some; change the split, or use another protocol."
        )
    raw = tuple(task.raw_names[c] for c in kept) if task.raw_names else ()
    names = tuple(task.class_names[c] for c in kept)
    halved = replace(task, class_names=names, raw_names=raw, train=part(task.train), val=part(task.val), test=test)
    return Tested(one.name, halved, one.subjects[test.rows])
