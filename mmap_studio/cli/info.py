"""`info`: versions, device and folders; `info settings`: every setting, from the classes that define them."""

import types
import typing
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, table, tell, tell_json
from mmap_studio.formatting import counted

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def info(
    what: Annotated[str, typer.Argument(metavar="settings", help="settings: every setting with its range.")] = "",
    json: options.Json = False,
) -> None:
    """Versions, device, folders; `info settings` lists all settings."""
    if what not in ("", "settings"):
        raise UsageError(f"`info` takes nothing, or the word settings. Got {what!r} instead.")
    if what == "settings":
        tell_json(_settings_document()) if json else tell(_settings_text())
        return
    from mmap_studio.session.results.diagnostics import facts

    found = facts()
    if json:
        tell_json(found)
    else:
        tell(_facts_text(found))


def _facts_text(found: dict[str, Any]) -> str:
    device, cores = found["device"], found["cores"]
    rows = [[name, value or "not installed"] for name, value in found["versions"].items()]
    rows.append(["system", found["system"]])
    rows.append(["device", f"{device['chosen']} ({device['name']}), {counted(device['threads'], 'thread')}"])
    rows.append(["cores", f"{cores['usable']} of {cores['all']}"])
    rows += [[name.replace("_", " "), path] for name, path in found["paths"].items()]
    return table(rows, left=2)


def _settings_document() -> dict[str, Any]:
    from mmap_studio.config import PRESETS, all_settings

    settings = [
        {"name": name, "type": _kind(field), "default": _default(name), "range": _limits(field),
         "unit": _unit(field), "help": field.description}
        for name, field in all_settings()
    ]  # fmt: skip
    return {"format": 1, "presets": PRESETS, "settings": settings}


def _default(name: str) -> Any:
    """What a new project has."""
    from mmap_studio.config import Settings

    found: Any = Settings()
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _settings_text() -> str:
    """Two lines a setting, and how to change one."""
    from mmap_studio.config import all_settings

    lines = []
    for name, field in all_settings():
        default = dumps(_default(name)) if _default(name) is not None else "none"
        facts = [f"default {default}", _limits(field) or _kind(field), _unit(field)]
        lines += [f"{name}  ({', '.join(fact for fact in facts if fact)})", f"    {field.description}"]
    return "\n".join([*lines, "", "Change one with --set NAME=VALUE, or in project.toml below [settings]."])


def _kind(field: "FieldInfo") -> str:
    """Such as ``float``, ``int or none`` or ``sgd | adamw``."""
    choices = typing.get_args(field.annotation)
    if typing.get_origin(field.annotation) is typing.Literal:
        return " | ".join(map(str, choices))
    if isinstance(field.annotation, types.UnionType):
        return " or ".join("none" if one is type(None) else one.__name__ for one in choices)
    return getattr(field.annotation, "__name__", str(field.annotation))


def _limits(field: "FieldInfo") -> str:
    """Such as ``from 1 to 32`` or ``above 0, at most 10``; empty without a range."""
    bound = {key: getattr(one, key) for one in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(one, key)}
    if "ge" in bound and "le" in bound:
        return f"from {bound['ge']} to {bound['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(f"{words[key]} {bound[key]}" for key in ("ge", "gt", "le", "lt") if key in bound)


def _unit(field: "FieldInfo") -> str:
    """Such as ``images per task``; empty for plain numbers."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""
