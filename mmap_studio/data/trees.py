"""Layouts of folder trees: what the levels mean (domains, splits, classes), and the domains that a tree holds.

Looks at the tree only, never at the disk.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmap_studio.data.domains import Domain
from mmap_studio.data.layouts import AUTO, split_of, stems_of_parts
from mmap_studio.data.listing import Folder
from mmap_studio.data.names import as_read, clean_class_name
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown, some

UNIONS = ("full", "all")
"""Folder names (any case) of all images together, beside the splits: VLCS has them."""

WRAPPERS = (
    "images",
    "imgs",
    "img",
    "image",
    "jpegimages",
    "jpg",
    "jpeg",
    "png",
    "photos",
    "pictures",
    "original",
    "raw",
)
"""Names (any case) of a folder between a class and its images, which says nothing of the class."""

_PIECE = re.compile(
    r"(part|set|batch|seq|sequence|session|video|subject|patient|view|cam|camera|group|chunk|folder|sub|dir|day|take)"
    r"s?[-_ .]?\d*[a-z]?", re.IGNORECASE,
)  # fmt: skip
"""Folders that divide the images of a class."""

ABOUT_IMAGES = re.compile(
    r"(.+[-_ ])?masks?|annotations?|trimaps?|segmentations?([-_ ]?(class|object|masks?))?|ground[-_ ]?truths?|gt|"
    r"labels?|bbox(es)?|heat[-_ ]?maps?|thumb(nail)?s?|previews?", re.IGNORECASE,
)  # fmt: skip
"""Folders of images that are about the images in a folder beside them: masks, annotations, thumbnails."""

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
    notices: tuple[str, ...] = ()

    def described(self, domains: Sequence[Domain]) -> tuple[str, str]:
        """The layout, told apart by the class names too, and one sentence that says why it is this one."""
        names = some([domain.name for domain in domains])
        if self.layout == "split-domains":
            return self.layout, f"Folders named after splits hold the domains {names}."
        if self.layout == "domain-splits":
            return self.layout, f"Folders {names} hold folders named after splits, with class folders in them."
        if self.layout == "one-task":
            return self.layout, f"{counted(len(domains[0].classes), 'class folder')} hold images."
        if self.layout == "nested":
            return self.layout, f"Class folders of {names} hold folders; all images below one are of its class."
        seen = Counter(c for d in domains for c in {as_read(clean_class_name(raw)) for raw in d.classes})
        shared = sum(count > 1 for count in seen.values())
        if len(domains) > 1 and shared <= OWN * len(seen):
            return (
                "tasks",
                f"Folders {names} hold class folders of their own: of {counted(len(seen), 'name')} they "
                f"share {shared or 'none'}.",
            )
        everywhere = sum(count == len(domains) for count in seen.values())
        are = "is" if everywhere == 1 else "are"
        return (
            "domains",
            f"Folders {names} hold class folders: of {counted(len(seen), 'name')} {everywhere} {are} in all of them.",
        )


def read_as(tree: Folder, layout: str, root: Path, strict: bool = True) -> Tree:
    """The tree as `layout`, or as what fits; without domains where nothing fits.

    strict : a layout that was asked for and does not fit is a DataError
    """
    tree = with_plain_parts(without_letters(without_masks(tree)))
    found = _fuller(_fits(tree, layout), tree, layout)
    if not found.domains and layout in (AUTO, "nested"):
        found = _nested(tree, forced=layout == "nested")
    if strict and layout != AUTO and not found.domains and not any(_fits(f, layout).domains for f in tree.folders):
        names = some([folder.name for folder in tree.folders]) or "none"
        raise DataError(
            f"Folder {shown(root)} cannot be read as layout {layout!r}: its folders are {names}; name another layout."
        )
    return _of_known_parts(found)


def _of_known_parts(found: Tree) -> Tree:
    """Without parts that none of the classes of training is in, VisDA's `test/trunk01` and a `test/unknown`, which
    would be classes of their own; with a sentence about them, and about parts whose images are of no class.
    """
    domains, notices = list[tuple[Folder, Classes]](), list(found.notices)
    for folder, classes in found.domains:
        named = {part: [name for name, own in classes.items() if any(split == part for split, _ in own)]
                 for part in ("train", "val", "test")}  # fmt: skip
        known = set(named["train"])
        foreign = {part for part, names in named.items() if known and names and known.isdisjoint(names)}
        of = f" of {shown(folder.name)}" if folder.name else ""
        for part in sorted(foreign):
            notices.append(
                f"No class of {part} ({some(named[part], 3)}) is one of training{of}, so {part} is not used; --layout "
                "domains reads parts as domains."
            )
        bare = [one.name for split, one in _parts(folder) if split and one.images and not one.folders]
        if bare and any(split for own in classes.values() for split, _ in own):
            hold = "holds" if len(bare) == 1 else "hold"
            notices.append(f"{some(bare)} {hold} images of no class, and {'is' if len(bare) == 1 else 'are'} not used.")
        kept = {name: [(split, one) for split, one in own if split not in foreign] for name, own in classes.items()}
        domains.append((folder, {name: own for name, own in kept.items() if own or not classes[name]}))
    return replace(found, domains=tuple(domains), notices=tuple(notices))


def without_masks(folder: Folder) -> Folder:
    """The tree without masks and annotations beside a folder of images; the same object where there are none."""
    about = masks_of(folder)
    inner = tuple(map(without_masks, (one for one in folder.folders if one not in about)))
    same = not about and all(map(lambda a, b: a is b, inner, folder.folders))
    return folder if same else replace(folder, folders=inner)


def masks_of(folder: Folder) -> list[Folder]:
    """The folders of masks and annotations beside a folder that is called `images` or alike, and nothing else."""
    full = [one for one in folder.folders if any_images(one)]
    about = [one for one in full if ABOUT_IMAGES.fullmatch(one.name)]
    plain = [one for one in full if one.name.casefold() in WRAPPERS]
    return about if plain and len(plain) + len(about) == len(full) else []


def _fuller(found: Tree, tree: Folder, layout: str) -> Tree:
    """The reading without folders that hold nothing but one folder, where it finds more images."""
    plain = with_plain_parts(unwrapped(tree))
    other = found if plain is tree else _fits(plain, layout)
    whole = all(
        any(one is used for used, _ in other.domains) for one in plain.folders if any(map(any_images, one.folders))
    )
    return other if (whole or other.layout != "domains") and _images_of(other) > _images_of(found) else found


def _images_of(found: Tree) -> int:
    """Of the domains that can be used: those with two classes."""
    every = [{name: parts for name, parts in classes.items() if any(f.images for _, f in parts)}
             for _, classes in found.domains]  # fmt: skip
    return sum(len(f.images) for own in every if len(own) > 1 for parts in own.values() for _, f in parts)


def unwrapped(folder: Folder) -> Folder:
    """The tree with folders that hold nothing but one folder in its place, under the outer name; the same object where
    there are none.

    Office-31 has `amazon/images/<class>`, Tiny ImageNet `<class>/images/<image>`. A folder of images is passed through
    only where its name says nothing: a domain may have one class.
    """
    inner = tuple(_passed(unwrapped(one)) for one in folder.folders)
    return folder if all(map(lambda a, b: a is b, inner, folder.folders)) else replace(folder, folders=inner)


def _passed(folder: Folder) -> Folder:
    full = [one for one in folder.folders if any_images(one)]
    if folder.images or len(full) != 1 or (split_of(full[0].name) and full[0].name != folder.name):
        return folder
    (one,) = full
    says_nothing = one.name.casefold() in WRAPPERS or one.name == folder.name
    if one.images and (one.folders or not says_nothing):
        return folder
    if not one.images and sum(map(any_images, one.folders)) < 2:
        return folder
    return replace(one, title=folder.name, archive=folder.archive)


def with_plain_parts(folder: Folder) -> Folder:
    """The tree with parts called `seg_train` and `seg_test` as `train` and `test`; where there are `art_train` and
    `art_test` beside `photo_train` and `photo_test`, as two domains of them. The same object where there are none.
    """
    inner = tuple(map(with_plain_parts, folder.folders))
    full = [one for one in inner if is_domain(one)]
    stems = stems_of_parts([one.name for one in full])
    if not stems:
        return folder if all(map(lambda a, b: a is b, inner, folder.folders)) else replace(folder, folders=inner)
    plain = {stem: tuple(replace(one, title=parts[one.name]) for one in full if one.name in parts)
             for stem, parts in stems.items()}  # fmt: skip
    rest = tuple(one for one in inner if not any(one is other for other in full))
    if len(plain) == 1:
        return replace(folder, folders=(*plain.popitem()[1], *rest))
    made = (Folder(stem, (), parts, folder.packed, joint=True) for stem, parts in sorted(plain.items()))
    return replace(folder, folders=(*made, *rest))


def without_letters(folder: Folder) -> Folder:
    """The tree without folders by the first letter of what is in them: SUN397 and Places have `a/abbey`, and
    `c/church/indoor`, which is called `church_indoor`. The same object where there are none.
    """
    inner = tuple(map(without_letters, folder.folders))
    full = [one for one in inner if any_images(one)]
    if len(full) > 1 and all(map(_is_letter, full)):
        below = (one for letter in full for outer in letter.folders for one in _classes_below(outer))
        return replace(folder, folders=tuple(sorted(below, key=lambda one: one.name)))
    return folder if all(map(lambda a, b: a is b, inner, folder.folders)) else replace(folder, folders=inner)


def _classes_below(folder: Folder) -> list[Folder]:
    """A class folder, or those in it under its name and their own."""
    inner = [one for one in folder.folders if one.images and not folder.images]
    return [replace(one, title=f"{folder.name}_{one.name}") for one in inner] or [folder]


def _is_letter(folder: Folder) -> bool:
    """Whether a folder is called by one letter, and everything in it begins with that."""
    own = folder.name.casefold()
    names = [one.name.casefold() for one in folder.folders]
    return len(own) == 1 and own.isalpha() and not folder.images and all(name.startswith(own) for name in names)


def any_images(folder: Folder) -> bool:
    """Whether a folder or any below it holds images."""
    return bool(folder.images) or any(map(any_images, folder.folders))


def _nested(tree: Folder, forced: bool) -> Tree:
    """Classes whose images lie in folders of their own; unless `forced`, only where these cannot be the classes."""
    full = [folder for folder in tree.folders if any_images(folder)]
    levels = [(folder, _nested_classes(folder)) for folder in full]
    classes = [found for _, found in levels]
    guessed = len(levels) > 1 and _no_classes(classes)
    if not levels or any(len(found) < 2 for found in classes) or not (forced or guessed):
        return Tree(AUTO, ())
    return Tree("nested", tuple(levels))


def _nested_classes(domain: Folder) -> Classes:
    parts = [(split_of(one.name), one) for one in domain.folders if any_images(one)]
    if not (any(split == "train" for split, _ in parts) and all(split for split, _ in parts)):
        parts = [(None, domain)]
    found: Classes = {}
    for split, level in parts:
        for one in level.folders:
            full = [inner for inner in _every_folder(one) if inner.images]
            own = [split or split_of(inner.name) for inner in full]
            below = [(part if all(own) else split, inner) for part, inner in zip(own, full, strict=True)]
            if below:
                found.setdefault(one.name, []).extend(below)
    return _united(found)


def _no_classes(classes: Sequence[Classes]) -> bool:
    """Whether the folders that hold the images are called as pieces, or each is found in one class alone."""
    of: dict[str, set[str]] = {}
    for found in classes:
        for name, parts in found.items():
            for _, folder in parts:
                of.setdefault(folder.name, set()).add(name)
    return all(map(_PIECE.fullmatch, of)) or all(len(names) == 1 for names in of.values())


def _every_folder(folder: Folder) -> Iterator[Folder]:
    yield folder
    for inner in folder.folders:
        yield from _every_folder(inner)


def _fits(tree: Folder, layout: str) -> Tree:
    if layout in (AUTO, "split-domains") and is_split_of_domains(tree):
        above = ((Folder(name, (), (), tree.packed), classes) for name, classes in domains_of_splits(tree).items())
        return Tree("split-domains", tuple(above))
    if layout == "one-task" and (split_classes := split_classes_of(tree)):
        return Tree("one-task", ((tree, split_classes),))
    if layout in (AUTO, "one-task") and is_split_level(tree):
        return Tree("one-task", ((tree, classes_of(tree)),), ("domains",))
    mixed, said = _mixed(tree, forced=layout != AUTO) if layout in (AUTO, "one-task") else ({}, ())
    if mixed:
        return Tree("one-task", ((tree, mixed),), ("domains",), said)
    if layout in (AUTO, "domains", "tasks", "domain-splits"):
        below = [folder for folder in tree.folders if is_domain(folder)]
        if layout == "domain-splits":
            below = [folder for folder in below if is_split_level(folder)]
        split = layout in (AUTO, "domain-splits") and any(is_split_level(folder) for folder in below)
        if below:
            if split:
                return Tree("domain-splits", tuple((folder, classes_of(folder)) for folder in below))
            every = tuple((folder, *_mixed(folder)) for folder in below)
            notices = (*(text for _, _, said in every for text in said), *_beside_domains(tree))
            own = tuple((folder, mixed or plain_classes_of(folder)) for folder, mixed, _ in every)
            return Tree("domains", own, notices=notices)
    if layout in (AUTO, "one-task") and any(folder.images for folder in tree.folders):
        return Tree("one-task", ((tree, plain_classes_of(tree)),))
    return Tree(AUTO, ())


def two_depths(folder: Folder) -> tuple[list[Folder], list[Folder]]:
    """Of a folder, those that hold images and those that hold class folders; empty unless it has both, and each that
    is not called as a part is or says nothing.
    """
    full = [one for one in folder.folders if any_images(one)]
    deep = [one for one in full if not one.images and is_domain(one) and not is_split_level(one)]
    plain = [one for one in full if one.images and not is_domain(one)]
    odd = any(split_of(one.name) or one.name.casefold() in (*WRAPPERS, *UNIONS) for one in full)
    return ([], []) if odd or not deep or not plain or len(deep) + len(plain) < len(full) else (plain, deep)


def _mixed(folder: Folder, forced: bool = False) -> tuple[Classes, tuple[str, ...]]:
    """Class folders some of which lie in folders, and a sentence about it: `beach` beside `church/indoor`, which is
    `church_indoor`; nothing where all lie alike.

    Unless `forced`, only where more class folders lie above than below, or no folder can be a domain: several that hold
    two classes each may be domains, with something else beside.
    """
    plain, deep = two_depths(folder)
    inner = [[one for one in outer.folders if one.images] for outer in deep]
    if not plain or not (forced or len(plain) > sum(map(len, inner)) or all(len(own) < 2 for own in inner)):
        return {}, ()
    found: Classes = {one.name: [(None, one)] for one in plain}
    for outer, own in zip(deep, inner, strict=True):
        for one in own:
            found.setdefault(f"{outer.name}_{one.name}", []).append((None, one))
    pair = f"{deep[0].name}/{inner[0][0].name}"
    names = some([one.name for one in plain])
    read = f"{shown(pair)} is read as class {shown(pair.replace('/', '_'))} beside {names}"
    domains = f"{some([one.name for one in deep])} as {'a domain' if len(deep) == 1 else 'domains'}"
    return found, (f"Class folders lie at two depths: {read}; --layout domains reads {domains}.",)


def _beside_domains(tree: Folder) -> tuple[str, ...]:
    """A sentence about folders of images beside folders that were read as domains."""
    plain, deep = two_depths(tree)
    if not plain:
        return ()
    is_one, (outer, *_) = len(plain) == 1, deep
    inner = next(one.name for one in outer.folders if one.images)
    hold, them, classes = ("holds", "it", "a class") if is_one else ("hold", "them", "classes")
    return (
        f"{some([one.name for one in plain])} {hold} images and no class folders, and {'is' if is_one else 'are'} not "
        f"used; --layout one-task reads {them} as {classes} beside {shown(f'{outer.name}_{inner}')}.",
    )


def is_split_level(folder: Folder) -> bool:
    """Whether the folders inside are splits: all are named so, `train` is one, and each holds class folders.

    A class may be called "train" (DomainNet has one): that folder holds images, a split holds folders of images. A
    folder of all images may lie beside the splits, and one of images that are of no class, which a part beside training
    may be too.
    """
    splits = [inner for inner in folder.folders if split_of(inner.name) and not _is_union(folder, inner)]
    others = [inner for inner in folder.folders if not any(inner is one for one in splits)]
    return (
        any(split_of(inner.name) == "train" for inner in splits)
        and all(is_domain(inner) or _is_bare_part(inner) for inner in splits)
        and not any(is_domain(inner) for inner in others if not _is_union(folder, inner))
    )


def _is_bare_part(folder: Folder) -> bool:
    """Whether the images of a part beside training are of no class, as a competition's test images are."""
    return split_of(folder.name) != "train" and bool(folder.images) and not any(map(any_images, folder.folders))


