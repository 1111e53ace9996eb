"""Layouts of folder trees: what the levels mean (domains, splits, classes), and the domains that a tree holds.

Looks at the tree only, never at the disk.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.data.domains import Domain
from mmap_studio.data.layouts import AUTO, SPLIT_NAMES
from mmap_studio.data.listing import Folder
from mmap_studio.data.names import clean_class_name
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown, some

UNIONS = ("full", "all")
"""Folder names (any case) of all images together, beside the splits: VLCS has them."""

Classes = dict[str, list[tuple[str | None, Folder]]]
"""Class folder name -> its folders, each with the split it gives, training first."""
OWN = 0.1
"""Share of class names that tasks may have in common and still be called tasks with classes of their own."""


@dataclass(frozen=True)
class Tree:
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


def is_split_level(folder: Folder) -> bool:
    """Whether the folders inside are splits: all are named so, `train` is one, and each holds class folders.

    A class may be called "train" (DomainNet has one): that folder holds images, a split holds folders of images. A
    folder of all images may lie beside the splits.
    """
    splits = [inner for inner in folder.folders if inner.name.casefold() in SPLIT_NAMES]
    others = [inner for inner in folder.folders if inner.name.casefold() not in SPLIT_NAMES]
    return (
        any(inner.name.casefold() == "train" for inner in splits)
        and all(is_domain(inner) for inner in splits)
        and not any(_images_below(inner) for inner in others if not _is_union(inner))
    )


def union_beside_splits(folder: Folder) -> Folder | None:
    """The folder of all images beside the splits of a folder, if it has both; nothing of it is used."""
    unions = [inner for inner in folder.folders if _is_union(inner)]
    return unions[0] if unions and is_split_level(folder) else None


def _is_union(folder: Folder) -> bool:
    return folder.name.casefold() in UNIONS and is_domain(folder)


def is_split_of_domains(folder: Folder) -> bool:
    """Whether the folders inside are splits that hold domains: `{train,val,test}/<domain>/<class>/<image>`."""
    splits = [inner for inner in folder.folders if inner.name.casefold() in SPLIT_NAMES]
    return (
        any(inner.name.casefold() == "train" for inner in splits)
        and len(splits) == len([inner for inner in folder.folders if inner.folders or inner.images])
        and all(any(is_domain(domain) for domain in inner.folders) for inner in splits)
        and not any(is_domain(inner) for inner in splits)
    )


def domains_of_splits(folder: Folder) -> dict[str, Classes]:
    """Domain name -> its classes, gathered from the splits."""
    found: dict[str, Classes] = {}
    for split, part in _parts(folder):
        for domain in part.folders if split else ():
            for inner in domain.folders:
                found.setdefault(domain.name, {}).setdefault(inner.name, []).append((split, inner))
    return dict(sorted(found.items()))


def is_domain(folder: Folder) -> bool:
    """Whether a folder holds class folders (or splits of them) rather than images of one class.

    A stray image beside class folders does not make a class of a domain, nor a folder of thumbnails a domain of a
    class: where there are both, the larger number decides.
    """
    below = sum(_images_below(inner) for inner in folder.folders)
    return below > len(folder.images) and bool(classes_of(folder)) and _has_class_images(folder)


def classes_of(folder: Folder) -> Classes:
    """The class folders of a domain, empty ones included."""
    if not is_split_level(folder):
        return plain_classes_of(folder)
    found: Classes = {}
    for split, part in _parts(folder):
        for inner in part.folders if split else ():
            found.setdefault(inner.name, []).append((split, inner))
    return found


def plain_classes_of(folder: Folder) -> Classes:
    """Every folder inside is a class, whatever it is called."""
    return {inner.name: [(None, inner)] for inner in folder.folders}


def _parts(folder: Folder) -> list[tuple[str | None, Folder]]:
    """The folders inside with the split that their names give, training first."""
    order = {"train": 0, "val": 1, "test": 2}
    named = [(SPLIT_NAMES.get(inner.name.casefold()), inner) for inner in folder.folders]
    return sorted(named, key=lambda one: order.get(one[0] or "", 3))


def _has_class_images(folder: Folder) -> bool:
    return any(part.images for parts in classes_of(folder).values() for _, part in parts)


def _images_below(folder: Folder) -> int:
    return len(folder.images) + sum(len(inner.images) for inner in folder.folders)
