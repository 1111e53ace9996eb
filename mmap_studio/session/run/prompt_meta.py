"""The meta of a prompt folder, checked field by field before any of it is used. Loads no torch."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mmap_studio.config import PRESETS, PromptSettings
from mmap_studio.errors import CorruptError
from mmap_studio.session.backbones.resolve import preprocessing
from mmap_studio.storage.documents import LONGEST_NAME, Document, checked, wrong_field
from mmap_studio.storage.prompt_folder import RECORD, PromptFolder, load_prompts


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
