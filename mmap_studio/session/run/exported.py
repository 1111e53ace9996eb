"""What exported folders, of prompts or of another method, say of themselves, checked before any of it is used.

Loads no torch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mmap_studio.config import PRESETS, PromptSettings
from mmap_studio.errors import CorruptError
from mmap_studio.session.backbones.resolve import preprocessing
from mmap_studio.storage.documents import LONGEST_NAME, Document, checked, wrong_field
from mmap_studio.storage.method_folder import RECORD as METHOD_RECORD
from mmap_studio.storage.method_folder import MethodFolder, is_method_folder, load_method
from mmap_studio.storage.prompt_folder import RECORD, PromptFolder, load_prompts
from mmap_studio.storage.runs import PROMPTS


class PromptMeta(Document):
    """The meta of a prompt folder: what is read of it again."""

    project: Annotated[str, Field(max_length=LONGEST_NAME)]
    backbone: Annotated[str, Field(min_length=1, max_length=8192)]
    backbone_digest: Annotated[str, Field(max_length=200)]
    precision: Literal["float32", "bfloat16"]
    preprocessing: dict[str, Any] | None = None
    complete: bool = True
    settings: dict[str, Any]
    scores: dict[str, dict[str, float | None]] = Field(default_factory=dict)

    @property
    def prompt(self) -> PromptSettings:
        """Its settings of the prompts, on those of its preset; ValueError for others."""
        given = self.settings.get("prompt")
        preset = PRESETS.get(str(self.settings.get("preset", "light"))[:40], {}).get("prompt", {})
        return PromptSettings.model_validate({**preset, **given} if isinstance(given, dict) else given)


def exported_folder(path: Path | str) -> Path:
    """The folder of prompts or of a method that is meant: `path`, or the `prompts` in it of what the window's Export
    wrote, or a run."""
    path = Path(path)
    inside = path / PROMPTS
    if (path / RECORD).is_file() or is_method_folder(path) or not (inside / RECORD).is_file():
        return path
    return inside


def read_prompts(path: Path | str) -> tuple[PromptFolder, PromptMeta]:
    """A prompt folder that a run wrote, and its checked meta; errors as `load_prompts`."""
    folder = load_prompts(path)
    where = Path(path) / RECORD
    meta = checked(PromptMeta, folder.meta, f"{where} (meta)", "export again")
    try:
        _ = meta.prompt
        preprocessing(meta.preprocessing or {})
    except ValidationError as error:
        raise CorruptError(f"{where} (meta.settings.prompt) {wrong_field(error)}; export again.") from None
    except ValueError as error:
        raise CorruptError(f"{where} (meta.preprocessing) cannot be used: {error}; export again.") from None
    return folder, meta


class MethodMeta(Document):
    """The meta of a method folder: what is read of it again."""

    project: Annotated[str, Field(max_length=LONGEST_NAME)]
    method: Annotated[str, Field(min_length=1, max_length=200)]
    backbone: Annotated[str, Field(min_length=1, max_length=8192)]
    backbone_digest: Annotated[str, Field(max_length=200)]
    precision: Literal["float32", "bfloat16"]
    preprocessing: dict[str, Any] | None = None
    at_zero_shot: Annotated[list[str], Field(max_length=1000)] = Field(default_factory=list)


def read_method(path: Path | str) -> tuple[MethodFolder, MethodMeta]:
    """A method folder and its checked meta; errors as `load_method`."""
    folder, where = load_method(path), Path(path) / METHOD_RECORD
    checked(MethodMeta, folder.meta, f"{where} (meta)", "export again")
    meta = MethodMeta.model_validate(folder.meta)
    try:
        preprocessing(meta.preprocessing or {})
    except ValueError as error:
        raise CorruptError(f"{where} (meta.preprocessing) cannot be used: {error}; export again.") from None
    return folder, meta


def exported_classes(path: Path | str) -> tuple[Mapping[str, Mapping[str, Any]], str]:
    """The tasks of an exported folder with their classes, and the backbone it belongs to; errors as `read_prompts`."""
    path = exported_folder(path)
    if is_method_folder(path):
        method, about = read_method(path)
        return method.classes, about.backbone
    prompts, meta = read_prompts(path)
    return prompts.classes, meta.backbone
