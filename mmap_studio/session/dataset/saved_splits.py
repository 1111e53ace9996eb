"""The split is drawn once and saved with the project, by file name: later files never move an image across parts.

A split that folders or lists give is theirs, and follows them; what it was is saved likewise. Shots and shares that
are drawn from such parts keep what is still in its part, and follow them in the rest.
"""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from mmap_studio.data.domains import Domain
from mmap_studio.data.split import Split, few_shot_split, fraction_split, given_split, says_more_than_train, share_split
from mmap_studio.errors import CorruptError
from mmap_studio.formatting import counted
from mmap_studio.method.task import SPLITS
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import LONGEST_PATH, SplitSettings, TaskEntry
from mmap_studio.storage import atomic
from mmap_studio.storage.adapter_files import slug
from mmap_studio.storage.documents import LARGE, Document, checked, read_json
from mmap_studio.storage.json_text import json_text
from mmap_studio.storage.opener import read_text


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


def chosen_split(project: Project, entry: TaskEntry, domain: Domain) -> DrawnSplit:
    """The split that the project asks for: as given, or drawn once and saved."""
    settings = project.file.split
    kind = _kind(settings, domain)
    if kind == "given":
        split = _draw(settings, kind, entry, domain)
        _save(project, entry, domain, split)
    else:
        split = _saved_or_drawn(project, entry, domain, kind)
    paths = list(domain.files.paths())
    files = {part: sorted(paths[row] for row in split.part(part)) for part in SPLITS}
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    return DrawnSplit(split, kind, None if kind == "given" else settings.seed, digest)


def planned_split(settings: SplitSettings, entry: TaskEntry, domain: Domain) -> Split:
    """What a first run will draw; DataError or InputError where it cannot."""
    return _draw(settings, _kind(settings, domain), entry, domain)


def _kind(settings: SplitSettings, domain: Domain) -> str:
    """given, fraction, shots or share; a part for training alone leaves nothing to test on, so it is no split."""
    if settings.kind != "auto":
        return settings.kind
    return "given" if says_more_than_train(domain.given_splits) else "fraction"


def _saved_or_drawn(project: Project, entry: TaskEntry, domain: Domain, kind: str) -> Split:
    """The saved split of a task; drawn and saved if there is none, or if its settings or classes changed."""
    path = _path(project, entry)
    earlier = path.with_name(f"{slug(entry.name)}.json")  # tasks of similar names shared it: `asked` says whose it is
    for place in (path, earlier):
        saved = _read(place, project.folder) if os.path.lexists(place) else None
        if saved is not None and saved["asked"] == _asked(project, entry, domain):
            if place != path:
                atomic.write_text(path, json_text(saved), project.folder)
                atomic.remove(earlier, project.folder)
            return _followed(project, entry, domain, kind, _by_name(saved["files"], domain, str(path)))
    split = _draw(project.file.split, kind, entry, domain)
    _save(project, entry, domain, split)
    return split


def _followed(project: Project, entry: TaskEntry, domain: Domain, kind: str, before: Split) -> Split:
    """A draw from given parts as they are now: what folders or lists moved since then is drawn again, nothing else."""
    if kind == "fraction" or not says_more_than_train(domain.given_splits):
        return before
    split = _draw(project.file.split, kind, entry, domain, before)
    if split == before:
        return before
    _save(project, entry, domain, split)
    moved = {part: len(set(split.part(part)) ^ set(before.part(part))) for part in SPLITS}
    counts = ", ".join(f"{count} of {part}" for part, count in moved.items() if count)
    notice = f"Task {domain.name!r}: folders or lists changed since its split was saved, and with them {counts}."
    return replace(split, notices=(*split.notices, notice))


def _draw(settings: SplitSettings, kind: str, entry: TaskEntry, domain: Domain, before: Split | None = None) -> Split:
    images = _merged(entry, domain) if kind == "shots" else (domain.labels, domain.classes)
    seed: Any = {"seed": settings.seed, "task_name": domain.name}
    given = domain.given_splits if domain.has_given_split else None
    if kind == "given":
        return given_split(domain.given_splits, *images, domain.name)
    if kind == "shots":
        return few_shot_split(*images, settings.shots, **seed, given=given, before=before)
    if kind == "share":
        return share_split(*images, settings.share, **seed, given=given, before=before)
    return fraction_split(*images, settings.fractions, **seed)


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
    return project.folder / "splits" / f"{plain}{own}.json"


def _save(project: Project, entry: TaskEntry, domain: Domain, split: Split) -> None:
    """Beside the project; a file that says the same already is left alone."""
    files = {part: [domain.files.path(row) for row in split.part(part)] for part in SPLITS}
    text = json_text({"asked": _asked(project, entry, domain), "digest": split.digest, "files": files})
    path = _path(project, entry)
    if os.path.lexists(path) and read_text(path, LARGE, project.folder) == text:
        return
    atomic.make_folder(path.parent, project.folder)
    atomic.write_text(path, text, project.folder)


def _asked(project: Project, entry: TaskEntry, domain: Domain) -> str:
    settings = project.file.split
    unused = {"share"} if settings.kind != "share" else set()
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
