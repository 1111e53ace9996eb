"""Example images of an import: an image of a few classes of each task, the same classes as far as tasks share them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmap_studio.data.file_kinds import is_packed_tar
from mmap_studio.data.images.decode import ImageError, Source, read_rgb
from mmap_studio.data.images.sources import sources, split_path
from mmap_studio.data.skipped import Skipped
from mmap_studio.session.ingest.report import ImportedTask, ImportReport

CLASSES, TASKS = 6, 12
"""Of which there is an image at most: a look, not the data set."""
SIDE = 160
"""Pixels of the longer side."""
PACKED = "in a packed tar, which is read from front to back: not looked into before a run"


@dataclass(frozen=True)
class Example:
    """An image of a class, or why there is none."""

    task: str
    text: str
    """What CLIP reads for the class."""
    pixels: np.ndarray | None = None
    """uint8 (H, W, 3), neither side longer than `SIDE`."""
    said: str = ""
    """Why there are no pixels."""


def examples(report: ImportReport, tick: Callable[[], object] = lambda: None) -> tuple[Example, ...]:
    """For the first tasks an image of the same few classes, task by task, each in the order of its classes.

    tick : called before every image; what it raises ends the work
    """
    tasks = report.tasks[:TASKS]
    shared = Counter(text for task in tasks for text in dict.fromkeys(task.class_texts))
    return tuple(one for task in tasks for one in _of_task(task, shared, tick))


def chosen(texts: Sequence[str], shared: Counter[str]) -> list[str]:
    """The classes of a task that most tasks have; of more than `CLASSES` some from all over the list, in its order."""
    names = sorted(dict.fromkeys(texts), key=lambda text: -shared[text])
    most = [text for text in names if shared[text] == shared[names[0]]]
    if len(most) > CLASSES:
        return [most[place * len(most) // CLASSES] for place in range(CLASSES)]
    return sorted(names[:CLASSES], key=list(texts).index)


def _of_task(task: ImportedTask, shared: Counter[str], tick: Callable[[], object]) -> Iterator[Example]:
    texts = chosen(task.class_texts, shared)
    first: dict[str, int] = {}
    for one in task.classes:
        rows = np.flatnonzero(task.domain.labels == task.domain.classes.index(one.name))
        if one.text in texts and one.name not in task.entry.left_out and len(rows):
            first.setdefault(one.text, int(rows[0]))
    packed = {row for row in first.values() if _is_slow(task, row)}
    text_of = {row: text for text, row in first.items()}
    found = {row: Example(task.name, text_of[row], said=PACKED) for row in packed}
    for row, source in sources(task.domain, [row for row in first.values() if row not in packed]):
        tick()
        found[row] = _example(task.name, text_of[row], source)
    yield from (found[first[text]] for text in texts if first.get(text) in found)


def _is_slow(task: ImportedTask, row: int) -> bool:
    inside = split_path(task.domain.paths[row]) if task.domain.packed else None
    return inside is not None and is_packed_tar(inside[0].name)


def _example(task: str, text: str, source: Source) -> Example:
    if isinstance(source, Skipped):
        return Example(task, text, said=source.reason)
    try:
        image = read_rgb(source)
    except ImageError as error:
        return Example(task, text, said=error.reason)
    image.thumbnail((SIDE, SIDE))
    return Example(task, text, np.asarray(image))
