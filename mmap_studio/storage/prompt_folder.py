"""Prompt folders: exported prompts in PEFT's layout, without code, weights of CLIP or token buffers.

    <folder>/
      mmap.json                     the commit record: format, meta, and size and sha256 of every other file
      README.md                     the card
      classes.json                  per task: class names, template, group
      group_<name>/  task_<name>/   adapter_config.json, adapter_model.safetensors

The folder appears in one step (`atomic.write_folder`), so it is whole or absent. Real names of tasks and groups stand
in JSON; folder names are made from them and are the only thing that ever becomes a path.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from mmap_studio.errors import CorruptError, InputError
from mmap_studio.formatting import shown_value
from mmap_studio.storage.adapter_files import (
    CODES,
    CONFIG,
    DIRECTIONS,
    MODEL,
    Adapter,
    adapter_files,
    read_adapter,
    slug,
)
from mmap_studio.storage.documents import (
    LONGEST_NAME,
    Document,
    FileRecord,
    Name,
    RelativeName,
    checked,
    parse_json,
)
from mmap_studio.storage.export_format import CARD, ExportFormat, listed_file
from mmap_studio.storage.json_text import json_text

__all__ = ["Adapter", "PromptFolder", "load_prompts", "named", "prompt_files", "save_prompts", "verify_prompts"]

RECORD, CLASSES = "mmap.json", "classes.json"
MAX_CLASSES = 50_000
"""Of a task."""
LONGEST_GROUP = 400_000
"""Letters of a group's name, which is made of its members'."""
_FOLDER = re.compile(r"(group|task)_[a-z0-9][a-z0-9_-]{0,80}")


class _AdapterEntry(Document, extra="forbid"):
    """One of the adapters that mmap.json lists."""

    folder: Name
    kind: Literal["group", "task"]
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_GROUP)]
    members: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class _PromptRecord(Document):
    """mmap.json: what is read here. `meta` is checked by who uses it."""

    meta: dict[str, Any]
    adapters: Annotated[list[_AdapterEntry], Field(max_length=2000)]
    files: dict[RelativeName, FileRecord]


class _PromptTask(Document, extra="forbid"):
    """A task in classes.json."""

    class_names: Annotated[list[Name], Field(min_length=1, max_length=MAX_CLASSES)]
    template: Annotated[str, Field(max_length=LONGEST_NAME)]
    group: Annotated[str, Field(max_length=LONGEST_GROUP)] | None


@dataclass(frozen=True)
class PromptFolder:
    """Trained prompts with all that is needed to use them."""

    adapters: Mapping[str, Adapter]
    """Every MmAP by its folder's name; `named` makes these."""
    classes: Mapping[str, Mapping[str, Any]]
    """Per task "class_names", "template" and "group": the name of its group's adapter, or None."""
    card: str = ""
    """Text of README.md."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Backbone, prompt settings, seed, metrics: JSON-able, kept as it is."""

    def adapter(self, kind: Literal["group", "task"], name: str) -> Adapter | None:
        """The adapter of a group or task by its real name."""
        return next((item for item in self.adapters.values() if (item.kind, item.name) == (kind, name)), None)


def named(adapters: Iterable[Adapter]) -> dict[str, Adapter]:
    """Adapters by folder name, made from kind and name: ASCII, lower case, distinct on every file system."""
    result: dict[str, Adapter] = {}
    for adapter in adapters:
        base = f"{adapter.kind}_{slug(adapter.name)}"
        names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(result) + 2))
        result[next(name for name in names if name not in result)] = adapter
    return result


def save_prompts(path: Path | str, folder: PromptFolder, replace: bool = False, within: Path | None = None) -> None:
    """Write a prompt folder, whole or not at all.

    InputError when shapes, names or numbers do not fit together; StorageError when the disk refuses or `path` is
    there already. With `replace` an older prompt folder is exchanged, but never a folder that holds anything else.
    """
    files = prompt_files(folder)
    _check(folder, InputError, "a prompt folder")
    _FORMAT.write(Path(path), files, replace, within)


def check_prompt_folder(path: Path | str) -> None:
    """Refuse now what `save_prompts` would, with `replace`, after hours of training."""
    _FORMAT.check_place(Path(path))


