"""JSON that names images and their classes: a line an image, CoOp's splits, COCO, or a list of rows.

`metadata.jsonl` lies beside the images of a Hugging Face image folder; `split_zhou_<name>.json` has lists of
`[path, label, class name]` for train, val and test; COCO counts where every box of an image has one category.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmap_studio.data.file_kinds import is_image
from mmap_studio.data.layouts import SPLIT_NAMES
from mmap_studio.errors import CorruptError, DataError, StorageError
from mmap_studio.formatting import counted, shown, some
from mmap_studio.storage.opener import opened, read_bytes

LINES = (".jsonl", ".ndjson")
MAX_LINE = 64 * 1024
"""Bytes of a line."""
MAX_EMPTY = 1000
"""Empty lines in a row."""
MAX_LINES = 1 << 30
"""Bytes of a file of lines."""
MAX_JSON = 64 << 20
"""Bytes of a file that is in memory as a whole."""
COCO = ("images", "annotations", "categories")
BOXES = "for detection, not for classification"
"""In the sentence about COCO of several categories an image."""
Record = Mapping[str, Any]
"""Column -> cell."""


def json_rows(path: Path) -> Iterator[tuple[str, Record]]:
    """Where a row stands, and its cells by name; DataError naming the file for JSON that names no images.

    Of COCO and lists of paths the cells are `file_name`, `label` and, where it says so, `split`; an image with no or
    with several categories has no label.
    """
    if path.name.lower().endswith(LINES):
        yield from _of_lines(path)
        return
    yield from _of_document(path, _document(path))


def _of_lines(path: Path) -> Iterator[tuple[str, Record]]:
    number, last = 0, 0
    try:
        with opened(path, MAX_LINES) as (file, _):
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    where = f"Table {shown(path)}, line {number}"
                    raise DataError(
                        f"{where}: a line must have at most {MAX_LINE:,} bytes, but has more; is it a table?"
                    )
                if not line.strip():
                    if number - last > MAX_EMPTY:
                        raise ValueError(f"more than {MAX_EMPTY:,} lines without anything follow each other")
                    continue
                last = number
                row = json.loads(line.decode("utf-8-sig"))
                if not isinstance(row, dict):
                    raise ValueError("it is no object in braces")
                yield f"line {number}", row
    except (StorageError, CorruptError) as error:
        raise DataError(f"Table {shown(path)} cannot be read: {error}") from None
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"Table {shown(path)}, line {number}: it must be JSON, but is not ({error}); correct the line."
        ) from None


def _document(path: Path) -> Any:
    try:
        return json.loads(read_bytes(path, MAX_JSON).decode("utf-8-sig"))
    except (StorageError, CorruptError) as error:
        raise DataError(f"Table {shown(path)} cannot be read: {error}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"Table {shown(path)} must be JSON, but is not ({error}); correct it, or move it away."
        ) from None


def _of_document(path: Path, found: Any) -> Iterator[tuple[str, Record]]:
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        yield from ((f"row {number}", row) for number, row in enumerate(found, start=1))
    elif isinstance(found, dict) and all(isinstance(found.get(name), list) for name in COCO):
        yield from _of_coco(path, found)
    elif isinstance(found, dict) and (parts := {key: value for key, value in found.items() if _is_part(key, value)}):
        for key, rows in parts.items():
            for number, row in enumerate(rows, start=1):
                yield f"row {number} of {key}", _of_row(row) | {"split": key}
    elif isinstance(found, dict) and found and all(map(_is_pair, found.items())):
        for number, (name, label) in enumerate(found.items(), start=1):
            yield f"row {number}", {"file_name": name, "label": label}
    else:
        keys = some(list(found), 4) if isinstance(found, dict) else type(found).__name__
        raise DataError(
            f"Table {shown(path)} must name images and their classes (lists of [path, label, class name] for train, "
            f"val and test; COCO; or a list of rows); found {keys}; write it in one of these forms, or move it away."
        )


def _is_part(key: str, value: Any) -> bool:
    return key.casefold() in SPLIT_NAMES and isinstance(value, list)


def _is_pair(pair: tuple[str, Any]) -> bool:
    return is_image(pair[0]) and isinstance(pair[1], str | int)


def _of_row(row: Any) -> dict[str, Any]:
    if isinstance(row, dict):
        return dict(row)
    if isinstance(row, list) and len(row) in (2, 3):
        return {"file_name": row[0], "label": row[-1]}
    return {"file_name": "", "label": ""}


def _of_coco(path: Path, found: dict[str, Any]) -> Iterator[tuple[str, Record]]:
    """Every image with its category, where all its annotations have the same."""
    try:
        names = {one["id"]: str(one["name"]) for one in found["categories"]}
        of: dict[Any, set[str]] = {one["id"]: set() for one in found["images"]}
        for one in found["annotations"]:
            of[one["image_id"]].add(names[one["category_id"]])
        several = sum(len(own) > 1 for own in of.values())
        if several * 2 > len(of):
            raise DataError(
                f"Table {shown(path)} must give an image one class, but of {counted(len(of), 'image')} {several:,} "
                f"{'has' if several == 1 else 'have'} several categories: it is {BOXES}; cut the boxes out as images "
                "of their own."
            )
        for number, one in enumerate(found["images"], start=1):
            (label, *more) = (*of[one["id"]], "")
            yield f"image {number}", {"file_name": one["file_name"], "label": None if any(more) else label or None}
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"Table {shown(path)} must be whole COCO, but is not ({shown(error)} is missing or odd); get it again."
        ) from None
