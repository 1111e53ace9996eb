"""What the levels of a folder tree mean: domains, splits or classes. Looks at the tree only, never at the disk."""

from mmap_studio.data.listing import Folder

SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "crossval": "val", "test": "test"}
"""Folder names (any case) that give a split."""
UNIONS = ("full", "all")
"""Folder names (any case) of all images together, beside the splits: VLCS has them."""

Classes = dict[str, list[tuple[str | None, Folder]]]
"""Class folder name -> its folders, each with the split it gives, training first."""


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
    """Images directly inside and one folder below."""
    return len(folder.images) + sum(len(inner.images) for inner in folder.folders)
