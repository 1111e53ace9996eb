"""`--set key=value`: a dotted name and a TOML value, refused by name before anything heavy is loaded."""

import tomllib
from collections.abc import Sequence
from typing import Any

from mmap_studio.cli.terminal.output import UsageError
from mmap_studio.config import PRESETS, Settings, all_settings, settings_from, unknown_setting
from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import changed_settings
from mmap_studio.session.run.seeds import parse_seeds


def parse_changes(given: Sequence[str]) -> dict[str, Any]:
    """``["train.epochs=5"]`` as ``{"train.epochs": 5}``; UsageError names the setting and the nearest one."""
    known = dict(all_settings())
    changes: dict[str, Any] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise UsageError(
                f"A setting must be given as key=value, such as train.epochs=5. Got {shown_value(text)} instead."
            )
        if name not in known:
            raise UsageError(unknown_setting(name))
        changes[name] = _value(name, value)
    return changes


def changes_of(
    given: list[str] | None, seed: int | None, device: str | None, seeds: str | None = None
) -> dict[str, Any]:
    """What `--set`, `--seed` and `--device` say; an option of its own goes before `--set`."""
    if seeds is not None and seed is not None:
        raise UsageError("--seed and --seeds say the same thing; give one of them.")
    changes = parse_changes(given or ())
    return changes | {name: value for name, value in (("seed", seed), ("device", device)) if value is not None}


def seeds_of(given: str) -> tuple[int, ...]:
    """As `parse_seeds`, with UsageError."""
    try:
        return parse_seeds(given)
    except InputError as error:
        raise UsageError(f"--seeds: {error}") from None


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


def _value(name: str, text: str) -> Any:
    """A TOML value; a bare word is a string, and `none` is no value."""
    if text == "none":
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        if text and not set(text) & set("\"'[]{}#="):
            return text
        raise UsageError(
            f"Setting {name!r} must be a TOML value, such as 5 or true. Got {shown_value(text)} instead."
        ) from None