def only_parts(classes: Sequence[str]) -> bool:
    """Whether classes are all called as parts are, and hold images themselves: `train` and `test`, or `cars_train` and
    `cars_test`."""
    return all(split_of(name) for name in classes) or bool(stems_of_parts(classes))


def split_classes_of(folder: Folder) -> Classes:
    """The class folders of a domain whose images lie in parts below each: `<class>/{train,test}/<image>`; else none."""
    found = {one.name: [(split_of(part.name), part) for part in one.folders if part.images]
             for one in folder.folders if not one.images and any_images(one)}  # fmt: skip
    parts = {split for own in found.values() for split, _ in own}
    return found if "train" in parts and None not in parts and all(found.values()) else {}


def union_beside_splits(folder: Folder) -> Folder | None:
    """The folder of all images beside the splits of a folder, if it has both; nothing of it is used."""
    unions = [inner for inner in folder.folders if _is_union(folder, inner)]
    return unions[0] if unions and is_split_level(folder) else None


def _is_union(folder: Folder, inner: Folder) -> bool:
    """A folder of all images; `trainval` where training has a folder of its own."""
    name = inner.name.casefold()
    again = name == "trainval" and any(
        one is not inner and split_of(one.name) == "train" and one.name.casefold() != name for one in folder.folders
    )
    return (name in UNIONS or again) and is_domain(inner)


