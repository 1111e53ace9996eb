"""`inspect` and `info`: look, and change nothing."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.output import UsageError, table, tell, tell_json


def inspect(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A prompt folder, run, project, .h5 or .safetensors.")],
    json: options.Json = False,
) -> None:
    """Say what a folder or file is and whether it verifies.

    Exit code 1 if it does not.
    """
    from mmap_studio.session.results.inspect import inspect as look

    found = look(path)
    if json:
        tell_json(found)
    else:
        from mmap_studio.cli.inspected import text

        tell(text(found))
    if found["problems"]:
        raise typer.Exit(1)


def info(
    what: Annotated[str, typer.Argument(metavar="settings", help="settings: every setting with its range.")] = "",
    json: options.Json = False,
) -> None:
    """Versions, device, folders; `info settings` lists the settings."""
    if what not in ("", "settings"):
        raise UsageError(f"`info` takes nothing, or the word settings. Got {what!r} instead.")
    if what == "settings":
        from mmap_studio.cli.settings_manual import as_json, as_text

        tell_json(as_json()) if json else tell(as_text())
        return
    from mmap_studio.session.results.diagnostics import facts

    found = facts()
    if json:
        tell_json(found)
    else:
        tell(_info(found))


def _info(found: dict[str, Any]) -> str:
    device, cores = found["device"], found["cores"]
    rows = [[name, value or "not installed"] for name, value in found["versions"].items()]
    rows.append(["system", found["system"]])
    rows.append(["device", f"{device['chosen']} ({device['name']}), {device['threads']} threads"])
    rows.append(["cores", f"{cores['usable']} of {cores['all']}"])
    rows += [[name.replace("_", " "), path] for name, path in found["paths"].items()]
    return table(rows, left=2)
