"""A project from what a folder was recognised as. Opens no image and loads no torch."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.data.reports import shown, some
from mmap_studio.errors import InputError
from mmap_studio.method.task import SPLITS
from mmap_studio.session.classes import UNUSED, task_classes
from mmap_studio.session.layouts import Found, LayoutReport
from mmap_studio.session.naming import absolute
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import SplitSettings, TaskEntry
from mmap_studio.session.splits import planned_split
from mmap_studio.session.wording import Wording, check_template


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
    drawn, labels = planned_split(split, found.domain), found.domain.labels
    rows = {part: np.array(drawn.part(part), np.int64) for part in SPLITS}
    return {part: int((new_index[labels[own]] != UNUSED).sum()) for part, own in rows.items()}


def tidy(text: str) -> str:
    """A name for the terminal: signs that could move the cursor or turn the line around become escapes."""
    return shown(text)[1:-1]
