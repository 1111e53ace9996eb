"""The split is drawn once and saved with the project, by file name: later files never move an image across parts.

A split that folders or lists give is theirs, and follows them; what it was is saved likewise. Shots and shares that
are drawn from such parts keep what is still in its part, and follow them in the rest. Tasks are drawn together where
the project knows of subjects: one that a saved or given split has in a part is in that part everywhere. A split for
one run alone is saved apart from the project's own, so that the same run draws the same again.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from mmap_studio.data.domains import Domain
from mmap_studio.data.draw import draw, leaked_images, parts_of
from mmap_studio.data.split import (
    UNVALIDATED,
    Split,
    SplitPlan,
    few_shot_plan,
    fraction_plan,
    given_split,
    says_more_than_train,
    share_plan,
)
from mmap_studio.data.subjects import Subjects, joined, recurring_stems, subject_names
from mmap_studio.errors import CorruptError
from mmap_studio.formatting import counted
from mmap_studio.method.task import SPLITS
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import LONGEST_PATH, SplitSettings, TaskEntry
from mmap_studio.storage import atomic
from mmap_studio.storage.adapter_files import slug
from mmap_studio.storage.documents import LARGE, Document, checked, read_json
from mmap_studio.storage.json_text import json_text
from mmap_studio.storage.opener import read_text

Found = tuple[TaskEntry, Domain]
"""A task of a project and the images it is about."""
ENOUGH = 400
"""Images of a class beside its shots of which any part of 1 % or more has one."""
Equal = Sequence[Mapping[int, bytes]]
"""Per task, image -> digest, of images that may be equal to another."""


@dataclass(frozen=True)
class DrawnSplit:
    """A split, and how it came about: what stands in the record of a run."""

    split: Split
    kind: str
    """given, fraction, shots or share."""
    seed: int | None
    """None where nothing was drawn."""
    digest: str
    """sha256 of the names of the files in each part, whatever their order in the folder."""


@dataclass(frozen=True)
class DrawnSplits:
    """The splits of all tasks of a project, and what is known of their subjects."""

    splits: tuple[DrawnSplit, ...]
    subjects: Subjects
    identity: str | None
    """As `SplitSettings.identity`."""
    leaks: tuple[int, ...]
    """Of every task the test images whose subject is trained on."""
    notices: tuple[str, ...] = ()
    """About subjects."""
    warning: str = ""
    """That test subjects are in training, and what to do."""
    tested: tuple[np.ndarray, ...] = ()
    """Of every task int64 (N,), what each of its test images shows; once the tasks are read."""

    @property
    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"identity": self.identity, "shared": len(self.subjects.recurring),
                "equal_images": self.subjects.equal_images, "tested_in_training": sum(self.leaks)}  # fmt: skip


def chosen_splits(project: Project, found: Sequence[Found], equal: Equal = ()) -> DrawnSplits:
    """The splits that the project asks for: as given, or drawn once and saved."""
    settings = project.file.split
    subjects = _subjects(settings, found, equal)
    kinds = [_kind(settings, domain) for _, domain in found]
    splits: dict[int, Split] = {}
    for batch in _batches(settings, found):
        ids = [subjects.ids[number] for number in batch] if _knows_subjects(settings, found[batch[0]][0]) else None
        splits |= zip(batch, _chosen(project, [found[number] for number in batch], ids), strict=True)
    drawn = []
    for number, (kind, (_, domain)) in enumerate(zip(kinds, found, strict=True)):
        paths = list(domain.files.paths())
        files = {part: sorted(paths[row] for row in splits[number].part(part)) for part in SPLITS}
        digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        drawn.append(DrawnSplit(splits[number], kind, None if kind == "given" else settings.seed, digest))
    known = subjects if settings.identity != "none" else _subjects(settings, found, equal, by_nature=True)
    leaks = leaked_images([one.split for one in drawn], known.ids)
    warning = _warning(project, found, drawn, leaks) if any(leaks) else ""
    said = subjects.sentence if settings.identity else ""
    notices = (f"Subjects: {said}",) if said else ()
    return DrawnSplits(tuple(drawn), subjects, settings.identity, tuple(leaks), notices, warning)


@dataclass(frozen=True)
class PlannedSplits:
    """What a first run will draw."""

    splits: tuple[Split, ...]
    subjects: Subjects
    identity: str | None = None
    """As `SplitSettings.identity`."""
    moved: int = 0
    """Images that are in another part than if every task were split by itself."""
    numbered: int = 0
    """File names that recur in several tasks, but only number the images."""

    @property
    def notices(self) -> tuple[str, ...]:
        """About subjects, for a user."""
        said = [f"Subjects: {self.subjects.sentence}"] if self.subjects.sentence else []
        if said and self.moved:
            said[0] += f" {counted(self.moved, 'image is', 'images are')} in another part than without that."
        if self.numbered and not self.subjects.recurring:
            one, many = (f"{recur} in several tasks, but {seem}" for recur, seem in
                         (("file name recurs", "seems"), ("file names recur", "seem")))  # fmt: skip
            said.append(
                f"{counted(self.numbered, one, many)} only to number the images; where equal names are the same thing, "
                "say --identity stem."
            )
        return tuple(said)

    @property
    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"identity": self.identity, "shared": len(self.subjects.recurring),
                "equal_images": self.subjects.equal_images, "moved": self.moved}  # fmt: skip


def validated_from(settings: SplitSettings) -> int | None:
    """From how many images on a class gives one to validation, where neither folders nor lists give a part.

    None where no number is enough, and where the split is given.
    """
    if settings.kind == "given" or _takes_all(settings, settings.kind):
        return None
    name: Any = {"task_name": ""}
    if settings.kind == "shots":
        rule = few_shot_plan((), (), settings.shots, **name).rule
    elif settings.kind == "share":
        rule = share_plan((), (), settings.share, **name).rule
    else:
        rule = fraction_plan((), (), settings.fractions, **name).rule
    return next((n for n in range(1, ENOUGH + settings.shots) if rule(n)[1]), None)


def validation_sentence(settings: SplitSettings) -> str:
    """Which classes have no validation images by these settings, and what follows; empty for a split that is given."""
    if settings.kind == "given":
        return ""
    least = validated_from(settings)
    if least is None:
        return f"No class has validation images: {UNVALIDATED}."
    return f"A class of fewer than {counted(least, 'image')} has no validation images. Without any, {UNVALIDATED}."


def planned_splits(settings: SplitSettings, found: Sequence[Found], equal: Equal = ()) -> PlannedSplits:
    """What a first run will draw; DataError or InputError where it cannot."""
    kinds = [_kind(settings, domain) for _, domain in found]
    alone = [_planned(settings, kind, *one) for kind, one in zip(kinds, found, strict=True)]
    if not settings.identity:
        return PlannedSplits(tuple(alone), _subjects(settings.model_copy(update={"identity": "none"}), found, ()))
    subjects = _subjects(settings, found, equal)
    splits = _together(settings, kinds, found, subjects.ids, {n: s for n, s in enumerate(alone) if kinds[n] == "given"})
    moved = sum(_moved(one, other) for one, other in zip(alone, splits, strict=True))
    ignored = settings.identity == "auto" and not subjects.recurring
    numbered = recurring_stems([domain for _, domain in found]) if ignored else 0
    return PlannedSplits(tuple(splits), subjects, settings.identity, moved, numbered)


def check_split(settings: SplitSettings, entry: TaskEntry, domain: Domain) -> None:
    """DataError or InputError where a task cannot be split as it is asked for."""
    _planned(settings, _kind(settings, domain), entry, domain)


def _subjects(settings: SplitSettings, found: Sequence[Found], equal: Equal, by_nature: bool = False) -> Subjects:
    """Of all images; where the project says nothing, those that `auto` finds, to warn of what it leaks.

    by_nature : the starter's pictograms too, whatever the project says
    """
    identity = settings.identity or "auto"
    read = [domain for entry, domain in found if not _built_in(entry)]
    by_name = iter(subject_names(read, identity))
    names: list[Sequence[object]] = []
    for entry, domain in found:
        if _built_in(entry):
            natural = by_nature or identity != "none"
            names.append(list(domain.files.paths()) if natural else [None] * len(domain.files))
        else:
            names.append(next(by_name))
    return joined(names, equal)


def _built_in(entry: TaskEntry) -> bool:
    return entry.folder.startswith(BUILT_IN)


def _knows_subjects(settings: SplitSettings, entry: TaskEntry) -> bool:
    """Whether a task is drawn by subject; the starter's pictograms are subjects by nature."""
    return settings.identity is not None or _built_in(entry)


