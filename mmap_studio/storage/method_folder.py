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

from mmap_studio.errors import CorruptError
from mmap_studio.storage.documents import Document, FileRecord, Name, RelativeName
from mmap_studio.storage.export_format import CARD, LARGEST_FILE, ExportFormat, listed_file
from mmap_studio.storage.tensors import pack_tensors, read_tensors

RECORD = "method.json"
LARGEST = 4 * LARGEST_FILE
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
    return _FORMAT.is_in(path)


def save_method(path: Path | str, folder: MethodFolder) -> None:
    """Write a method folder, whole or not at all; an older one is exchanged, a folder of anything else never.

    InputError for arrays that are not finite; StorageError when the disk refuses or `path` holds something else.
    """
    files = {CARD: folder.card.encode()}
    models = []
    for number, model in enumerate(folder.models):
        name = f"model_{number}.safetensors"
        files[name] = pack_tensors(model.arrays)
        models.append({"file": name, "tasks": list(model.tasks)})
    content = {"meta": folder.meta, "models": models, "classes": folder.classes}
    _FORMAT.write(Path(path), _FORMAT.files(content, files), replace=True)


def check_method_folder(path: Path | str) -> None:
    """Refuse now what `save_method` would, after hours of training."""
    _FORMAT.check_place(Path(path))


def load_method(path: Path | str) -> MethodFolder:
    """The method folder under `path`, all of it checked against its record before it is used.

    CorruptError names the file that is missing, changed or does not fit the others; StorageError when it cannot be
    read. Only the card may have been edited since.
    """
    path = Path(path)
    record = _FORMAT.read_record(path)
    models = [
        SavedModel(
            tuple(entry["tasks"]), read_tensors(listed_file(path, entry["file"], record), max_bytes=LARGEST_FILE)
        )
        for entry in record["models"]
    ]
    return MethodFolder(tuple(models), record["classes"], _FORMAT.read_card(path), record["meta"])


def verify_method(path: Path | str) -> list[str]:
    """One sentence for every file, the card included, that is not as it was written; none when all are."""
    return _FORMAT.problems(Path(path))


def _check_models(where: Path, record: dict[str, Any]) -> None:
    """CorruptError unless the files are those of the models, of a size that is ours, and every task has one model."""
    tasks = [task for model in record["models"] for task in model["tasks"]]
    if sorted([CARD, *(model["file"] for model in record["models"])]) != sorted(record["files"]):
        raise CorruptError(f"{where} must list the files of its models. Found another list; export again.")
    if sum(one["bytes"] for one in record["files"].values()) > LARGEST:
        raise CorruptError(f"{where} must list at most {LARGEST:,} bytes. Found more; it is no export of ours.")
    if sorted(tasks) != sorted(record["classes"]):
        raise CorruptError(f"{where} must have one model for every task. Found another number; export again.")


_FORMAT = ExportFormat("method folder", 1, RECORD, _MethodRecord, _check_models)
