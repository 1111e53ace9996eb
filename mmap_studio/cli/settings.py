"""`--set key=value`: a dotted name and a TOML value, refused by name before anything heavy is loaded."""

import difflib
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mmap_studio.cli.terminal.output import UsageError
from mmap_studio.config import PRESETS, Settings, settings_from
from mmap_studio.errors import InputError
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import changed_settings


def all_settings(section: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its dotted name."""
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from all_settings(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def parse_changes(given: Sequence[str]) -> dict[str, Any]:
    """``["train.epochs=5"]`` as ``{"train.epochs": 5}``; UsageError names the setting and the nearest one."""
    known = [name for name, _ in all_settings()]
    changes: dict[str, Any] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise UsageError(f"A setting must be given as key=value, such as train.epochs=5. Got {text!r} instead.")
        if name not in known:
            raise UsageError(_unknown(name, known))
        changes[name] = _value(name, value)
    return changes


def with_changes(project: Project, changes: dict[str, Any], preset: str | None) -> Project:
    """The project with another preset under its own settings, and changes above them."""
    return project.with_settings(_settings(changed_settings(project.settings), changes, preset))


def new_settings(preset: str | None, given: Sequence[str]) -> Settings:
    return _settings({}, parse_changes(given), preset)


def _settings(own: dict[str, Any], changes: dict[str, Any], preset: str | None) -> Settings:
    if preset is not None and preset not in PRESETS:
        raise UsageError(f"A preset must be one of {', '.join(PRESETS)}. Got {preset!r} instead.")
    try:
        return settings_from(own | ({"preset": preset} if preset else {}), changes)
    except InputError as error:
        raise UsageError(str(error)) from None


def _unknown(name: str, known: Sequence[str]) -> str:
    inside = [one for one in known if one.startswith(f"{name}.")]
    if inside:
        return f"Setting {name!r} is a group of settings; name one of them, such as {inside[0]}."
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    by_end = [one for one in known if one.rpartition(".")[2] == name.rpartition(".")[2]]
    meant = " or ".join(repr(one) for one in by_end[:3] or near)
    hint = f"did you mean {meant}?" if meant else "`mmap-studio info settings` lists all."
    return f"Setting {name!r} is not known; {hint}"


def _value(name: str, text: str) -> Any:
    """A TOML value; a bare word is a string, and `none` is no value."""
    if text == "none":
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        if text and not set(text) & set("\"'[]{}#="):
            return text
        raise UsageError(f"Setting {name!r} must be a TOML value, such as 5 or true. Got {text!r} instead.") from None
