"""Folds: images kept apart in turns, where there are no others to judge by. Classes are spread over the folds."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mmap_studio.method.task import ImageSet, Part, TaskSpec


def folds(
    tasks: tuple[TaskSpec, ...], count: int, seed: int
) -> Iterator[tuple[tuple[TaskSpec, ...], dict[str, ImageSet]]]:
    """Tasks without a fold of their training images, and that fold of each.

    No fold where classes have one image each, or a fold would be empty: then there is nothing to compare by.
    """
    numbers = [fold_of(task.train.labels, count, seed) for task in tasks]
    if any(len(np.unique(one)) < count for one in numbers) or all(_single(task.train.labels) for task in tasks):
        return
    for fold in range(count):
        parts: list[TaskSpec] = []
        held: dict[str, ImageSet] = {}
        for task, number in zip(tasks, numbers, strict=True):
            held[task.name] = Part(task.train, np.flatnonzero(number == fold))
            parts.append(replace(task, train=Part(task.train, np.flatnonzero(number != fold))))
        yield tuple(parts), held


def fold_of(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """int64 (N,): the fold of every image, in [0, count); images of a class go round the folds in a seeded order."""
    order = np.random.default_rng(seed).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    number = np.empty(len(labels), np.int64)
    number[by_class] = np.arange(len(labels)) % count
    return number


def _single(labels: np.ndarray) -> bool:
    return len(np.unique(labels)) == len(labels)
