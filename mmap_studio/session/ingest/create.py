"""A project from what a folder was recognised as. Opens no image and loads no torch."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.data.reports import shown, some
from mmap_studio.errors import InputError
from mmap_studio.method.task import SPLITS
from mmap_studio.session.backbones.resolve import absolute
from mmap_studio.session.dataset import classes
from mmap_studio.session.dataset.classes import UNUSED, task_classes
from mmap_studio.session.dataset.splits import planned_split
from mmap_studio.session.ingest.recognise import Found, LayoutReport
from mmap_studio.session.ingest.wording import Wording, check_template
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry


@dataclass(frozen=True)
class Created:
    """A new project and what its import found."""

    project: Project
    report: LayoutReport


def create(
    folder: Path,
    report: LayoutReport,
    name: str | None,
    backbone: str,
    split: SplitSettings,
    wording: Wording,
    settings: Settings,
) -> Created:
    """Make a task of every domain of the report, save the project; nothing is written if anything is refused."""
    wording.check(report.found)
    entries = [wording.applied(entry, found) for entry, found in zip(report.entries, report.found, strict=True)]
    for entry, found in zip(entries, report.found, strict=True):
        parts_of(found, entry, split)
        _check_texts(found, entry)
    return Created(Project.new(folder, entries, name, absolute(backbone), split, settings), report)


def check_wanted(backbone: str, templates: Iterable[str], ensemble: Iterable[str]) -> None:
    """What can be refused before any folder is looked into; a template may have a task's name in front."""
    absolute(backbone)
    for text in (*templates, *ensemble):
        check_template(text)


def check_split(report: LayoutReport, split: SplitSettings) -> None:
    """InputError where a given split is asked for and folders or lists give none."""
    bare = [one.task for one in report.found if not one.splits]
    if split.kind == "given" and bare:
        lists = [other for other in report.others if other.partition(":")[0] in ("lists", "manifest")]
        do = f"ask for one of {some(lists)} with --layout" if lists else "choose fraction, shots or share"
        raise InputError(
            f"A given split needs folders or lists named train, val, test, but domain {shown(bare[0])} was read "
            f"without; {do}."
        )


def parts_of(found: Found, entry: TaskEntry, split: SplitSettings) -> dict[str, int]:
    """Images of train, val and test in the first run, as far as they can be read."""
    _, new_index = task_classes(entry, found.class_names)
    drawn, labels = planned_split(split, entry, found.domain), found.domain.labels
    rows = {part: np.array(drawn.part(part), np.int64) for part in SPLITS}
    return {part: int((new_index[labels[own]] != UNUSED).sum()) for part, own in rows.items()}


def _check_texts(found: Found, entry: TaskEntry) -> None:
    """InputError where a name that was asked for is another class's too: the first run would refuse it."""
    names = [name.casefold() for name in task_classes(entry, found.class_names)[0]]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice and (entry.class_names or entry.merged):
        raise InputError(
            f"Task {shown(entry.name)}: no two classes may be read alike, but two are read as {shown(twice[0])}; name "
            "one otherwise, or make them one with --merge."
        )


def class_count(found: Found, entry: TaskEntry) -> int:
    """Classes of the task, after merging and leaving out."""
    return len(task_classes(entry, found.class_names)[0])


def read_as(found: Found, entry: TaskEntry) -> dict[str, str]:
    """Class as folders call it -> what CLIP reads, of the classes in use whose two names differ."""
    texts = classes.read_as(entry, found.class_names)
    return {raw: text for raw, text in texts.items() if raw not in entry.left_out and raw != text}


def tidy(text: str) -> str:
    """A name for the terminal: signs that could move the cursor or turn the line around become escapes."""
    return shown(text)[1:-1]