def _batches(settings: SplitSettings, found: Sequence[Found]) -> Iterator[list[int]]:
    """Tasks that are drawn together; those of an old project one by one."""
    if settings.identity is not None:
        yield list(range(len(found)))
        return
    for number, (entry, _) in enumerate(found):
        if not _built_in(entry):
            yield [number]
    starters = [number for number, (entry, _) in enumerate(found) if _built_in(entry)]
    if starters:
        yield starters


def _moved(one: Split, other: Split) -> int:
    part = {image: name for name in SPLITS for image in one.part(name)}
    there = {image: name for name in SPLITS for image in other.part(name)}
    return sum(part.get(image) != there.get(image) for image in part.keys() | there.keys())


def _warning(project: Project, found: Sequence[Found], drawn: Sequence[DrawnSplit], leaks: Sequence[int]) -> str:
    """How many test images have their subject in training, and what to do about it."""
    where = ", ".join(f"{entry.name} {count:,}" for (entry, _), count in zip(found, leaks, strict=True) if count)
    tested = sum(len(one.split.test) for one in drawn)
    if any(one.kind == "given" and count for one, count in zip(drawn, leaks, strict=True)):
        remedy = "folders or lists give these parts; draw others by subject with --fractions, --shots or --share"
    elif project.file.split.identity in (None, "none"):
        remedy = "split by subject with --identity auto"
    else:
        remedy = f"delete {project.folder / 'splits'} to draw the split anew"
    return (
        f"Test subjects are in training: {sum(leaks):,} of {counted(tested, 'test image')} show what a training image "
        f"shows, of the same task or another ({where}), so that test accuracies are too high; {remedy}."
    )