def is_split_of_domains(folder: Folder) -> bool:
    """Whether the folders inside are splits that hold domains: `{train,val,test}/<domain>/<class>/<image>`."""
    splits = [inner for inner in folder.folders if split_of(inner.name)]
    return (
        any(split_of(inner.name) == "train" for inner in splits)
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
    return {name: _united(classes) for name, classes in sorted(found.items())}


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
    return _united(found)


def plain_classes_of(folder: Folder) -> Classes:
    """Every folder inside is a class, whatever it is called."""
    return _united({inner.name: [(None, inner)] for inner in folder.folders})


def _united(found: Classes) -> Classes:
    """One class of the folders that read alike and are in different parts: `Cat` in training and `cat` in test."""
    alike: dict[str, list[str]] = {}
    for name in found:
        alike.setdefault(as_read(clean_class_name(name)), []).append(name)
    new: Classes = {}
    for words, names in alike.items():
        parts = [split for name in names for split in {split for split, _ in found[name]}]
        one = words and None not in parts and len(parts) == len(set(parts))
        for name in names:
            new.setdefault(names[0] if one else name, []).extend(found[name])
    return new


def _parts(folder: Folder) -> list[tuple[str | None, Folder]]:
    """The folders inside with the split that their names give, training first."""
    order = {"train": 0, "val": 1, "test": 2}
    named = [(split_of(inner.name) if not _is_union(folder, inner) else None, inner) for inner in folder.folders]
    return sorted(named, key=lambda one: order.get(one[0] or "", 3))


def _has_class_images(folder: Folder) -> bool:
    return any(part.images for parts in classes_of(folder).values() for _, part in parts)


def _images_below(folder: Folder) -> int:
    return len(folder.images) + sum(len(inner.images) for inner in folder.folders)
