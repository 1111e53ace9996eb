"""Method folders: what a method of the field has learned, as safetensors, without code and without weights of CLIP.

    <folder>/
      method.json                       the commit record: format, meta, models, classes, and sha256 of every other file
      README.md                         the card
      model_0.safetensors, model_1...   one a model: of all tasks, or of one task each

The folder appears in one step, so it is whole or absent. Which code reads the arrays is said by the method's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import SMALL, Document, FileRecord, Name, RelativeName, checked
from mmap_studio.storage.json_text import sealed, unsealed
from mmap_studio.storage.opener import MIB, check_fingerprint, fingerprint, read_bytes
from mmap_studio.storage.tensors import pack_tensors, read_tensors

FORMAT, VERSION = "MmAP Studio method folder", 1
RECORD, CARD = "method.json", "README.md"
LARGEST_MODEL = 64 * MIB
"""Bytes of one model's file."""
LARGEST = 4 * LARGEST_MODEL
"""Bytes of all models together."""
MAX_MODELS = 1000


class _Model(Document, extra="forbid"):
    """One of the models that method.json lists."""

    file: Annotated[RelativeName, Field(pattern=r"^model_[0-9]{1,4}\.safetensors$")]
    tasks: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class _MethodTask(Document, extra="forbid"):
    """What a task's classes are called, and what stands around them."""

    class_names: Annotated[list[Name], Field(min_length=1, max_length=50_000)]
    template: Name
    ensemble: Annotated[list[Name], Field(max_length=1000)]


class _MethodRecord(Document):
    """method.json; `meta` is checked by who uses it."""

    meta: dict[str, Any]
    models: Annotated[list[_Model], Field(min_length=1, max_length=MAX_MODELS)]
    classes: dict[Name, _MethodTask]
    files: dict[RelativeName, FileRecord]


@dataclass(frozen=True)
class SavedModel:
    """What one model has learned."""

    tasks: tuple[str, ...]
    """Tasks that it classifies."""
    arrays: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class MethodFolder:
    """What is needed to classify with a method again, beside the backbone."""

    models: tuple[SavedModel, ...]
    classes: Mapping[str, Mapping[str, Any]]
    """Per task "class_names", "template" and "ensemble"."""
    card: str = ""
    """Text of README.md."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Method, backbone, scores: JSON-able, kept as it is."""


def is_method_folder(path: Path | str) -> bool:
    """Whether there is a record of one."""
    return (Path(path) / RECORD).is_file()


def save_method(path: Path | str, folder: MethodFolder) -> None:
    """Write a method folder, whole or not at all; an older one is exchanged, a folder of anything else never.

    InputError for arrays that are not finite; StorageError when the disk refuses or `path` holds something else.
    """
    path = Path(path)
    files = {CARD: folder.card.encode()}
    models = []
    for number, model in enumerate(folder.models):
        name = f"model_{number}.safetensors"
        files[name] = pack_tensors(model.arrays)
        models.append({"file": name, "tasks": list(model.tasks)})
    record = {"format": FORMAT, "version": VERSION, "meta": folder.meta, "models": models, "classes": folder.classes}
    record["files"] = {name: fingerprint(data) for name, data in sorted(files.items())}
    _refuse_foreign(path)
    atomic.make_folder(path.parent, None)
    atomic.write_folder(path, {**files, RECORD: sealed(record).encode()}, replace=True, within=None)


def load_method(path: Path | str) -> MethodFolder:
    """The method folder under `path`, all of it checked against its record before it is used.

    CorruptError names the file that is missing, changed or does not fit the others; StorageError when it cannot be
    read. Only the card may have been edited since.
    """
    path = Path(path)
    record = _record(path)
    models = []
    for entry in record["models"]:
        data = read_bytes(path / entry["file"], LARGEST_MODEL, path)
        check_fingerprint(path / entry["file"], data, record["files"].get(entry["file"]))
        models.append(SavedModel(tuple(entry["tasks"]), read_tensors(data, max_bytes=LARGEST_MODEL)))
    card = read_bytes(path / CARD, SMALL, path).decode(errors="replace") if (path / CARD).is_file() else ""
    return MethodFolder(tuple(models), record["classes"], card, record["meta"])


def verify_method(path: Path | str) -> list[str]:
    """One sentence for every file, the card included, that is not as it was written; none when all are."""
    path = Path(path)
    try:
        record = _record(path)
    except (CorruptError, StorageError) as error:
        return [str(error)]
    problems = []
    for name, expected in record["files"].items():
        try:
            check_fingerprint(path / name, read_bytes(path / name, LARGEST_MODEL, path), expected)
        except (CorruptError, StorageError) as error:
            problems.append(str(error))
    return problems


def _record(path: Path) -> dict[str, Any]:
    atomic.recover_folder(path)
    if not is_method_folder(path):
        raise CorruptError(f"{path} must be a method folder. Found no {RECORD} in it: choose what an export wrote.")
    record = unsealed(read_bytes(path / RECORD, within=path).decode(errors="replace"), path / RECORD)
    if record.get("format") != FORMAT or record.get("version") != VERSION:
        found = f"{record.get('format')!r}, version {record.get('version')!r}"
        raise CorruptError(
            f"{path / RECORD} must be of a {FORMAT}, version {VERSION}. Found {found}: update the studio."
        )
    checked(_MethodRecord, record, path / RECORD, "export again")
    tasks = [task for model in record["models"] for task in model["tasks"]]
    if sorted([CARD, *(model["file"] for model in record["models"])]) != sorted(record["files"]):
        raise CorruptError(f"{path / RECORD} must list the files of its models. Found another list; export again.")
    if sum(one["bytes"] for one in record["files"].values()) > LARGEST:
        raise CorruptError(f"{path / RECORD} must list at most {LARGEST:,} bytes. Found more; it is no export of ours.")
    if sorted(tasks) != sorted(record["classes"]):
        raise CorruptError(f"{path / RECORD} must have one model for every task. Found another number; export again.")
    return record


def _refuse_foreign(path: Path) -> None:
    """Replacing deletes: only a folder that holds nothing but a method folder's files may go."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise StorageError(f"{path} will not be replaced: it is no folder. Choose another place.")
    if not path.is_dir() or not any(path.iterdir()):
        return
    try:
        ours = {RECORD, *_record(path)["files"]}
    except (CorruptError, StorageError) as error:
        raise StorageError(f"{path} will not be replaced: {error} Choose another folder.") from error
    foreign = sorted(item.name for item in path.iterdir() if item.name not in ours)
    if foreign:
        raise StorageError(
            f"{path} will not be replaced. Found {foreign[0]!r} in it, which no export wrote: choose another folder."
        )