def _kind(settings: SplitSettings, domain: Domain) -> str:
    """given, fraction, shots or share; a part for training alone leaves nothing to test on, so it is no split."""
    if settings.kind != "auto":
        return settings.kind
    return "given" if says_more_than_train(domain.given_splits) else "fraction"


def _chosen(project: Project, batch: Sequence[Found], ids: Sequence[np.ndarray] | None) -> list[Split]:
    """The splits of tasks that are drawn together; what was not saved yet is."""
    settings = project.file.split
    kinds = [_kind(settings, domain) for _, domain in batch]
    fixed: dict[int, Split] = {}
    before: dict[int, Split] = {}
    for number, (kind, (entry, domain)) in enumerate(zip(kinds, batch, strict=True)):
        if kind == "given":
            fixed[number] = _planned(settings, kind, entry, domain)
            _save(project, entry, domain, fixed[number])
        elif (saved := _saved(project, entry, domain)) is not None:
            (before if _follows(settings, kind, domain) else fixed)[number] = saved
    splits = _together(settings, kinds, batch, ids, fixed, before)
    for number, (entry, domain) in enumerate(batch):
        if number in before:
            splits[number] = _followed(domain, before[number], splits[number])
        if number not in fixed and splits[number] is not before.get(number):
            _save(project, entry, domain, splits[number])
    return splits


