"""The report of an import: what folders, archives and tables hold, as tasks of a project, and how they were read.

The command line and the window show the same report before and after anything is made of it. Opens no image, and
loads no torch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from mmap_studio.data.domains import Domain, Survey
from mmap_studio.data.id_names import entry_names, unnamed_notices
from mmap_studio.data.images.equal import equal_files
from mmap_studio.data.images.placeholders import EMPTY, placeholders, unreadable_notice
from mmap_studio.data.layouts import AUTO, LAYOUTS, parted
from mmap_studio.data.names import first_of_each, name_clashes
from mmap_studio.data.paths import expanded, resolved
from mmap_studio.data.split import NO_TEST, UNVALIDATED, Split
from mmap_studio.data.survey import survey
from mmap_studio.errors import DataError, InputError
from mmap_studio.formatting import counted, printable, shown, some
from mmap_studio.method.task import SPLITS
from mmap_studio.session.dataset.classes import read_as, task_classes
from mmap_studio.session.dataset.saved_splits import PlannedSplits, planned_splits
from mmap_studio.session.imbalance import imbalance_notice
from mmap_studio.session.ingest.text_options import TextOptions
from mmap_studio.session.project.project_file import LONGEST_TITLE, SplitSettings, TaskEntry

NameCheck = Callable[[str, list[str], str], list[str] | None]
"""Task, class texts, template -> what is wrong with them; None where that is not known yet."""


@dataclass(frozen=True)
class ImportedClass:
    name: str
    """As folders, lists or tables call it."""
    text: str
    """What CLIP reads, or would if the class were not left out."""
    images: int
    parts: tuple[int, ...]
    """Images in train, val and test in the first run, as far as they can be read."""


@dataclass(frozen=True)
class ImportedTask:
    """A domain that becomes a task."""

    entry: TaskEntry
    domain: Domain = field(repr=False, compare=False)
    classes: tuple[ImportedClass, ...]
    class_texts: tuple[str, ...]
    """What CLIP reads, after merging and leaving out."""

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def images(self) -> int:
        """Of all classes, those left out too."""
        return len(self.domain.files)

    @property
    def parts(self) -> tuple[int, ...]:
        """As `ImportedClass.parts`, of the classes in use."""
        return tuple(map(sum, zip(*self.parts_by_text.values(), strict=True)))

    @property
    def parts_by_text(self) -> dict[str, tuple[int, ...]]:
        """What CLIP reads -> images in train, val and test; of the classes in use, merged ones as one."""
        found: dict[str, tuple[int, ...]] = {}
        for one in self.classes:
            if one.name not in self.entry.left_out:
                before = found.get(one.text, (0,) * len(SPLITS))
                found[one.text] = tuple(map(sum, zip(before, one.parts, strict=True)))
        return found

    @property
    def per_class(self) -> tuple[tuple[int, int], ...]:
        """The fewest and the most images that a class in use has in train, val and test."""
        return tuple((min(counts), max(counts)) for counts in zip(*self.parts_by_text.values(), strict=True))

    @property
    def members(self) -> list[tuple[str, list[str]]]:
        """For every class in use what CLIP reads and the folders that are this class: several where they are merged."""
        merged = {name: text for text, names in self.entry.merged.items() for name in names}
        found: dict[tuple[str, str], list[str]] = {}
        for one in self.classes:
            if one.name not in self.entry.left_out:
                key = ("", merged[one.name]) if one.name in merged else (one.name, one.text)
                found.setdefault(key, []).append(one.name)
        return [(text, names) for (_, text), names in found.items()]

    @property
    def renamed(self) -> dict[str, str]:
        """Name -> text, of the classes in use where the two differ."""
        unused = self.entry.left_out
        return {one.name: one.text for one in self.classes if one.name not in unused and one.name != one.text}


@dataclass(frozen=True)
class Reading:
    """As what folders, archives or tables were read, all of them alike."""

    paths: tuple[str, ...]
    """As they were given."""
    layout: str
    """A name of `data.layouts.LAYOUTS`, with `:FOLDER` or `:FILE` for lists and tables: `--layout` takes it."""
    why: str
    """One sentence: by what the first of them was recognised."""
    others: tuple[str, ...]
    """Layouts that would fit as well."""

    @property
    def shape(self) -> str:
        return LAYOUTS[parted(self.layout)[0]]


def layout_title(layout: str) -> str:
    """A layout in words: `manifest:labels.csv#breed` is the table labels.csv with its column breed."""
    name, which, column = parted(layout)
    kind = {"manifest": "table", "parquet": "tables of images", "lists": "lists"}.get(name, name)
    words = f"{kind} {which if which != '.' else ''}".strip()
    return f"{words}, classes of column {column}" if column else words


@dataclass(frozen=True)
class ImportReport:
    """What was found, what was skipped, and what a user should know before a run."""

    tasks: tuple[ImportedTask, ...]
    readings: tuple[Reading, ...]
    """In the order they were met."""
    notices: tuple[str, ...]
    """Clashing names, classes that only some domains have; not what was skipped, nor of the split."""
    skipped: tuple[tuple[str, str], ...]
    """Path and reason of everything that is not used; below the folder where there was one, else the whole path."""
    split: SplitSettings
    """How the project splits images."""
    layouts: Mapping[str, str]
    """Path -> the layout that a user asked for."""
    planned: PlannedSplits
    """What a first run will draw, and the subjects that it keeps together."""
    equal: tuple[Mapping[int, bytes], ...] = field(repr=False, default=())
    """Per task, image -> digest, of images that are equal to another."""
    unreadable: tuple[tuple[int, ...], ...] = field(repr=False, default=())
    """Per task, the images that are in no part since they are none."""
    name_problems: tuple[str, ...] = ()
    """What a backbone's tokenizer says of class names."""
    names_checked: bool = False
    """Whether `name_problems` is known; not before a backbone is there."""

    @property
    def entries(self) -> tuple[TaskEntry, ...]:
        """The tasks, as a project keeps them."""
        return tuple(task.entry for task in self.tasks)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for reading in self.readings for path in reading.paths)

    @property
    def problems(self) -> tuple[str, ...]:
        """What has to be put right before a run: class names CLIP cannot read or tell apart."""
        return (*name_clashes((task.name, task.members) for task in self.tasks), *self.name_problems)

    @property
    def skipped_by_reason(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Reason and paths of what is not used, the commonest first."""
        found: dict[str, list[str]] = {}
        for path, reason in self.skipped:
            found.setdefault(reason, []).append(path)
        return tuple((reason, tuple(found[reason])) for reason in sorted(found, key=lambda reason: -len(found[reason])))

    @property
    def class_lists(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """Names of tasks that have the same classes, and these as CLIP reads them."""
        found: dict[tuple[str, ...], list[str]] = {}
        for task in self.tasks:
            found.setdefault(task.class_texts, []).append(task.name)
        return tuple((tuple(names), texts) for texts, names in found.items())

    @property
    def sentence(self) -> str:
        images = sum(task.images for task in self.tasks)
        parts = [f"{counted(len(self.tasks), 'task')} added with {counted(images, 'image')}"]
        parts.append(f"{counted(len(self.skipped), 'file')} skipped" if self.skipped else "nothing skipped")
        if bad := sum(map(len, self.unreadable)):
            parts.append(f"{counted(bad, 'image')} left out, which cannot be read")
        if self._unvalidated:
            parts.append(f"{counted(len(self._unvalidated), 'task')} without a validation image")
        if self.problems:
            parts.append(f"{counted(len(self.problems), 'class name')} to fix")
        return "; ".join(parts) + "."

    @property
    def notes(self) -> tuple[str, ...]:
        """The notices, subjects that are kept together, classes that say nothing or have no image in a part."""
        of_classes = [text for task in self.tasks for text in (*_missing(task), *_imbalanced(task))]
        bare = self._unvalidated
        have = "has" if len(bare) == 1 else "have"
        said = [f"{some(bare)} {have} no validation image: {UNVALIDATED}."] if bare else []
        drawn = zip(self.tasks, self.planned.splits, strict=True)
        if untested := [task.name for task, split in drawn if any(NO_TEST in text for text in split.notices)]:
            said.insert(0, f"{some(untested)}: {NO_TEST}.")
        names = unnamed_notices({task.name: task.class_texts for task in self.tasks})
        of_images = (text for pair in zip(self.tasks, self.equal, strict=False) for text in _in_two(*pair))
        return (*self.notices, *names, *self.planned.notices, *said, *of_classes, *of_images)

    @property
    def _unvalidated(self) -> list[str]:
        """Names of tasks without a validation image."""
        return [task.name for task in self.tasks if not task.parts[1]]

    def text(self) -> str:
        read = (f"{', '.join(one.paths)}: read as {one.layout}. {one.why}" for one in self.readings)
        lines = [self.sentence, "", *read, *self.problems, *self.notes, ""]
        for task in self.tasks:
            has = f"{counted(task.images, 'image')}, {counted(len(task.classes), 'class')}"
            lines.append(f"{task.name}: {has}, {task.domain.root}")
            for one in task.classes:
                parts = (f"\t{part} {count}" for part, count in zip(SPLITS, one.parts, strict=True))
                lines.append(f"\t{one.name}\t{one.text}\t{one.images}{''.join(parts)}")
        lines += ["", *(f"Skipped\t{path}\t{reason}" for path, reason in self.skipped)]
        return "\n".join(lines).rstrip() + "\n"

    def with_texts(self, texts: TextOptions) -> "ImportReport":
        """With templates, class names, merged and left-out classes; InputError for what does not fit the data."""
        texts.check({task.name: task.domain.classes for task in self.tasks})
        return self._with_entries([texts.applied(task.entry, task.domain.classes) for task in self.tasks])

    def _with_entries(self, entries: Sequence[TaskEntry]) -> "ImportReport":
        found = [(entry, task.domain) for entry, task in zip(entries, self.tasks, strict=True)]
        planned = planned_splits(self.split, found, self.equal)
        drawn = zip(found, planned.splits, self.unreadable, strict=True)
        tasks = tuple(_task(*one, split, rows) for one, split, rows in drawn)
        return replace(self, tasks=tasks, planned=planned)

    def with_free_names(self, taken: Sequence[str]) -> "ImportReport":
        """With other names for the tasks whose names are taken, and a notice for each."""
        names, entries, notices = set(taken), [], list(self.notices)
        for task in self.tasks:
            name, number = task.name, 2
            while name in names:
                name, number = f"{task.name} {number}", number + 1
            names.add(name)
            if name != task.name:
                notices.append(f"The name {task.name!r} is taken; the new task is called {name!r}.")
            entries.append(task.entry.model_copy(update={"name": name}))
        made = self if entries == list(self.entries) else self._with_entries(entries)
        return replace(made, notices=tuple(notices))

    def with_names_checked(self, check: NameCheck) -> "ImportReport":
        """With what is wrong with the class names, as far as that can be known."""
        found = [check(task.name, list(first_of_each(task.class_texts)), task.entry.template) for task in self.tasks]
        problems = tuple(line for lines in found if lines for line in lines)
        return replace(self, name_problems=problems, names_checked=all(lines is not None for lines in found))


def import_report(
    paths: Sequence[str],
    split: SplitSettings = SplitSettings(identity="auto"),  # noqa: B008
    layouts: Mapping[str, str] = {},
    taken: Sequence[str] = (),
    tick: Callable[[int], None] | None = None,
    follow: bool = False,
    column: str = "",
) -> ImportReport:
    """Every domain in these folders, archives and tables, named so that no two have the same name.

    split : how the project splits images
    layouts : path -> as what it is read, where that is not to be recognised
    taken : names of tasks that are there already
    tick : called with the number of images found so far in all of them; what it raises ends the survey
    follow : links are followed out of the folders, now and by runs
    column : the one of the classes in tables

    DataError or InputError, in one sentence, where nothing can be made of one of them, or it has no such split.
    """
    domains: list[tuple[TaskEntry, Domain]] = []
    notices: list[str] = []
    skipped: list[tuple[str, str]] = []
    readings: dict[tuple[str, tuple[str, ...]], Reading] = {}
    for path in paths:
        root, layout = resolved(expanded(path)), layouts.get(path, AUTO)
        count = tick and partial(_add, tick, sum(len(domain.files) for _, domain in domains))
        found = survey(root, layout, count, follow, column)
        _refuse_missing_split(found, split)
        alike = readings.get((found.layout, found.others)) or Reading((), found.layout, found.why, found.others)
        readings[found.layout, found.others] = replace(alike, paths=(*alike.paths, path))
        notices += found.notices
        skipped += [(one.path if len(paths) == 1 else str(found.root / one.path), one.reason) for one in found.skipped]
        entries = [entry_for(root, found, domain, layout != AUTO or follow) for domain in found.domains]
        entries = [entry.model_copy(update={"follow_links": follow}) for entry in entries]
        domains += zip(entries, found.domains, strict=True)
    unreadable = _unreadable([domain for _, domain in domains])
    for (entry, domain), rows in zip(domains, unreadable, strict=True):
        notices += [unreadable_notice(entry.name, domain, rows)] if rows else []
    equal = tuple(equal_files([domain for _, domain in domains]) if split.identity else ())
    planned = planned_splits(split, domains, equal)
    bad = tuple(map(tuple, unreadable))
    tasks = tuple(_task(*one, drawn, rows) for one, drawn, rows in zip(domains, planned.splits, bad, strict=True))
    report = ImportReport(
        tasks, tuple(readings.values()), tuple(notices), tuple(skipped), split, dict(layouts), planned, equal, bad
    )
    return report.with_free_names(taken)


def _unreadable(domains: Sequence[Domain]) -> list[dict[int, str]]:
    """Files that are called like images and are none; DataError where all stand for others."""
    found = [placeholders(domain) for domain in domains]
    none = [sum(why != EMPTY for why in one.values()) for one in found]
    if domains and none == [len(domain.files) for domain in domains]:
        (row, why), first = next(iter(found[0].items())), domains[0]
        raise DataError(
            f"Folder {shown(first.root)} must hold images, but all {sum(none):,} files are none: "
            f"{shown(first.files.path(row))}, {why}; get the images themselves."
        )
    return found


def entry_for(root: Path, found: Survey, domain: Domain, forced: bool = False) -> TaskEntry:
    """A folder that says by itself what it is stands alone; else where to look, as what, and for which part.

    One task is all of its folder, so it has no part: the folder may be called otherwise later.
    """
    name = printable(domain.name)[:LONGEST_TITLE] or "task"
    names = entry_names(found.own_names.get(domain.name, found.names), domain.classes)
    if found.layout == "one-task":
        return TaskEntry(name=name, folder=str(found.root), layout=found.layout, class_names=names)
    if not (domain.packed or domain.part or forced):
        return TaskEntry(name=name, folder=str(domain.root), class_names=names)
    return TaskEntry(name=name, folder=str(root), layout=found.layout, part=domain.name, class_names=names)


def _add(tick: Callable[[int], None], before: int, images: int) -> None:
    tick(before + images)


def _task(entry: TaskEntry, domain: Domain, drawn: Split, unreadable: Sequence[int]) -> ImportedTask:
    """InputError or DataError, as a first run, where classes cannot be as they are asked for."""
    texts, _ = task_classes(entry, domain.classes)
    n = len(domain.classes)
    drawn = drawn.without(unreadable) if unreadable else drawn
    parts = [np.bincount(domain.labels[np.array(drawn.part(part), np.int64)], minlength=n) for part in SPLITS]
    images = np.bincount(domain.labels, minlength=n)
    columns = zip(read_as(entry, domain.classes).items(), images.tolist(), np.stack(parts, 1).tolist(), strict=True)
    classes = tuple(ImportedClass(name, text, count, tuple(own)) for (name, text), count, own in columns)
    return ImportedTask(entry, domain, classes, texts)


def _missing(task: ImportedTask) -> list[str]:
    """Classes in use, merged ones as one, without a training or a test image."""
    said = []
    for index, what in ((0, "training"), (2, "test")):
        missing = [name for name, counts in task.parts_by_text.items() if counts[index] == 0]
        if missing:
            has = counted(len(missing), "class has", "classes have")
            said.append(f"Task {shown(task.name)}: {has} no {what} image: {some(missing)}.")
    return said


def _in_two(task: ImportedTask, equal: Mapping[int, bytes]) -> Iterator[str]:
    """That equal images are of several classes in use, of which one at most is right."""
    texts = {name: text for text, names in task.members for name in names}
    of_text = [texts.get(name) for name in task.domain.classes]
    seen: dict[bytes, dict[str, int]] = {}
    for row, digest in equal.items():
        text = of_text[int(task.domain.files.classes[row])]
        if text is not None:
            seen.setdefault(digest, {}).setdefault(text, row)
    if several := [tuple(own.values()) for own in seen.values() if len(own) > 1]:
        names = some([task.domain.files.path(row) for row in several[0]], 2)
        are = "image is" if len(several) == 1 else "images are"
        yield (
            f"Task {shown(task.name)}: {len(several):,} {are} in several classes, such as {names}; keep the one that "
            "is right."
        )


def _imbalanced(task: ImportedTask) -> list[str]:
    """That classes in use, merged ones as one, are of very unequal sizes."""
    said = imbalance_notice(task.name, {text: parts[0] for text, parts in task.parts_by_text.items()})
    return [said] if said else []


def _refuse_missing_split(found: Survey, split: SplitSettings) -> None:
    """InputError where a given split is asked for and folders or lists give none."""
    bare = [domain.name for domain in found.domains if not domain.has_given_split]
    if split.kind == "given" and bare:
        lists = [other for other in found.others if parted(other)[0] in ("lists", "manifest")]
        layout = f"read it as {some(lists)}, or " if lists else ""
        raise InputError(
            f"A given split needs folders or lists named train, val, test, but domain {shown(bare[0])} was read "
            f"without; {layout}choose another split (fractions, shots, share)."
        )
