"""Which of the tree layouts a folder has, and the domains that it then holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.data.importing import Domain
from mmap_studio.data.layout import (
    Classes,
    classes_of,
    domains_of_splits,
    is_domain,
    is_split_level,
    is_split_of_domains,
    plain_classes_of,
)
from mmap_studio.data.layouts import AUTO
from mmap_studio.data.listing import Folder
from mmap_studio.data.names import clean_class_name
from mmap_studio.data.reports import shown, some
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted

OWN = 0.1
"""Share of class names that tasks may have in common and still be called tasks with classes of their own."""


@dataclass(frozen=True)
class Tree:
    """A tree understood."""

    layout: str
    """One of `layouts.TREES`."""
    domains: tuple[tuple[Folder, Classes], ...]
    others: tuple[str, ...] = ()
    """Layouts that fit as well."""

    def described(self, domains: Sequence[Domain]) -> tuple[str, str]:
        """The layout, told apart by the class names too, and one sentence that says why it is this one."""
        names = some([domain.name for domain in domains])
        if self.layout == "split-domains":
            return self.layout, f"Folders named after splits hold the domains {names}."
        if self.layout == "domain-splits":
            return self.layout, f"Folders {names} hold folders named after splits, with class folders in them."
        if self.layout == "one-task":
            return self.layout, f"{counted(len(domains[0].classes), 'class folder')} hold images."
        seen = Counter(c for d in domains for c in {clean_class_name(raw).casefold() for raw in d.classes})
        shared = sum(count > 1 for count in seen.values())
        if len(domains) > 1 and shared <= OWN * len(seen):
            return (
                "tasks",
                f"Folders {names} hold class folders of their own: {shared} of {len(seen)} names are shared.",
            )
        everywhere = sum(count == len(domains) for count in seen.values())
        return "domains", f"Folders {names} hold class folders: {everywhere} of {len(seen)} names are in all of them."


def read_as(tree: Folder, layout: str, root: Path, strict: bool = True) -> Tree:
    """The tree as `layout`, or as what fits; without domains where nothing fits.

    strict : a layout that was asked for and does not fit is a DataError
    """
    found = _fits(tree, layout)
    if strict and layout != AUTO and not found.domains and not any(_fits(f, layout).domains for f in tree.folders):
        names = some([folder.name for folder in tree.folders]) or "none"
        raise DataError(
            f"Folder {shown(root)} cannot be read as layout {layout!r}: its folders are {names}; name another layout."
        )
    return found


def _fits(tree: Folder, layout: str) -> Tree:
    if layout in (AUTO, "split-domains") and is_split_of_domains(tree):
        above = ((Folder(name, (), (), tree.packed), classes) for name, classes in domains_of_splits(tree).items())
        return Tree("split-domains", tuple(above))
    if layout in (AUTO, "one-task") and is_split_level(tree):
        return Tree("one-task", ((tree, classes_of(tree)),), ("domains",))
    if layout in (AUTO, "domains", "tasks", "domain-splits"):
        below = [folder for folder in tree.folders if is_domain(folder)]
        if layout == "domain-splits":
            below = [folder for folder in below if is_split_level(folder)]
        split = layout in (AUTO, "domain-splits") and any(is_split_level(folder) for folder in below)
        classes = classes_of if split else plain_classes_of
        if below:
            return Tree("domain-splits" if split else "domains", tuple((folder, classes(folder)) for folder in below))
    if layout in (AUTO, "one-task") and any(folder.images for folder in tree.folders):
        return Tree("one-task", ((tree, plain_classes_of(tree)),))
    return Tree(AUTO, ())
