"""Surveys of folder trees: a folder of image folders becomes domains, each with its classes and files.

Read are `root/<domain>/<class>/<image>` (Office-Home, PACS, DomainNet), the same with a split level below or above the
domains, and a root that is itself one domain in either form; in a folder or in an archive. Classes keep the order of
their folder names by code point, which is the label order of Dassl and torchvision. Everything found below the root
and not used is in `Survey.skipped` with its reason, or in a notice; nothing is left out silently.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mmap_studio.data.archives.split_zips import missing
from mmap_studio.data.archives.zip_archive import ENCRYPTED, ODD_METHOD
from mmap_studio.data.domains import Domain, Survey, class_notices
from mmap_studio.data.file_kinds import (
    ARCHIVES,
    COMMON,
    START,
    TABLES,
    is_archive,
    what_else,
    without_archive_suffix,
)
from mmap_studio.data.file_table import FileTable, ImageFile
from mmap_studio.data.layouts import AUTO, split_of
from mmap_studio.data.listing import DEEPER, LEAVES, NO_IMAGE, Folder, Walk
from mmap_studio.data.paths import resolved
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.trees import (
    WRAPPERS,
    Classes,
    Tree,
    any_images,
    masks_of,
    only_parts,
    read_as,
    union_beside_splits,
    without_letters,
)
from mmap_studio.errors import DataError, StudioError
from mmap_studio.formatting import counted, shown, some
from mmap_studio.storage.opener import ANY_SIZE, opened

CLUTTER = re.compile(r"background_google|(257\.)?clutter", re.IGNORECASE)
"""Folders of Caltech-101 and -256 with images of no class."""
FOLD = re.compile(r"(fold|split|part|batch|k)[-_ ]?\d+", re.IGNORECASE)
"""Folders that divide a data set, without one of them being for training."""
SHAPE = f"<domain>/<class>/<image> with {', '.join(COMMON)}"


def survey_folders(
    root: str | Path, layout: str = AUTO, tick: Callable[[int], None] | None = None, follow: bool = False
) -> Survey:
    """Survey the folder tree below `root`, or in the archive `root`; no image is opened.

    layout : one of `layouts.TREES`, or auto: what fits
    tick : called with the number of images found so far after each folder; what it raises ends the survey
    follow : links are followed out of the folder

    Raises DataError when there is nothing to work with: no such folder, a file, no images, fewer than two classes.
    """
    root = existing(Path(root))
    walk = Walk(root, tick, archives=root.is_file(), follow=follow)
    return survey_tree(root, walk, walk.read(), layout)


def survey_tree(root: Path, walk: Walk, tree: Folder, layout: str = AUTO) -> Survey:
    """As `survey_folders`, from a walk that has been done; archives are looked into where folders hold no images."""
    if not walk.images and walk.archives and not walk.unpacks:
        walk = Walk(root, walk.tick, archives=True, follow=walk.follow)
        tree = walk.read()
    _refuse_doubles(root, tree)
    found = read_as(tree, layout, root)
    no_classes = all(only_parts(list(classes)) for _, classes in found.domains)  # in Tiny ImageNet they are deeper
    shallow = no_classes or without_letters(tree) is not tree
    if shallow and walk.too_deep and walk.depth < DEEPER:
        deeper = Walk(root, walk.tick, archives=walk.unpacks, follow=walk.follow)
        if (again := read_as(below := deeper.read(depth=DEEPER), layout, root, strict=False)).domains:
            found, walk, tree = again, deeper, below
    if not found.domains:
        return _one_level_below(root, tree, walk, layout)
    name = without_archive_suffix(root.name) if is_archive(root.name) else root.name
    notices = []
    if found.layout == "one-task":
        notices.append(f"Folder {shown(root)} holds classes, not domains: it was read as one task {shown(name)}.")
    notices += [*found.notices, *(_joined(parts) for parts in walk.joined)]
    return _survey(root, name, walk, tree, found, notices)


def _joined(parts: list[str]) -> str:
    """That archives are read as one, and which of them are not there."""
    gone = missing(parts)
    more = f"; {some(gone)} {'is' if len(gone) == 1 else 'are'} not there, nor the images in it" if gone else ""
    return f"{counted(len(parts), 'archive')} ({some(parts)}) are read as parts of one{more}."


def existing(root: Path) -> Path:
    """The folder or archive, resolved; DataError where there is none."""
    try:
        if root.is_dir() or (root.is_file() and is_archive(root.name)):
            return _valid(resolved(root))
        if root.exists():
            raise _refused(root)
        what = "was not found"
    except DataError:
        raise
    except (OSError, ValueError) as error:  # a name too long, or with NUL in it
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    raise DataError(f"Folder {shown(root)} {what}; required is a folder of {SHAPE}, so check the path.")


def _refused(root: Path) -> DataError:
    if what := _what_else(root):
        return DataError(f"File {shown(root)} must be a folder, an archive or a table of images, but is {what}.")
    archives, tables = (", ".join(one) for one in (ARCHIVES, TABLES))
    return DataError(
        f"File {shown(root)} is neither an archive ({archives}) nor a table ({tables}); required is one of these or a "
        f"folder of {SHAPE}; of an image or a list file name the folder it is in."
    )


def _what_else(root: Path) -> str:
    """What a file is by its first bytes, with what to do; empty where they do not tell, or it is no file."""
    with suppress(StudioError), opened(root, ANY_SIZE) as (file, _):
        return what_else(file.read(START)) if os.fstat(file.fileno()).st_size else ""
    return ""


def _valid(root: Path) -> Path:
    """The path, when a project can hold it; DataError for bytes that are no text."""
    try:
        str(root).encode()
    except UnicodeEncodeError:
        raise DataError(
            f"Folder {shown(root)} must have a path of valid Unicode, but it has bytes of another encoding; rename it."
        ) from None
    return root


def _refuse_doubles(root: Path, tree: Folder) -> None:
    """DataError for archives beside each other that would have the same name."""
    by_name: dict[str, list[str]] = {}
    for folder in tree.folders:
        _refuse_doubles(root, folder)
        if folder.archive:
            by_name.setdefault(folder.name, []).append(folder.archive)
    for name, paths in by_name.items():
        if len(paths) > 1:
            raise DataError(
                f"Archives beside each other must differ in more than their suffixes, but {some(paths)} in "
                f"{shown(root)} would all be {shown(name)}; rename or remove all but one."
            )


def _one_level_below(root: Path, tree: Folder, walk: Walk, layout: str) -> Survey:
    """An archive often unpacks into a folder of its own: go there if it is the only one that can be meant."""
    readings = [(f, read_as(f, layout, root, strict=False).domains) for f in tree.folders]
    usable = [f for f, domains in readings if domains]
    if not usable and len(tree.folders) == 1 and not tree.images and not root.is_file() and walk.too_deep:
        usable = list(tree.folders)
    if len(usable) == 1:
        if root.is_file() or usable[0].joint:
            inner = survey_tree(root, walk, usable[0], layout)
        else:
            inner = survey_folders(root / usable[0].path.partition("/")[0], layout, walk.tick, walk.follow)
        notice = f"The domains are in folder {shown(usable[0].name)}, which was opened instead."
        return replace(inner, notices=(notice, *inner.notices))
    if usable:
        names = some([f.name for f in usable])
        nested = "use --layout nested if these are domains whose classes hold folders"
        pieces = all(only_parts(list(classes)) for _, domains in readings for _, classes in domains)
        advice = nested if pieces else "open one of them" if layout == "nested" else f"open one of them, or {nested}"
        raise DataError(
            f"Folder {shown(root)} must be one folder of domains, but holds several folders of domains ({names}); "
            f"{advice}."
        )
    if tree.images:
        count = counted(len(tree.images), "image")
        if odd := [image.path for image in tree.images if "\\" in image.path]:
            raise DataError(
                f"Folder {shown(root)} must have its images in folders, but their names have backslashes, which are "
                f"letters here ({some(odd, 1)}); pack it again with / between folders."
            )
        raise DataError(
            f"Folder {shown(root)} must hold class folders, but holds {count} and no class folders; sort them as "
            f"{SHAPE}, or put a table of them (columns path and class) beside them."
        )
    rest = f"{counted(len(tree.folders), 'folder')} and {counted(len(walk.skipped), 'other file')}"
    linked = [one for one in walk.skipped if NO_IMAGE not in one.reason]
    commonest, example, files = _commonest(walk)
    if linked:
        rest += f" ({shown(linked[0].path)}: {linked[0].reason})"
    elif commonest:
        of_them = "" if len(walk.skipped) == 1 else f"{files:,} of them "
        rest += f", {of_them}{commonest}, such as {shown(example)}"
    advice = ADVICE_LINK if any(one.reason == LEAVES for one in linked) else _ADVICE.get(commonest, "")
    if any(one.reason == ENCRYPTED or one.reason.startswith(ODD_METHOD) for one in linked):
        advice = "unpack the archive yourself, and name the folder"
    advice = advice or ("convert them to PNG or JPEG" if commonest else "")
    raise DataError(
        f"Folder {shown(root)} holds no images where they are looked for: required {SHAPE}; found {rest}"
        f"{'; ' + advice if advice else ''}."
    )


ADVICE_LINK = "--follow-links reads what links lead to, or name the folder they lead to"
_PACKED = "unpack them, or pack them as zip or tar"
_JOIN = "these are pieces of one archive, so join them and unpack it, as `7z x` does from the first"
_TEXT = "put them beside the images that they are about"
_INSIDE = "write the images in them as PNG or JPEG files"
_KINDS = {
    _PACKED: (".zip", ".tar", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".zst"),
    _JOIN: (".z01", ".001", ".002", ".part", ".aa"),
    _TEXT: (".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".md"),
    _INSIDE: (".mp4", ".avi", ".mov", ".mkv", ".npy", ".npz", ".mat", ".h5", ".hdf5", ".pkl", ".bin", ".tfrecord",
              ".lmdb"),
}  # fmt: skip
_ADVICE = {suffix: words for words, suffixes in _KINDS.items() for suffix in suffixes}
"""What to do with files of a kind that is not read."""


def _commonest(walk: Walk) -> tuple[str, str, int]:
    """The suffix that most of the files that are no images have, one of them, and how many there are."""
    suffixes = [(PurePosixPath(one.path).suffix.lower(), one.path) for one in walk.skipped if NO_IMAGE in one.reason]
    (suffix, count), *_ = Counter(suffix for suffix, _ in suffixes if suffix).most_common(1) or [("", 0)]
    return suffix, next((path for own, path in suffixes if own == suffix), ""), count


def _survey(root: Path, name: str, walk: Walk, tree: Folder, found: Tree, notices: list[str]) -> Survey:
    domains: list[Domain] = []
    used: set[str] = set()
    for folder, every in found.domains:
        own = folder.name or name
        if len(found.domains) == 1 and (own.casefold() in WRAPPERS or own.isdecimal()):  # EuroSAT's folder is 2750
            own = name
        classes = {name: parts for name, parts in every.items() if any(f.images for _, f in parts)}
        notices += _left_out(own, every, classes)
        notices += _made_one(own, classes) if found.layout != "nested" else ()
        used.update(f.path for parts in classes.values() for _, f in parts)
        if len(classes) >= 2:
            # alone it would be read otherwise: by what is in folders that hold no images here
            alone = not any(any_images(f) for name in every.keys() - classes for _, f in every[name])
            tick = lambda: walk.tick(walk.images)  # noqa: E731
            domains.append(_domain(root, own, folder, classes, found.layout, tick, alone))
    if not domains:
        why = "; ".join(notice.rstrip(".") for notice in notices)
        raise DataError(
            f"Folder {shown(root)} must hold at least 2 classes with images, each a folder: {why}; put every class "
            "into a folder of its own, or name the folder in which they are."
        )
    layout, why = found.described(domains)
    differing = [] if layout == "tasks" else class_notices(domains)
    sentences = (*notices, *differing, *_clutter(domains), *_called_as_parts(layout, domains))
    return Survey(root, tuple(domains), sentences, (*walk.skipped, *_unused(tree, used)), layout, why, found.others)


def _clutter(domains: Sequence[Domain]) -> Iterator[str]:
    """A sentence about folders that hold images of no class."""
    names = sorted({name for domain in domains for name in domain.classes if CLUTTER.fullmatch(name)})
    for name in names:
        yield (
            f"By its name, folder {shown(name)} holds images of no class, but is read as one; --leave-out {name} "
            "leaves it out."
        )


def _called_as_parts(layout: str, domains: Sequence[Domain]) -> Iterator[str]:
    """A sentence about domains that are parts of one data set by their names: `train` beside `gallery`, `fold_1`."""
    if layout not in ("domains", "tasks") or len(domains) < 2:
        return
    names = [domain.name for domain in domains]
    if parts := [name for name in names if split_of(name)] or names * all(map(FOLD.fullmatch, names)):
        yield (
            f"By {'its name' if len(parts) == 1 else 'their names'}, {some(parts)} "
            f"{'is a part' if len(parts) == 1 else 'are parts'} of one data set, but {some(names)} are read as "
            "domains; call parts train, val and test if they are."
        )


def _left_out(name: str, every: Classes, classes: Classes) -> Iterator[str]:
    """Sentences about the classes of a domain that have no images, and the domain itself with fewer than two."""
    if empty := sorted(set(every) - set(classes)):
        yield f"Domain {shown(name)}: {counted(len(empty), 'class folder')} without images left out: {some(empty)}."
    if len(classes) < 2:
        yield f"Domain {shown(name)} was left out: at least 2 classes are required, found {some(list(classes))}."


def _made_one(name: str, classes: Classes) -> Iterator[str]:
    """A sentence about folders of several names that are one class."""
    several = [sorted({f.name for _, f in parts}) for one, parts in classes.items()]
    if alike := [names for names in several if len(names) > 1]:
        listed = "; ".join(some(names, 4) for names in alike[:3])
        more = f"; and {len(alike) - 3} more" if len(alike) > 3 else ""
        yield f"Domain {shown(name)}: folders that read alike are one class: {listed}{more}."


def _domain(
    root: Path, name: str, folder: Folder, classes: Classes, layout: str, tick: Callable[[], None], alone: bool
) -> Domain:
    above = "" if layout == "split-domains" or folder.joint else folder.path
    part = name if layout in ("split-domains", "nested") or folder.joint or not alone else ""
    files = FileTable.of(_files(classes, len(above) + 1 if above else 0, tick))
    packed = folder.packed or any(inner.packed for parts in classes.values() for _, inner in parts)
    return Domain(name, root / above, tuple(sorted(classes)), files, part, packed)


def _files(classes: Classes, start: int, tick: Callable[[], None]) -> Iterator[ImageFile]:
    """The images of a domain by class, split, name; `start` cuts their paths; `tick` may end it."""
    for index, name in enumerate(sorted(classes)):
        for split, part in classes[name]:
            tick()
            for image in part.images:
                yield ImageFile(image.path[start:], index, image.size, image.stamp, split)


def _unused(folder: Folder, used: set[str], reason: str = "the image is in no class folder") -> Iterator[Skipped]:
    if folder.path not in used:
        yield from (Skipped(image.path, reason) for image in folder.images)
    union, masks = union_beside_splits(folder), masks_of(folder)
    below = "it lies in a folder below a class folder" if folder.path in used else reason
    for inner in folder.folders:
        beside = "the splits" if inner is union else "the images" if inner in masks else ""
        why = f"it is in {shown(inner.name)}, which lies beside {beside}" if beside else below
        yield from _unused(inner, used, why)
