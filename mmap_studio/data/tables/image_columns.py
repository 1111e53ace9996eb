"""Which columns of a Parquet table hold images, classes, domains and parts, and what their numbers are called.

Hugging Face data sets have a column of `bytes` and `path`, the image in the bytes, and numbers for classes (and often
for domains), whose names stand in the schema's metadata under `huggingface`, as `ClassLabel`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.data.tables.manifests import COLUMNS, is_class_column
from mmap_studio.data.tables.parquet import opened
from mmap_studio.errors import DataError
from mmap_studio.formatting import shown, some

CLASSES = (*COLUMNS["class"], "labels")
DOMAINS = (*COLUMNS["task"], "style")


@dataclass(frozen=True)
class Column:
    """A column of words, or of numbers with or without names."""

    name: str
    names: tuple[str, ...] = ()
    """What the numbers 0, 1, ... mean."""

    def text(self, value: object, where: str) -> str:
        """A cell in words, empty where there is nothing in it (-1 too, where numbers have names)."""
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        if value is None or (self.names and isinstance(value, int) and value < 0):
            return ""
        if self.names and isinstance(value, int):
            if value >= len(self.names):
                raise DataError(
                    f"{where}: {shown(self.name)} must be a number below {len(self.names)}, which have names. Got "
                    f"{value} instead; correct the row."
                )
            return self.names[value]
        return str(value).strip()


@dataclass(frozen=True)
class ImageColumns:
    image: str
    """As pyarrow selects it: `image.bytes`, or `image` where a cell is the bytes themselves."""
    label: Column
    domain: Column | None
    split: Column | None


def has_images(path: Path) -> bool:
    """Whether a file is a Parquet table with images in it. Opens it, reads no row, never fails."""
    try:
        return _image(opened(path).schema_arrow) is not None
    except DataError:
        return False


def find_columns(path: Path, schema: Any, label: str = "") -> ImageColumns:
    """What the schema of a table says; DataError where it has no images or no class.

    label : the column of classes, where it is not known by its name
    """
    image = _image(schema)
    columns = {name: Column(name, _class_names(_features(schema).get(name))) for name in _words(schema)}
    domain, split = _first(columns, DOMAINS), _first(columns, COLUMNS["split"])
    labels = _class_columns(columns, domain, split)
    if label and label not in columns:
        raise DataError(
            f"Table {shown(path)} must have the column {shown(label)} of words or numbers; found "
            f"{some(list(columns)) or 'none'}; name one of them."
        )
    if image is None or not (label or labels):
        raise DataError(
            f"Table {shown(path)} must have a column of images and one of classes ({', '.join(CLASSES)}); found the "
            f"columns {some(schema.names) or 'none'}; name the one of the classes with --label-column."
        )
    return ImageColumns(image, columns[label or labels[0]], domain, split)


def split_column(path: Path) -> str:
    """The column of parts; empty where there is none. Opens the table, reads no row, never fails."""
    try:
        schema = opened(path).schema_arrow
    except DataError:
        return ""
    found = _first({name: Column(name) for name in _words(schema)}, COLUMNS["split"])
    return found.name if found else ""


def class_columns(path: Path) -> list[str]:
    """The columns that may be the classes, the one that is taken first. Opens the table, reads no row, never fails."""
    try:
        schema = opened(path).schema_arrow
    except DataError:
        return []
    columns = {name: Column(name, _class_names(_features(schema).get(name))) for name in _words(schema)}
    return _class_columns(columns, _first(columns, DOMAINS), _first(columns, COLUMNS["split"]))


def _class_columns(columns: Mapping[str, Column], domain: Column | None, split: Column | None) -> list[str]:
    """By name, then those with names for their numbers, most first, then those called like `coarse_label`."""
    known = [name for wanted in CLASSES for name in columns if name.strip().casefold() == wanted]
    named = sorted((one for one in columns.values() if one.names), key=lambda one: -len(one.names))
    others = [*(one.name for one in named), *(name for name in columns if is_class_column(name))]
    path = [name for name in columns if name.strip().casefold() in COLUMNS["path"]]
    unused = {one.name for one in (domain, split) if one is not None} | set(path)
    fine = [name for name in known if name.strip().casefold() != "fine_label"]
    return [name for name in dict.fromkeys((*fine, *others, *known)) if name not in unused]


def _image(schema: Any) -> str | None:
    from pyarrow import types

    binary = (types.is_binary, types.is_large_binary, types.is_binary_view)
    for field in schema:
        inner = {one.name: one.type for one in field.type} if types.is_struct(field.type) else {}
        if "bytes" in inner and any(fits(inner["bytes"]) for fits in binary):
            return f"{field.name}.bytes"
        if field.name.casefold() in COLUMNS["path"] and any(fits(field.type) for fits in binary):
            return str(field.name)
    return None


def _words(schema: Any) -> Iterable[str]:
    from pyarrow import types

    fits = (
        types.is_integer, types.is_string, types.is_large_string, types.is_string_view, types.is_dictionary,
        types.is_floating, types.is_boolean,
    )  # fmt: skip
    lists = (types.is_list, types.is_large_list)
    kinds = {field.name: field.type.value_type if any(one(field.type) for one in lists) else field.type
             for field in schema}  # fmt: skip
    return [name for name, kind in kinds.items() if any(one(kind) for one in fits)]


def _first(columns: Mapping[str, Column], known: Sequence[str]) -> Column | None:
    by_name = {name.strip().casefold(): column for name, column in columns.items()}
    return next((by_name[name] for name in known if name in by_name), None)


def _features(schema: Any) -> Mapping[str, Any]:
    """What Hugging Face's metadata says of every column; nothing where there is none, or none that can be read."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _class_names(feature: Any) -> tuple[str, ...]:
    names = feature.get("names") if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" else None
    if isinstance(names, dict):  # {"0": "cat", ...} in older ones
        numbers = {key: int(key) if key.isdecimal() and len(key) < 20 else 0 for key in names}
        names = [names[key] for key in sorted(names, key=numbers.__getitem__)]
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
