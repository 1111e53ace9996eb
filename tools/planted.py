"""Planted groups: drawing styles of the starter, half of them with the names of their classes exchanged in pairs.

    python -m tools.planted FOLDER
    mmap-studio new PROJECT --data FOLDER --backbone starter
    mmap-studio run PROJECT

A positive control for the affinity: what a style teaches about two class names is wrong in every style of the other
half, so that company within a half helps and company across it harms. The groups must be found, with evidence, and
training in them must beat training together. Each class has the same images under every style.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mmap_studio.data.images.starter import load_starter
from mmap_studio.errors import InputError
from mmap_studio.method.task import SPLITS
from mmap_studio.resources import resource

STYLES = 4
"""Of the starter's styles, the first ones; the second half of them has the exchanged names."""
CLASSES = 6
"""The classes with the most pictograms; an even number."""


def write_planted(folder: Path, styles: int = STYLES, classes: int = CLASSES) -> list[list[str]]:
    """Write ``folder/<style>/<class>/<n>.png`` and return the planted groups of styles.

    InputError where the folder is there already, or the numbers cannot be halved.
    """
    if styles % 2 or classes % 2:
        raise InputError(f"styles and classes must be even numbers. Got {styles} and {classes} instead.")
    if folder.exists():
        raise InputError(f"{folder} must not be there yet; choose another folder.")
    tasks = load_starter(resource("starter"))[:styles]
    labels = [np.concatenate([task.split(part).labels for part in SPLITS]) for task in tasks]
    largest = np.argsort(-np.bincount(labels[0]), kind="stable")[:classes]
    for number, task in enumerate(tasks):
        images = np.concatenate([part.pixels(np.arange(len(part))) for part in map(task.split, SPLITS)])
        for place, label in enumerate(largest):
            named = largest[place ^ 1] if number >= styles // 2 else label
            target = folder / task.name / task.class_names[named]
            target.mkdir(parents=True)
            for index in np.flatnonzero(labels[number] == label):
                Image.fromarray(images[index]).save(target / f"{index}.png")
    names = [task.name for task in tasks]
    return [names[: styles // 2], names[styles // 2 :]]


if __name__ == "__main__":
    print(write_planted(Path(sys.argv[1])))
