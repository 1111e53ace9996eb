"""Documents, JSON and TOML, as anybody may have written them: read within limits, then checked field by field.

A value that was not checked is not used: `checked` makes it a pydantic model, or one sentence with file and field.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mmap_studio.errors import CorruptError
from mmap_studio.formatting import printable, shown_value
from mmap_studio.storage.opener import MIB, read_text

DEEPEST = 40
"""Levels of lists and tables in one another; the studio's own documents have at most eight."""
SMALL, LARGE = 4 * MIB, 256 * MIB
"""Bytes of a document that somebody may edit, and of one that lists images."""
LONGEST_NAME = 1000
"""Letters of a name: of a class, task, file or run."""
_Model = TypeVar("_Model")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text must not have a NUL in it")
    return text


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_without_nul)]
"""A name as documents have it: any text, no longer than a class name can be."""


def _relative(text: str) -> str:
    if "\\" in text or any(part in ("", ".", "..") for part in text.split("/")):
        raise ValueError("a file must have a plain relative name")
    return text


RelativeName = Annotated[Name, AfterValidator(_relative)]
"""A file of a folder, parts joined by `/`; never above or beside it."""


class Document(BaseModel):
    """Fields of a document, each of exactly its type; what other versions add is let through and kept."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", allow_inf_nan=False, protected_namespaces=())


class FileRecord(Document):
    """Size and sha256 of a file, as records list them."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def read_json(path: Path | str, max_bytes: int = SMALL, within: Path | None = None) -> Any:
    """The value of a JSON file; CorruptError when it is none or past a limit, StorageError as `opened`."""
    return parse_json(read_text(path, max_bytes, within), path)


def read_toml(path: Path | str, max_bytes: int = SMALL, within: Path | None = None) -> dict[str, Any]:
    """The table of a TOML file; errors as `read_json`."""
    return parse_toml(read_text(path, max_bytes, within), path)


def parse_json(text: str | bytes, path: Path | str) -> Any:
    """The value of a JSON text that was read from `path`; CorruptError names it."""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise _too_deep(path, "JSON") from None
    except (ValueError, MemoryError) as error:
        raise CorruptError(f"{path} must be JSON, but is not ({error}); correct it or restore a copy.") from None
    if not _shallow(value):
        raise _too_deep(path, "JSON")
    return value


def parse_toml(text: str, path: Path | str) -> dict[str, Any]:
    """The table of a TOML text that was read from `path`; CorruptError names it."""
    if any(line.partition("=")[0].count(".") > DEEPEST for line in text.splitlines()):
        raise _too_deep(path, "TOML")  # before tomllib walks every dot once a line
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise _too_deep(path, "TOML") from None
    except ValueError as error:  # of the syntax, and of integers with thousands of digits
        raise CorruptError(f"{path} must be a TOML file, but is not ({error}); correct it or restore a copy.") from None
    if not _shallow(value):
        raise _too_deep(path, "TOML")
    if key := _too_large(value):
        raise CorruptError(
            f"{path} must be a TOML file, whose integers have 64 bits, but {shown_value(key)} is larger; correct it."
        )
    return value


def _too_large(value: Any, key: str = "it") -> str:
    """Where an integer is that not even Python writes out: hexadecimal ones may have as many digits as they like."""
    if isinstance(value, int):
        return key if not -(1 << 63) <= value < 1 << 63 else ""
    if not isinstance(value, dict | list):
        return ""
    inner = value.items() if isinstance(value, dict) else ((key, one) for one in value)
    return next((found for name, one in inner if (found := _too_large(one, name))), "")


def checked(model: type[_Model], value: Any, path: Path | str, remedy: str = "restore or delete the file") -> _Model:
    """`value`, read from `path`, as this type; CorruptError names the file, the field and what it holds."""
    try:
        return TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        raise CorruptError(f"{path} {wrong_field(error)}; {remedy}.") from None


def wrong_field(error: ValidationError) -> str:
    """The first thing wrong: field, requirement and what was found, each cut to a readable length."""
    first = error.errors(include_url=False)[0]
    where = printable(".".join(str(part) for part in first["loc"]))[:200] or "itself"
    found = shown_value(first["input"])
    problem = first["msg"].removeprefix("Value error, ")
    return f"cannot be used: field {where!r}: {problem[0].lower()}{problem[1:]} (found {found})"


def _shallow(value: Any) -> bool:
    """Whether no value lies deeper than `DEEPEST` levels."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number in JSON")


def _too_deep(path: Path | str, kind: str) -> CorruptError:
    return CorruptError(
        f"{path} must be {kind} of at most {DEEPEST} levels. Found more: nobody wrote it by hand; do not use it."
    )
