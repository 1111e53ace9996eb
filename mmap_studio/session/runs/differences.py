"""The settings in which two runs differ, as their config.toml say them. Loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmap_studio.config import settings_from
from mmap_studio.session.run.run_options import ASKED
from mmap_studio.storage.runs import RunFolder

NAMED = ("name",)
"""What is no setting."""
LONGEST = 120
"""Letters of a value that are told."""
MISSING = "–"


@dataclass(frozen=True)
class SettingDifference:
    """One setting, such as train.epochs; a value that a run does not have is a dash."""

    setting: str
    first: str
    second: str


def differences(first: RunFolder, second: RunFolder) -> tuple[SettingDifference, ...]:
    """In the order of the file; none where the runs differ in nothing. Errors as `RunFolder.config`, or InputError."""
    mine, others = (_flat(run.config()) for run in (first, second))
    return tuple(
        SettingDifference(key, mine.get(key, MISSING), others.get(key, MISSING))
        for key in dict.fromkeys([*mine, *others])
        if mine.get(key) != others.get(key)
    )


def _flat(config: Mapping[str, Any]) -> dict[str, str]:
    """Dotted settings with their values as text; those that a preset has are told like others."""
    settings = settings_from(config.get("settings", {})).model_dump(mode="json")
    tasks = config.get("tasks", [])
    shown: dict[str, Any] = {key: value for key, value in config.items() if key not in (*NAMED, "settings", "tasks")}
    found: dict[str, str] = {}
    _add(found, "", {"settings": settings, **shown, "tasks": [str(_name(task)) for task in tasks]})
    asked = found.pop(f"{ASKED}.groups", None)
    return {key.removeprefix("settings."): value for key, value in found.items()} | ({"groups": asked} if asked else {})


def _name(task: object) -> object:
    return task.get("name", "") if isinstance(task, dict) else task


def _add(found: dict[str, str], above: str, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        dotted = f"{above}{key}"
        if isinstance(value, Mapping):
            _add(found, f"{dotted}.", value)
        else:
            found[dotted] = _text(value)


def _text(value: object) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
