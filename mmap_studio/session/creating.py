"""A project from a folder of domains, and the report of what was found there. Opens no image and loads no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.config import Settings
from mmap_studio.data.folders import scan
from mmap_studio.data.importing import Domain, Import
from mmap_studio.data.names import clean_class_name
from mmap_studio.data.notices import skipped_notices
from mmap_studio.data.reports import shown
from mmap_studio.errors import InputError
from mmap_studio.session.naming import absolute
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import SplitSettings, TaskEntry


@dataclass(frozen=True)
class Found:
    """One domain of the report."""

    task: str
    classes: int
    images: int
    splits: Mapping[str, int]
    """Images of every split that the folders give; empty where they give none."""
    renamed: Mapping[str, str]
    """Folder name -> what CLIP reads, where it differs by more than an underscore or a capital."""


@dataclass(frozen=True)
class Created:
    """A new project and what its import found."""

    project: Project
    found: tuple[Found, ...]
    notices: tuple[str, ...]
    """What a person should know, beside what was skipped."""
    skipped: tuple[tuple[str, str], ...]
    """Path and reason of everything that is not used."""


def create(
    folder: Path,
    data: Path,
    name: str | None,
    backbone: str,
    split: SplitSettings,
    template: str,
    settings: Settings,
) -> Created:
    """Scan `data`, make a task of every domain, save the project; nothing is written if anything is refused."""
    if template.count("{}") != 1:
        raise InputError(f"The template must contain {{}} once, where the class name goes. Got {template!r} instead.")
    place = absolute(backbone)
    imported = scan(data.expanduser())
    _check_split(imported, split)
    entries = [TaskEntry(name=domain.name, folder=str(domain.root), template=template) for domain in imported.domains]
    project = Project.new(folder, entries, name, place, split, settings)
    found = tuple(_found(domain) for domain in imported.domains)
    summed_up = skipped_notices(imported.skipped)
    notices = tuple(text for text in imported.notices if text not in summed_up)
    return Created(project, found, notices, tuple((one.path, one.reason) for one in imported.skipped))


def _check_split(imported: Import, split: SplitSettings) -> None:
    bare = [domain.name for domain in imported.domains if not any(domain.given_splits)]
    if split.kind == "given" and bare:
        raise InputError(
            f"A given split needs folders named train, val, test, but domain {shown(bare[0])} has none; "
            "choose fraction or shots."
        )


def _found(domain: Domain) -> Found:
    given: Sequence[str | None] = domain.given_splits
    splits = {part: given.count(part) for part in ("train", "val", "test")} if any(given) else {}
    renamed = {raw: clean for raw in domain.classes if (clean := clean_class_name(raw)) != raw}
    return Found(domain.name, len(domain.classes), len(domain.files), splits, renamed)


def tidy(text: str) -> str:
    """A name for the terminal: signs that could move the cursor or turn the line around become escapes."""
    return shown(text)[1:-1]