def _together(
    settings: SplitSettings, kinds: Sequence[str], found: Sequence[Found], ids: Sequence[np.ndarray] | None,
    fixed: Mapping[int, Split], before: Mapping[int, Split] = {},
) -> list[Split]:  # fmt: skip
    """The splits of tasks, of which some are fixed already; their subjects are where those have them."""
    open_ = [number for number in range(len(found)) if number not in fixed]
    decided = parts_of(list(fixed.values()), [ids[number] for number in fixed]) if ids is not None else None
    plans = [_plan(settings, kinds[number], *found[number], before.get(number)) for number in open_]
    drawn = draw(
        plans, seed=settings.seed, subjects=None if ids is None else [ids[number] for number in open_], decided=decided
    )
    splits = {**fixed, **dict(zip(open_, drawn, strict=True))}
    return [splits[number] for number in range(len(found))]


def _saved(project: Project, entry: TaskEntry, domain: Domain) -> Split | None:
    """The saved split of a task; None if there is none, or its settings or classes changed."""
    path = _path(project, entry)
    earlier = path.with_name(f"{slug(entry.name)}.json")  # tasks of similar names shared it: `asked` says whose it is
    for place in (path, earlier) if not _built_in(entry) else ():
        saved = _read(place, project.folder) if os.path.lexists(place) else None
        if saved is not None and saved["asked"] == _asked(project, entry, domain):
            if place != path:
                atomic.write_text(path, json_text(saved), project.folder)
                atomic.remove(earlier, project.folder)
            return _by_name(saved["files"], domain, str(path))
    return None


def saved_images(project: Project, entry: TaskEntry) -> list[str]:
    """The images of a task's saved split, by their paths in its folder; none where none is saved."""
    path = _path(project, entry)
    saved = _read(path, project.folder) if os.path.lexists(path) else {"files": {}}
    return [name for names in saved["files"].values() for name in names]


def carry_split(project: Project, entry: TaskEntry, moved: TaskEntry, domain: Domain) -> None:
    """Let the saved split of a task count for the same task with its images elsewhere."""
    path = _path(project, entry)
    saved = _read(path, project.folder) if os.path.lexists(path) else None
    if saved is not None and saved["asked"] == _asked(project, entry, domain):
        atomic.write_text(path, json_text(saved | {"asked": _asked(project, moved, domain)}), project.folder)


def _follows(settings: SplitSettings, kind: str, domain: Domain) -> bool:
    """Whether a draw is from given parts, and follows them."""
    return kind != "fraction" and not _takes_all(settings, kind) and says_more_than_train(domain.given_splits)


def _takes_all(settings: SplitSettings, kind: str) -> bool:
    return kind == "share" and settings.rest == "test"


def _followed(domain: Domain, before: Split, split: Split) -> Split:
    """A draw from given parts as they are now: what folders or lists moved since then is drawn again, nothing else."""
    if split == before:
        return before
    moved = {part: len(set(split.part(part)) ^ set(before.part(part))) for part in SPLITS}
    counts = ", ".join(f"{count} of {part}" for part, count in moved.items() if count)
    notice = f"Task {domain.name!r}: folders or lists changed since its split was saved, and with them {counts}."
    return replace(split, notices=(*split.notices, notice))


def _planned(settings: SplitSettings, kind: str, entry: TaskEntry, domain: Domain) -> Split:
    """The split of a task by itself."""
    if kind == "given":
        return given_split(domain.given_splits, domain.labels, domain.classes, entry.name)
    return draw([_plan(settings, kind, entry, domain)], seed=settings.seed)[0]


def _plan(
    settings: SplitSettings, kind: str, entry: TaskEntry, domain: Domain, before: Split | None = None
) -> SplitPlan:
    images = _merged(entry, domain) if kind == "shots" else (domain.labels, domain.classes)
    given = domain.given_splits if domain.has_given_split else None
    name: Any = {"task_name": entry.name}
    if kind == "shots":
        return few_shot_plan(*images, settings.shots, **name, given=given, before=before)
    if kind == "share":
        return share_plan(*images, settings.share, **name, given=given, before=before, rest=settings.rest)
    return fraction_plan(*images, settings.fractions, **name)