def prompt_files(folder: PromptFolder) -> dict[str, bytes]:
    """The bytes of every file of the folder, by relative name; the same folder gives the same bytes."""
    files = {CARD: folder.card.encode(), CLASSES: json_text(folder.classes).encode()}
    for name, adapter in folder.adapters.items():
        files.update({f"{name}/{file}": data for file, data in adapter_files(adapter).items()})
    adapters = [_listing(name, adapter) for name, adapter in sorted(folder.adapters.items())]
    return _FORMAT.files({"meta": folder.meta, "adapters": adapters}, files)


def load_prompts(path: Path | str) -> PromptFolder:
    """The prompt folder under `path`, all of it checked against its record before it is used.

    CorruptError names the file that is missing, changed or does not fit the others; StorageError when it cannot be
    read. Only the card may have been edited since.
    """
    path = Path(path)
    record = _FORMAT.read_record(path)
    adapters = {}
    for entry in record["adapters"]:
        name = entry["folder"]
        data = {file: listed_file(path, f"{name}/{file}", record) for file in (CONFIG, MODEL)}
        adapters[name] = read_adapter(path / name, data)
        if _listing(name, adapters[name]) != entry:
            raise CorruptError(f"{path / name / CONFIG} must describe the adapter {RECORD} lists. Found another one.")
    folder = PromptFolder(adapters, _classes(path, record), _FORMAT.read_card(path), record["meta"])
    _check(folder, CorruptError, str(path))
    return folder


def verify_prompts(path: Path | str) -> list[str]:
    """One sentence for every file, the card included, that is not as it was written; none when all are."""
    return _FORMAT.problems(Path(path))


def _check_files(where: Path, record: dict[str, Any]) -> None:
    """CorruptError unless names that may become paths are ours, and the files are those that the adapters require."""
    names = [entry["folder"] for entry in record["adapters"]]
    required = {CARD, CLASSES, *(f"{name}/{file}" for name in names for file in (CONFIG, MODEL))}
    if not all(_FOLDER.fullmatch(name) for name in names) or set(record["files"]) != required:
        raise CorruptError(f"{where} must list an adapter's two files each. Found another list; export again.")


_FORMAT = ExportFormat("prompt folder", 1, RECORD, _PromptRecord, _check_files)


def _classes(path: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    classes = parse_json(listed_file(path, CLASSES, record), path / CLASSES)
    checked(dict[Name, _PromptTask], classes, path / CLASSES, "export again")
    found: dict[str, Any] = classes
    return found


def _listing(name: str, adapter: Adapter) -> dict[str, object]:
    return {"folder": name, "kind": adapter.kind, "name": adapter.name, "members": list(adapter.members)}


def _check(folder: PromptFolder, error: type[Exception], where: str) -> None:
    """Adapters of one geometry, and tasks that name groups they are in."""
    for name in folder.adapters:
        if not _FOLDER.fullmatch(name):
            raise error(f"{where} must use folder names such as 'group_1'. Got {name!r} instead: see named().")
    shapes = {
        tuple((name, np.shape(one.arrays[name])) for name in sorted(set(one.arrays) - {CODES, DIRECTIONS}))
        for one in folder.adapters.values()
    }
    if len(shapes) != 1:
        raise error(f"{where} must hold adapters of one shape. Got {len(shapes)} different shapes.")
    for task, entry in folder.classes.items():
        _check_task(folder, task, entry, error, where)


def _check_task(folder: PromptFolder, task: str, entry: Mapping[str, Any], error: type[Exception], where: str) -> None:
    if not isinstance(entry, Mapping) or set(entry) != {"class_names", "template", "group"}:
        raise error(f"{where} must give class_names, template and group for task {task!r}. Got something else.")
    names, template, group = entry["class_names"], entry["template"], entry["group"]
    if not names or not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise error(f"{where} must give class names for task {task!r}. Got {shown_value(names)} instead.")
    if not isinstance(template, str) or "{}" not in template:
        raise error(f"{where} must give a template with {{}} for task {task!r}. Got {shown_value(template)} instead.")
    mates = folder.adapter("group", group) if group is not None else folder.adapter("task", task)
    if mates is None or task not in mates.members:
        raise error(f"{where} must hold prompts for task {task!r}. Got none for it (group {group!r}).")
