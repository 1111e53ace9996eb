"""WebDataset shards: tar files in which the files of one stem are one sample, an image and its class.

`train/0.tar`, `clipart-train-000003.tar`: `0001.jpg` with `0001.cls` (a number or a word), `0001.json` (an object with
`label`) or `0001.txt`. Read with tarfile, as any tar here: the library `webdataset` unpickles what a shard may hold,
and gives a stream of samples, while here images are wanted by their names.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath

from mmap_studio.data.archives.archive import members, read
from mmap_studio.data.archives.rules import Member
from mmap_studio.data.file_kinds import is_image, without_archive_suffix
from mmap_studio.data.listing import ListedImage
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.manifests import is_class_column
from mmap_studio.data.tables.rows import ImageRow, Rows
from mmap_studio.data.tables.shards import meanings
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown

LABELS = ("cls", "cls.txt", "label", "json", "txt")
"""Suffixes of the file of a class; the first that a shard has counts."""
LOOK_AT = 40
"""Members by which a shard is known."""
MAX_LABEL = 64 * 1024
"""Bytes of the file of a class."""
LONGEST = 100
"""Letters of a class; a longer text is a caption."""
_NUMBER = re.compile(r"(?:^|[-_.])(?:(?:part|shard)[-_.]?)?\d+(?:-of-\d+)?$", re.IGNORECASE)
_NO_NAME = ("data", "default", "wds", "shards")


def is_shard(path: Path) -> bool:
    """Whether a tar file begins with images that have a class beside them. Reads some headers, never fails."""
    if path.name.lower().endswith(".zip"):
        return False
    kinds: dict[str, set[str]] = {}
    try:
        for one in islice(members(path), LOOK_AT):
            if isinstance(one, Member):
                key, kind = _parted(one.path)
                kinds.setdefault(key, set()).add("image" if is_image(one.path) else kind)
    except DataError:
        return False
    return any("image" in own and own & set(LABELS) for own in kinds.values())


def read_shards(
    root: Path, paths: Sequence[str], tick: Callable[[int], None]
) -> tuple[list[Rows], dict[str, ListedImage], list[Skipped]]:
    """The rows of every domain, their images by path (`<shard>/<member>`), and samples without a class.

    paths : shards below the root   tick : called with the number of images so far

    DataError for a damaged shard, and where the texts are captions.
    """
    tasks: dict[str, Rows] = {}
    images: dict[str, ListedImage] = {}
    skipped: list[Skipped] = []
    said = meanings(paths, root, without_archive_suffix, _NUMBER, _NO_NAME)
    for path, (task, part) in zip(paths, said, strict=True):
        samples = list(_samples(root / path, partial(_add, tick, len(images))))
        labels = _labels(root / path, [member for _, member, _ in samples if member])
        rows = tasks.setdefault(task, Rows(task, f"Shard {shown(path)}")).rows
        for image, member, size_stamp in samples:
            label = labels.get(member, "")
            if not label:
                skipped.append(Skipped(f"{path}/{image}", "no file beside it gives it a class"))
                continue
            rows.append(ImageRow(f"{path}/{image}", label, part))
            images[f"{path}/{image}"] = ListedImage(f"{path}/{image}", *size_stamp)
        tick(len(images))
    found = [one for one in tasks.values() if one.rows]
    for one in found:
        classes = {row.label for row in one.rows}
        wordy = sum(label.count(" ") > 1 for label in classes) * 2 > len(classes) > 10
        if len(classes) * 2 > len(one.rows) and (wordy or len(classes) > 50):
            raise DataError(
                f"{one.where} must give every image one of a few classes, but {counted(len(one.rows), 'image')} have "
                f"{counted(len(classes), 'text')}, such as {shown(min(classes)[:LONGEST])}: these are captions; use "
                "shards with classes."
            )
    return found, images, skipped


def _add(tick: Callable[[int], None], before: int, images: int) -> None:
    tick(before + images)


def _samples(path: Path, tick: Callable[[int], None]) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Path of an image in a shard, that of its class or nothing, and the image's size and stamp."""
    of: dict[str, dict[str, Member]] = {}
    for one in members(path, tick):
        if isinstance(one, Member):
            key, kind = _parted(one.path)
            of.setdefault(key, {})["image" if is_image(one.path) else kind] = one
    for own in of.values():
        if (image := own.get("image")) is not None:
            label = next((own[kind].path for kind in LABELS if kind in own and own[kind].size <= MAX_LABEL), "")
            yield image.path, label, (image.size, image.stamp)


def _labels(path: Path, wanted: Sequence[str]) -> dict[str, str]:
    """Member -> the class in it."""
    found: dict[str, str] = {}
    for number, data in read(path, {name: number for number, name in enumerate(wanted)}):
        if isinstance(data, bytes):
            found[wanted[number]] = _label(wanted[number], data)
    return found


def _label(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig").strip()
        if not name.lower().endswith(".json"):
            return " ".join(text.split())
        cells = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(cells, dict):
        return str(cells) if isinstance(cells, str | int) else ""
    known = [key for key in cells if is_class_column(key) or key == "cls"]
    value = next((cells[key] for key in known if isinstance(cells[key], str | int | float)), "")
    return str(value).strip()


def _parted(path: str) -> tuple[str, str]:
    """The stem of a sample, folders and all, and what follows the first dot of its last part."""
    folder, _, name = path.rpartition("/")
    stem, _, kind = name.partition(".")
    return f"{folder}/{stem}", kind.lower()


def beside(root: Path, path: str) -> list[str]:
    """Other shards of the same name in the folder of one that was named alone."""
    name = _NUMBER.sub("", without_archive_suffix(PurePosixPath(path).name))
    others = (one.name for one in root.iterdir() if one.name != path and one.name.lower().endswith(".tar"))
    return sorted(one for one in others if _NUMBER.sub("", without_archive_suffix(one)) == name)
