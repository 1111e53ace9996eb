"""Folders a person points at become entries of a project, with a report of what was skipped and renamed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.errors import InputError
from mmap_studio.session.projectfile import TaskEntry


@dataclass(frozen=True)
class Added:
    """What folders gave."""

    entries: tuple[TaskEntry, ...]
    report: tuple[str, ...]
    """One line each: domains found, files skipped, names that clashed."""


def entries_from(folders: Sequence[str], taken: Sequence[str] = ()) -> Added:
    """Every domain in these folders, named so that no two have the same name. InputError where there is none."""
    from mmap_studio.data.folders import scan

    entries: list[TaskEntry] = []
    report: list[str] = []
    names = set(taken)
    for folder in folders:
        found = scan(Path(folder))
        report += [str(notice) for notice in found.notices]
        for domain in found.domains:
            name = _free(domain.name, names)
            if name != domain.name:
                report.append(f"The name {domain.name!r} is taken; the new task is called {name!r}.")
            names.add(name)
            entries.append(TaskEntry(name=name, folder=str(domain.root)))
            report.append(f"{name}: {len(domain.files):,} images in {len(domain.classes)} classes.")
        report += [f"Skipped {one.path}: {one.reason}" for one in list(found.skipped)[:200]]
    if not entries:
        raise InputError(f"Folders of images must hold a folder for each class; {', '.join(folders)} has none.")
    return Added(tuple(entries), tuple(report))


def _free(name: str, taken: set[str]) -> str:
    wanted, number = name, 2
    while wanted in taken:
        wanted, number = f"{name} {number}", number + 1
    return wanted
