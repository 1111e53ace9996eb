"""Folders a user points at become entries of a project, with a report of what was found, skipped and renamed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry

if TYPE_CHECKING:
    from mmap_studio.data.domains import Domain

SPLITS = ("train", "val", "test")
NameCheck = Callable[[str, list[str], str], list[str] | None]
"""Task, class names as CLIP reads them, template -> what is wrong with them; None where that is not known yet."""


@dataclass(frozen=True)
class AddedClass:
    """A class folder."""

    folder: str
    read_as: str
    """What CLIP reads."""
    images: int
    splits: tuple[int, ...] = ()
    """Images in train, val and test in the first run, or as far as folders say; empty where that is not known."""


@dataclass(frozen=True)
class AddedTask:
    """A domain that became a task."""

    name: str
    folder: str
    classes: tuple[AddedClass, ...]

    @property
    def images(self) -> int:
        """Of all classes."""
        return sum(one.images for one in self.classes)

    @property
    def splits(self) -> tuple[int, ...]:
        """Of all classes, as `AddedClass.splits`."""
        return tuple(map(sum, zip(*(one.splits for one in self.classes), strict=True)))


@dataclass(frozen=True)
class ReadAs:
    """What folders were recognised as, all of them alike."""

    folders: tuple[str, ...]
    layout: str
    """As `data.layouts.LAYOUTS` calls it, with `:FOLDER` or `:FILE` for lists and tables."""
    why: str
    """One sentence: by what the first of them was recognised."""
    others: tuple[str, ...]
    """Layouts that would fit as well."""


@dataclass(frozen=True)
class Added:
    """What folders gave."""

    entries: tuple[TaskEntry, ...]
    tasks: tuple[AddedTask, ...] = ()
    notices: tuple[str, ...] = ()
    """What a user should know: clashing names, classes that only some domains have."""
    problems: tuple[str, ...] = ()
    """What has to be put right before a run: class names CLIP cannot read or tell apart."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Path and reason of every file that is not used."""
    names_checked: bool = field(default=False)
    """Whether `problems` covers class names; not before a backbone is there."""
    read_as: tuple[ReadAs, ...] = ()
    """The layouts, in the order they were met."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Folder -> the layout that a user asked for."""

    @property
    def sentence(self) -> str:
        """The report in one line."""
        images = sum(task.images for task in self.tasks)
        parts = [f"{counted(len(self.tasks), 'task')} added with {counted(images, 'image')}"]
        parts.append(f"{counted(len(self.skipped), 'file')} skipped" if self.skipped else "nothing skipped")
        if self.problems:
            parts.append(f"{counted(len(self.problems), 'class name')} to put right")
        return "; ".join(parts) + "."

    def text(self) -> str:
        """All of it, to be copied."""
        read = (f"{', '.join(one.folders)}: read as {one.layout}. {one.why}" for one in self.read_as)
        lines = [self.sentence, "", *read, *self.problems, *self.notices, ""]
        for task in self.tasks:
            has = f"{counted(task.images, 'image')}, {counted(len(task.classes), 'class')}"
            lines.append(f"{task.name}: {has}, {task.folder}")
            lines += [f"\t{one.folder}\t{one.read_as}\t{one.images}{_given(one.splits)}" for one in task.classes]
        lines += ["", *(f"Skipped\t{path}\t{reason}" for path, reason in self.skipped)]
        return "\n".join(lines).rstrip() + "\n"


def entries_from(
    folders: Sequence[str],
    taken: Sequence[str] = (),
    layouts: Mapping[str, str] = {},
    tick: Callable[[int], None] | None = None,
    split: SplitSettings | None = None,
) -> Added:
    """Every domain in these folders, archives and tables, named so that no two have the same name.

    layouts : folder -> as what it is read, where it is not to be recognised
    tick : called with the number of images found so far in all folders; what it raises ends the look
    split : how the project splits images, for the report

    InputError where there is no domain.
    """
    from mmap_studio.data.file_kinds import resolved
    from mmap_studio.data.layouts import AUTO
    from mmap_studio.data.survey import survey
    from mmap_studio.session.ingest.recognise import entry_for

    tasks: list[AddedTask] = []
    notices: list[str] = []
    skipped: list[tuple[str, str]] = []
    names, entries = set(taken), []
    read: dict[tuple[str, tuple[str, ...]], ReadAs] = {}
    for folder in folders:
        root, layout = resolved(Path(folder).expanduser()), layouts.get(folder, AUTO)
        found = survey(root, layout, None if tick is None else partial(_on_top, tick, sum(t.images for t in tasks)))
        alike = read.get((found.layout, found.others)) or ReadAs((), found.layout, found.why, found.others)
        read[found.layout, found.others] = replace(alike, folders=(*alike.folders, folder))
        notices += [*found.notices, *found.skipped_notices]
        skipped += [(str(found.root / one.path), one.reason) for one in found.skipped]
        for domain in found.domains:
            name = _free(domain.name, names)
            if name != domain.name:
                notices.append(_taken(domain.name, name))
            names.add(name)
            entries.append(entry_for(root, found, domain, layout != AUTO).model_copy(update={"name": name}))
            tasks.append(AddedTask(name, str(domain.root), _classes(domain, _parts(domain, entries[-1], split))))
    if not entries:
        raise InputError(f"Folders of images must hold a folder for each class; {', '.join(folders)} has none.")
    reading = {"read_as": tuple(read.values()), "chosen": dict(layouts)}
    return Added(tuple(entries), tuple(tasks), tuple(notices), (), tuple(skipped), **reading)  # type: ignore[arg-type]


