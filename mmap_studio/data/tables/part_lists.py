"""Lists that say for which part images are, and no class: the classes are those of the folders.

So are published: Food-101 (`meta/train.txt`, lines `class/id` without a suffix), DTD (`labels/train1.txt`, ten splits),
SUN397 (`Training_01.txt`, lines `/a/abbey/sun_1.jpg`), MIT Indoor (`TrainImages.txt`), and CUB-200, whose `images.txt`
and `train_test_split.txt` share a number per image.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from mmap_studio.data.layouts import split_of, without_unions
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.image_index import ImageIndex, placed
from mmap_studio.data.tables.lists import LOOK_AT, MOST_FILES, find_base, first_lines, list_lines
from mmap_studio.data.tables.rows import ORDER, BadRows, Tails, check_path, numbered, repetitions, watched
from mmap_studio.errors import DataError
from mmap_studio.formatting import shown

BY_NUMBER = ("images.txt", "train_test_split.txt")
"""CUB's files: lines `number path`, and `number flag`."""
FLAGS = {"1": "train", "0": "test"}
SUFFIXES = (".txt", ".lst", ".list")
_WORDS = re.compile(r"[-_. ]?(list|files?|filenames?|names?)$", re.IGNORECASE)
"""What follows the part in a list's name, and says nothing."""


def part_lists(root: Path, texts: Sequence[str], images: ImageIndex) -> dict[str, dict[str, list[str]]]:
    """Folder -> number of a split, empty for the only one -> the lists of its parts, training among them."""
    found: dict[str, dict[str, list[str]]] = {}
    named = sorted(path for path in texts if path.lower().endswith(SUFFIXES) and part_of(path)[0])
    for path in named[:MOST_FILES]:
        if _is_bare(first_lines(root / path), images):
            found.setdefault(path.rpartition("/")[0], {}).setdefault(part_of(path)[1], []).append(path)
    for folder, splits in found.items():
        whole = {number: paths for number, paths in splits.items() if {"train"} < {part_of(path)[0] for path in paths}}
        found[folder] = {
            number: without_unions(whole[number]) for number in sorted(whole, key=lambda number: int(number or 0))
        }
    for path in texts:
        folder, _, name = path.rpartition("/")
        both = [f"{folder}/{one}" if folder else one for one in BY_NUMBER]
        if name == BY_NUMBER[0] and both[1] in texts and _is_numbered(root, both, images):
            found[folder] = {"": both}
    return {folder: splits for folder, splits in found.items() if splits}


def part_of(path: str) -> tuple[str | None, str]:
    """The part that the name of a file says, and the number of the split behind it: `Training_01`, `train1`."""
    words, number = numbered(path)
    stem = _WORDS.sub("", words)
    return split_of(stem) or split_of(re.split(r"[-_. ]", stem)[-1]), number


def read_parts(
    root: Path, paths: Sequence[str], images: ImageIndex, tick: Callable[[], object]
) -> tuple[dict[str, str], list[Skipped], list[str]]:
    """Image -> its part, of all that these lists name; the lines without an image; and sentences about the others."""
    parts: dict[str, str] = {}
    skipped: list[Skipped] = []
    repeated: Counter[tuple[str | None, str | None]] = Counter()
    bad = BadRows()
    for path, rows in sorted(_read(root, paths, images, tick, bad), key=lambda one: ORDER.index(one[1][0][1])):
        base, cut = find_base([image for image, _ in rows[:LOOK_AT]], images, path)
        for image, part in sorted(rows, key=lambda row: ORDER.index(row[1])):
            place = placed(image, images, base, cut)
            if (one := images.get(place)) is None:
                skipped.append(Skipped(place, f"List {shown(path)} names it, but no such image is there"))
            elif one.path in parts:
                repeated[parts[one.path], part] += 1
            else:
                parts[one.path] = part
    return parts, skipped, [*bad.notices(len(parts)), *repetitions("Lists of parts", repeated)]


def _read(
    root: Path, paths: Sequence[str], images: ImageIndex, tick: Callable[[], object], bad: BadRows
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every list, and the path and the part of each of its lines; of CUB's files as if they were one list."""
    tails = Tails(images)
    by_number = [PurePosixPath(path).name for path in paths] == list(BY_NUMBER)
    given = dict(_pair(text) for _, text in list_lines(root / paths[1])) if by_number else {}
    for path in paths[: 1 if by_number else None]:
        folder, part = path.rpartition("/")[0], part_of(path)[0]
        rows: list[tuple[str, str]] = []
        for where, text in watched(list_lines(root / path), tick):
            number, image = _pair(text) if by_number else ("", text)
            own = FLAGS.get(given.get(number, "")) if by_number else part
            if not own or not image:
                continue  # it is counted as an image that is not named
            try:
                rows.append((check_path(image, where, folder, tails), own))
            except DataError as error:
                bad.add(error)
        yield from [(path, rows)] if rows else []


def _pair(text: str) -> tuple[str, str]:
    number, _, rest = text.partition(" ")
    return number, rest.strip()


def _is_bare(lines: Sequence[str], images: ImageIndex) -> bool:
    """Whether half of the lines or more are the path of an image in a folder, and nothing else."""
    plain = [line.replace("\\", "/").removeprefix("./").strip("/") for line in lines]
    return sum("/" in path and next(images.bases(path), None) is not None for path in plain) * 2 >= len(lines) > 0


def _is_numbered(root: Path, paths: Sequence[str], images: ImageIndex) -> bool:
    names = [_pair(line) for line in first_lines(root / paths[0])]
    flags = [_pair(line)[1] for line in first_lines(root / paths[1])]
    return (
        all(one in FLAGS for one in flags)
        and all(number.isdecimal() for number, _ in names)
        and _is_bare([image for _, image in names], images)
    )
