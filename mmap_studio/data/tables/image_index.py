"""Images looked up by the paths that lists and tables write: exactly, else in another case, Unicode form or without a
suffix, where that means one image alone."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from mmap_studio.data.file_kinds import is_image
from mmap_studio.data.listing import ListedImage

_NUMBERS = re.compile(r"\d+")


class ImageIndex(Mapping[str, ListedImage]):
    """The images below a root by path. Iterates over the paths as they are on disk; looks them up as they are meant."""

    def __init__(self, images: Iterable[ListedImage]) -> None:
        self._images = {image.path: image for image in images}

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __getitem__(self, path: str) -> ListedImage:
        found = self._images.get(path) or (self._images and self._alike.get(_folded(path)))
        if not found and self._images and not is_image(path):
            found = self._stems.get(_folded(path))
        if not found:
            raise KeyError(path)
        return found

    def bases(self, path: str) -> Iterator[str]:
        """The folders below which there is an image of this path, as it may be written."""
        folded, depth = _folded(path), path.count("/") + 1
        for place in self._by_name.get(folded.rpartition("/")[2], ()):
            whole = _folded(place)
            if f"/{whole}".endswith(f"/{folded}") or f"/{_stem(whole)}".endswith(f"/{folded}"):
                yield "/".join(place.split("/")[:-depth])

    @cached_property
    def _alike(self) -> dict[str, ListedImage | None]:
        return _unique((_folded(path), image) for path, image in self._images.items())

    @cached_property
    def _stems(self) -> dict[str, ListedImage | None]:
        return _unique((_stem(_folded(path)), image) for path, image in self._images.items())

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """Last part of a path, folded, with and without its suffix -> the paths."""
        found: dict[str, list[str]] = {}
        for path in self._images:
            name = _folded(path.rpartition("/")[2])
            for known in {name, _stem(name)}:
                found.setdefault(known, []).append(path)
        return found


def covered(paths: Sequence[str], images: Mapping[str, ListedImage], base: str = "", cut: int = 0) -> int:
    """How many of these paths are images, from a folder below the root and without `cut` folders at their start."""
    return sum(from_root(path, base, cut) in images for path in paths)


def placed(path: str, images: ImageIndex, base: str = "", cut: int = 0) -> str:
    """A path from the root; where it is not there, below the one folder that differs from its base in numbers alone:
    `images_part_2` beside `images_part_1`.
    """
    here = from_root(path, base, cut)
    if not base or here in images:
        return here
    below = path.split("/", cut)[-1]
    alike = [other for other in images.bases(below) if _NUMBERS.sub("", other) == _NUMBERS.sub("", base)]
    return from_root(below, alike[0], 0) if len(alike) == 1 else here


def from_root(path: str, base: str, cut: int) -> str:
    """A path as it is written, from the root: below a folder, and without `cut` folders at its start."""
    below = path.split("/", cut)[-1]
    return f"{base}/{below}" if base else below


def _unique(found: Iterable[tuple[str, ListedImage]]) -> dict[str, ListedImage | None]:
    """None where several images would be meant."""
    one: dict[str, ListedImage | None] = {}
    for key, image in found:
        one[key] = None if key in one else image
    return one


def _folded(path: str) -> str:
    return path.casefold() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def _stem(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}"
