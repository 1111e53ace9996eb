"""A project from what a folder was recognised as. Opens no image and loads no torch."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.config import Settings
from mmap_studio.data.reports import shown
from mmap_studio.errors import InputError
from mmap_studio.session.classes import task_classes
from mmap_studio.session.layouts import LayoutReport
from mmap_studio.session.naming import absolute
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import SplitSettings
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
    _check_split(report, split)
    entries = [wording.applied(entry, found) for entry, found in zip(report.entries, report.found, strict=True)]
    for entry, found in zip(entries, report.found, strict=True):
        task_classes(entry, found.class_names)
    return Created(Project.new(folder, entries, name, absolute(backbone), split, settings), report)


def check_wanted(backbone: str, templates: Iterable[str], ensemble: Iterable[str]) -> None:
    """What can be refused before any folder is looked into; a template may have a task's name in front."""
    absolute(backbone)
    for text in (*templates, *ensemble):
        check_template(text)


def _check_split(report: LayoutReport, split: SplitSettings) -> None:
    bare = [one.task for one in report.found if not one.splits]
    if split.kind == "given" and bare:
        raise InputError(
            f"A given split needs folders or lists named train, val, test, but domain {shown(bare[0])} has none; "
            "choose fraction or shots."
        )


def tidy(text: str) -> str:
    """A name for the terminal: signs that could move the cursor or turn the line around become escapes."""
    return shown(text)[1:-1]