def file_suffixes() -> tuple[str, ...]:
    """How the names of archives and tables end, which are read as folders are."""
    from mmap_studio.data.file_kinds import ARCHIVES, TABLES

    return (*ARCHIVES, *TABLES)


def check_given(added: Added, split: SplitSettings) -> None:
    """InputError where a given split is asked for and folders or lists give none."""
    bare = [task.name for task in added.tasks if not task.splits]
    if split.kind == "given" and bare:
        raise InputError(
            f"A given split needs folders or lists named train, val, test, but domain {bare[0]!r} was read without; "
            "choose shares or shots."
        )


def with_free_names(added: Added, taken: Sequence[str]) -> Added:
    """With other names for the tasks whose names are taken, and a notice for each."""
    names, renamed, notices = set(taken), [], list(added.notices)
    for task in added.tasks:
        name = _free(task.name, names)
        if name != task.name:
            notices.append(_taken(task.name, name))
        names.add(name)
        renamed.append(name)
    entries = [entry.model_copy(update={"name": n}) for entry, n in zip(added.entries, renamed, strict=True)]
    tasks = [replace(task, name=n) for task, n in zip(added.tasks, renamed, strict=True)]
    return replace(added, entries=tuple(entries), tasks=tuple(tasks), notices=tuple(notices))


def with_names_checked(added: Added, check: NameCheck) -> Added:
    """With what is wrong with the class names, as far as that can be known."""
    found = [
        check(task.name, [one.read_as for one in task.classes], entry.template)
        for task, entry in zip(added.tasks, added.entries, strict=True)
    ]
    problems = tuple(line for lines in found if lines for line in lines)
    return replace(added, problems=problems, names_checked=all(lines is not None for lines in found))


def _classes(domain: "Domain", parts: Sequence[tuple[int, ...]]) -> tuple[AddedClass, ...]:
    from mmap_studio.data.names import clean_class_name

    counts = domain.counts.sum(1).tolist()
    return tuple(
        AddedClass(raw, clean_class_name(raw), images, own)
        for raw, images, own in zip(domain.classes, counts, parts, strict=True)
    )


def _parts(domain: "Domain", entry: TaskEntry, split: SplitSettings | None) -> list[tuple[int, ...]]:
    """Images of each class in train, val and test; as given, where it is not known how they are split."""
    import numpy as np

    from mmap_studio.errors import DataError
    from mmap_studio.session.dataset.splits import planned_split

    if split is not None:
        try:
            drawn = planned_split(split, entry, domain)
        except (DataError, InputError):
            return [()] * len(domain.classes)  # the first run says why
        labels = [domain.labels[np.array(drawn.part(part), np.int64)] for part in SPLITS]
        counts = [np.bincount(own, minlength=len(domain.classes)).tolist() for own in labels]
        return list(zip(*counts, strict=True))
    return [tuple(own[1:]) if domain.has_given_split else () for own in domain.counts.tolist()]


def _on_top(tick: Callable[[int], None], before: int, images: int) -> None:
    tick(before + images)


def _given(splits: tuple[int, ...]) -> str:
    return "".join(f"\t{name} {number}" for name, number in zip(SPLITS, splits, strict=False))


def _taken(name: str, new: str) -> str:
    return f"The name {name!r} is taken; the new task is called {new!r}."


def _free(name: str, taken: set[str]) -> str:
    wanted, number = name, 2
    while wanted in taken:
        wanted, number = f"{name} {number}", number + 1
    return wanted
