"""What a folder, archive or table was recognised as: shown for confirmation before anything is made of it.

Opens no image and loads no torch. The command line and the window show the same `LayoutReport`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmap_studio.data.domains import Domain, Survey
from mmap_studio.data.file_kinds import resolved
from mmap_studio.data.layouts import AUTO, LAYOUTS
from mmap_studio.data.names import clean_class_name
from mmap_studio.data.survey import survey
from mmap_studio.session.project.project_file import TaskEntry


@dataclass(frozen=True)
class Found:
    """One domain of the report."""

    task: str
    classes: int
    images: int
    splits: Mapping[str, int]
    """Images of every split that folders or lists give; empty where they give none."""
    renamed: Mapping[str, str]
    """Folder name -> what CLIP reads, where the two differ."""
    domain: Domain = field(repr=False, compare=False)
    """What was found."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """As folders or lists call them."""
        return self.domain.classes


@dataclass(frozen=True)
class LayoutReport:
    """What was recognised and why, what it would give, and what else it could be."""

    root: Path
    """Absolute; what was pointed at."""
    layout: str
    """A name of `data.layouts.LAYOUTS`, with `:FOLDER` or `:FILE` for lists and tables: `--layout` takes it."""
    shape: str
    """The layout in a few words."""
    why: str
    """One sentence: by what it was recognised."""
    others: tuple[str, ...]
    """Layouts that would fit as well, as `--layout` takes them."""
    found: tuple[Found, ...]
    notices: tuple[str, ...]
    """What a user should know, beside what was skipped."""
    skipped: tuple[tuple[str, str], ...]
    """Path and reason of everything that is not used."""
    entries: tuple[TaskEntry, ...]
    """One task a domain, as a project keeps it."""

    @property
    def images(self) -> int:
        """Of all tasks together."""
        return sum(one.images for one in self.found)


def recognise(data: Path, layout: str = AUTO, tick: Callable[[int], None] | None = None) -> LayoutReport:
    """Look at `data`. DataError or InputError, in one sentence, when nothing can be made of it.

    tick : called with the number of images found so far; what it raises ends the look
    """
    root = resolved(data.expanduser())
    imported = survey(root, layout, tick)
    return LayoutReport(
        root=root,
        layout=imported.layout,
        shape=shape_of(imported.layout),
        why=imported.why,
        others=imported.others,
        found=tuple(_found(domain) for domain in imported.domains),
        notices=imported.notices,
        skipped=tuple((one.path, one.reason) for one in imported.skipped),
        entries=tuple(entry_for(root, imported, domain, forced=layout != AUTO) for domain in imported.domains),
    )


def shape_of(layout: str) -> str:
    """The layout in a few words."""
    return LAYOUTS[layout.partition(":")[0]]


def entry_for(root: Path, imported: Survey, domain: Domain, forced: bool = False) -> TaskEntry:
    """A folder that says by itself what it is stands alone; else where to look, as what, and for which part.

    One task is all of its folder, so it has no part: the folder may be called otherwise later.
    """
    if imported.layout == "one-task":
        return TaskEntry(name=domain.name, folder=str(imported.root), layout=imported.layout)
    if not (domain.packed or domain.part or forced):
        return TaskEntry(name=domain.name, folder=str(domain.root))
    return TaskEntry(name=domain.name, folder=str(root), layout=imported.layout, part=domain.name)


def _found(domain: Domain) -> Found:
    given = domain.given_splits if domain.has_given_split else ()
    splits = {part: given.count(part) for part in ("train", "val", "test")} if given else {}
    renamed = {raw: clean for raw in domain.classes if (clean := clean_class_name(raw)) != raw}
    return Found(domain.name, len(domain.classes), len(domain.files), splits, renamed, domain)
