"""`info settings`: the settings classes, written out."""

import json
import types
import typing
from typing import Any

from pydantic.fields import FieldInfo

from mmap_studio.cli.settings import all_settings
from mmap_studio.config import PRESETS


def as_json() -> dict[str, Any]:
    """Every setting with type, default, range, unit and help."""
    settings = [
        {"name": name, "type": kind(field), "default": field.get_default(), "range": limits(field), "unit": unit(field),
         "help": field.description}
        for name, field in all_settings()
    ]  # fmt: skip
    return {"format": 1, "presets": PRESETS, "settings": settings}


def as_text() -> str:
    """The same for reading."""
    lines = []
    for name, field in all_settings():
        default = json.dumps(field.get_default()) if field.get_default() is not None else "none"
        facts = [f"default {default}", limits(field) or kind(field), unit(field)]
        lines += [f"{name}  ({', '.join(fact for fact in facts if fact)})", f"    {field.description}"]
    return "\n".join([*lines, "", "Change one with --set NAME=VALUE, or in project.toml below [settings]."])


def kind(field: FieldInfo) -> str:
    """Such as ``float``, ``int or none`` or ``sgd | adamw``."""
    choices = typing.get_args(field.annotation)
    if typing.get_origin(field.annotation) is typing.Literal:
        return " | ".join(map(str, choices))
    if isinstance(field.annotation, types.UnionType):
        return " or ".join("none" if one is type(None) else one.__name__ for one in choices)
    return getattr(field.annotation, "__name__", str(field.annotation))


def limits(field: FieldInfo) -> str:
    """Such as ``from 1 to 32`` or ``above 0, at most 10``; empty without a range."""
    bound = {key: getattr(one, key) for one in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(one, key)}
    if "ge" in bound and "le" in bound:
        return f"from {bound['ge']} to {bound['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(f"{words[key]} {bound[key]}" for key in ("ge", "gt", "le", "lt") if key in bound)


def unit(field: FieldInfo) -> str:
    """Such as ``images per task``; empty for plain numbers."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""