def _merged(entry: TaskEntry, domain: Domain) -> tuple[np.ndarray, tuple[str, ...]]:
    """int64 (N,) and the classes they mean, merged ones as the one they become: it has k shots, not each of them."""
    become = {raw: f"merged {new}" for new, members in entry.merged.items() for raw in members}
    names = [become.get(raw, raw) for raw in domain.classes]
    classes = tuple(dict.fromkeys(names))
    return np.array([classes.index(name) for name in names], np.int64)[domain.labels], classes


def _path(project: Project, entry: TaskEntry) -> Path:
    """Where a task's split is saved: under a name no other task has, though "A B" and "a-b" look alike as a path."""
    plain = slug(entry.name)
    digest = hashlib.sha256(entry.name.encode(errors="surrogatepass")).hexdigest()[:12]
    own = "" if plain == entry.name else f"-{digest}"
    return _folder(project) / f"{plain}{own}.json"


def _folder(project: Project) -> Path:
    """Of the project's own split; of one for a single run a folder below it, named after what was asked."""
    own = project.folder / "splits"
    if project.own_split:
        return own
    asked = json.dumps(project.file.split.model_dump(mode="json"), sort_keys=True)
    return own / hashlib.sha256(asked.encode()).hexdigest()[:12]


def _save(project: Project, entry: TaskEntry, domain: Domain, split: Split) -> None:
    """Beside the project; a file that says the same already is left alone."""
    if _built_in(entry):
        return  # it ships with the studio, and never changes
    files = {part: [domain.files.path(row) for row in split.part(part)] for part in SPLITS}
    text = json_text({"asked": _asked(project, entry, domain), "digest": split.digest, "files": files})
    path = _path(project, entry)
    if os.path.lexists(path) and read_text(path, LARGE, project.folder) == text:
        return
    atomic.make_folder(path.parent, project.folder)
    atomic.write_text(path, text, project.folder)


def _asked(project: Project, entry: TaskEntry, domain: Domain) -> str:
    settings = project.file.split
    unused = {"share", "rest"} if settings.kind != "share" else {"rest"} if settings.rest == "val" else set()
    unused |= {"identity"} if settings.identity is None else set()
    values: list[Any] = [settings.model_dump(mode="json", exclude=unused), entry.folder, list(domain.classes)]
    values += [entry.layout, entry.part] if entry.part else []
    values += [entry.merged] if entry.merged and settings.kind == "shots" else []
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


class SavedSplit(Document):
    """The fields of a saved split."""

    asked: Annotated[str, Field(max_length=200)]
    files: dict[str, list[Annotated[str, Field(max_length=LONGEST_PATH)]]]

    @model_validator(mode="after")
    def _parts(self) -> "SavedSplit":
        names = [name for part in self.files.values() for name in part]
        if set(self.files) != set(SPLITS) or len(set(names)) != len(names):
            raise ValueError("an image must be in one part: train, val or test")
        return self


def _read(path: Path, within: Path) -> dict[str, Any]:
    try:
        saved = read_json(path, LARGE, within)
        checked(SavedSplit, saved, path)
    except CorruptError as error:
        raise CorruptError(
            f"{path} must hold a saved split, but does not ({str(error).rstrip('.')}); delete it to draw the split "
            "again."
        ) from None
    return dict(saved)


def _by_name(files: dict[str, list[str]], domain: Domain, path: str) -> Split:
    """Indices of the saved files that are still there, and a notice about the others."""
    row = {path: index for index, path in enumerate(domain.files.paths())}
    parts = {part: [row[name] for name in names if name in row] for part, names in files.items()}
    known = {name for names in files.values() for name in names}
    gone, new = len(known - set(row)), len(set(row) - known)
    notices = []
    if gone or new:
        said = [f"{counted(gone, 'image')} went"] if gone else []
        said += [f"{counted(new, 'image')} came and {'is' if new == 1 else 'are'} not used"] if new else []
        notices.append(
            f"Task {domain.name!r}: since its split was saved {', '.join(said)}. Delete {path} to draw the split again."
        )
    return Split.of(parts, notices)
