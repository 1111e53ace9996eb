"""A folder of image folders becomes domains, each with its classes and files.

Read are `root/<domain>/<class>/<image>` (Office-Home, PACS, DomainNet), the same with a split level
`root/<domain>/{train,val,test}/<class>/<image>`, and a root that is itself one domain in either form. Classes keep
the order of their folder names by code point, which is the label order of Dassl and torchvision. Everything found
below the root and not used is in `Import.skipped` with its reason, or in a notice; nothing is left out silently.
"""

from collections.abc import Callable
from pathlib import Path

from mmap_studio.data.importing import Domain, ImageFile, Import
from mmap_studio.data.layout import Classes, classes_of, is_domain, is_split_level
from mmap_studio.data.listing import SUFFIXES, Folder, Walk
from mmap_studio.data.notices import class_notices, skipped_notices
from mmap_studio.data.reports import Skipped, counted, shown, some
from mmap_studio.errors import DataError

SHAPE = f"<domain>/<class>/<image> with {', '.join(SUFFIXES)}"


def scan(root: str | Path, tick: Callable[[int], None] | None = None) -> Import:
    """Read the folder tree below `root`; no image is opened.

    tick : called with the number of images found so far after each folder; what it raises ends the scan

    Raises DataError when there is nothing to work with: no such folder, a file, no images, fewer than two classes.
    """
    root = _existing(Path(root))
    walk = Walk(root, tick)
    tree = walk.read()
    found = _domains(tree, root)
    if not found:
        return _one_level_below(root, tree, walk, tick)
    notices = []
    if found[0].path == "":
        notices.append(f"Folder {shown(root)} holds classes, not domains: it was read as one task {shown(root.name)}.")
    return _import(root, walk, tree, found, notices)


def _existing(root: Path) -> Path:
    try:
        if root.is_dir():
            return root.resolve()
        what = "is a file" if root.exists() else "was not found"
    except (OSError, ValueError) as error:  # a name too long, or with NUL in it
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    raise DataError(f"Folder {shown(root)} {what}; required is a folder of {SHAPE}.")


def _domains(tree: Folder, root: Path) -> list[Folder]:
    """The folders that are domains: those below the root, or the root alone."""
    if is_split_level(tree):
        return [tree]
    below = [folder for folder in tree.folders if is_domain(folder)]
    return below or ([tree] if any(folder.images for folder in tree.folders) else [])


def _one_level_below(root: Path, tree: Folder, walk: Walk, tick: Callable[[int], None] | None) -> Import:
    """An archive often unpacks into a folder of its own: go there if it is the only one that can be meant."""
    usable = [f for f in tree.folders if any(is_domain(g) for g in f.folders)]
    if len(usable) == 1:
        inner = scan(root / usable[0].name, tick)
        notice = f"The domains are in folder {shown(usable[0].name)}, which was opened instead."
        return Import(inner.root, inner.domains, (notice, *inner.notices), inner.skipped)
    if usable:
        names = some([f.name for f in usable])
        raise DataError(f"Folder {shown(root)} holds several folders of domains ({names}); open one of them.")
    if tree.images:
        count = counted(len(tree.images), "image")
        raise DataError(f"Folder {shown(root)} holds {count} but no class folders; sort them as {SHAPE}.")
    rest = f"{counted(len(tree.folders), 'folder')} and {counted(len(walk.skipped), 'other file')}"
    raise DataError(f"Folder {shown(root)} holds no images where they are looked for: required {SHAPE}; found {rest}.")


def _import(root: Path, walk: Walk, tree: Folder, found: list[Folder], notices: list[str]) -> Import:
    domains = []
    used: set[str] = set()
    for folder in found:
        classes = {name: parts for name, parts in classes_of(folder).items() if any(f.images for _, f in parts)}
        name = folder.name or root.name
        empty = sorted(set(classes_of(folder)) - set(classes))
        if empty:
            left_out = counted(len(empty), "class folder")
            notices.append(f"Domain {shown(name)}: {left_out} without images left out: {some(empty)}.")
        used.update(f.path for parts in classes.values() for _, f in parts)
        if len(classes) < 2:
            notices.append(
                f"Domain {shown(name)} was left out: at least 2 classes are required, found {some(list(classes))}."
            )
            continue
        domains.append(_domain(name, root, folder, classes))
    if not domains:
        raise DataError(f"Folder {shown(root)} cannot be used: at least 2 classes are required. {' '.join(notices)}")
    skipped = (*walk.skipped, *_unused(tree, used))
    return Import(root, tuple(domains), (*notices, *class_notices(domains), *skipped_notices(skipped)), skipped)


def _domain(name: str, root: Path, folder: Folder, classes: Classes) -> Domain:
    names = tuple(sorted(classes))
    start = len(folder.path) + 1 if folder.path else 0
    files = tuple(
        ImageFile(image.path[start:], index, image.size, image.mtime_ns, split)
        for index, class_name in enumerate(names)
        for split, part in classes[class_name]
        for image in part.images
    )
    return Domain(name, root / folder.path, names, files)


def _unused(folder: Folder, used: set[str]) -> list[Skipped]:
    """Images that lie in no class folder."""
    here = () if folder.path in used else folder.images
    return [Skipped(image.path, "the image is in no class folder") for image in here] + [
        skipped for inner in folder.folders for skipped in _unused(inner, used)
    ]
