"""`inspect`: what a file or folder is, what is in it, and whether it verifies."""

from collections.abc import Callable, Mapping
from json import dumps
from math import prod
from pathlib import Path
from typing import Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import percent, table, tell, tell_json
from mmap_studio.formatting import counted, printable

Found = Mapping[str, Any]
LISTED = 40
"""Rows that are listed one by one."""
WIDE = 100
"""Letters of a value that are shown."""


def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            parser=options.path_of, metavar="PATH", help="A prompt folder, run, project, .h5 or .safetensors."
        ),
    ],
    json: options.Json = False,
) -> None:
    """Say what a folder or file is, and whether it verifies.

    Exit code 1 if it does not.
    """
    from mmap_studio.session.results.inspect import inspect as look

    found = look(path)
    if json:
        tell_json(found)
    else:
        tell(_text(_printable(found)))
    if found["problems"]:
        raise typer.Exit(1)


def _printable(found: Any) -> Any:
    """The same with every name and text safe to print, on one line: they come out of the file."""
    if isinstance(found, Mapping):
        return {printable(key): _printable(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_printable(value) for value in found]
    return printable(found) if isinstance(found, str) else found


def _text(found: Found) -> str:
    title = {"prompts": "Prompt folder", "run": "Run", "project": "Project", "artifact": "Artifact",
             "method": "Method folder", "safetensors": "Safetensors file"}[found["kind"]]  # fmt: skip
    problems = found["problems"]
    lines = [f"{title} {found['path']}", *(_BODY[found["kind"]](found) if len(found) > 4 else [])]
    if not problems:
        return "\n".join(
            [*lines, "Everything verifies." if found["kind"] != "project" else "Backbone and folders are all there."]
        )
    return "\n".join([*lines, "It does not verify:", *(f"- {problem}" for problem in problems)])


def _prompts(found: Found) -> list[str]:
    meta, scores = found["meta"], found["meta"].get("scores", {})
    before, after = scores.get("zero_shot", {}), scores.get("run", {})
    rows = [["task", "classes", "zero-shot", "prompts", "group"]]
    for name, task in found["tasks"].items():
        scored = [percent(before.get(name)), percent(after.get(name))]
        rows.append([name, str(task["classes"]), *scored, task["group"] or "-"])
    state = "complete" if meta.get("complete", True) else "stopped early"
    lines = [f"{meta['project']}, for backbone {meta['backbone']} ({meta['backbone_digest'][:12]}), {state}", ""]
    return [*lines, table(rows), "", *_adapters(found["adapters"])]


def _method(found: Found) -> list[str]:
    meta = found["meta"]
    scores = meta.get("scores", {})
    before, after = scores.get("zero_shot", {}), scores.get("method", {})
    rows = [["task", "classes", "zero-shot", "method"]]
    for name, task in found["tasks"].items():
        rows.append([name, str(task["classes"]), percent(before.get(name)), percent(after.get(name))])
    about = f"for backbone {meta['backbone']} ({meta['backbone_digest'][:12]})"
    models = [
        [", ".join(one["tasks"]), ", ".join(f"{name} {_shape(array)}" for name, array in one["shapes"].items())]
        for one in found["models"]
    ]
    lines = [f"{meta.get('title', meta['method'])}, {meta['project']}, {about}", "", table(rows), ""]
    return [*lines, table(_short(models, 2), left=2), ""]


def _adapters(adapters: Mapping[str, Found]) -> list[str]:
    rows = [
        [folder, ", ".join(f"{name} {_shape(array)}" for name, array in one["shapes"].items())]
        for folder, one in adapters.items()
    ]
    return [table(_short(rows, 2), left=2), ""]


def _run(found: Found) -> list[str]:
    times = [f"{word} {found[word]}" for word in ("started", "ended") if found.get(word)]
    reason = f" ({found['reason']})" if found.get("reason") else ""
    return [f"{found.get('title', '')}: {found['state']}{reason}; {', '.join(times)}", *_short(found["files"])]


def _project(found: Found) -> list[str]:
    runs = found["runs"]
    split = ", ".join(f"{key} {value}" for key, value in found["split"].items())
    lines = [f"{found['name']}: backbone {found['backbone']}, preset {found['preset']}, split: {split}"]
    tasks = [[name, folder] for name, folder in found["tasks"].items()]
    lines.append(table(_short(tasks, 2), left=2) if tasks else "No tasks yet.")
    lines.append(table([[name, state] for name, state in runs.items()], left=2) if runs else "No runs yet.")
    return lines


def _arrays(found: Found) -> list[str]:
    rows = [[name, array["dtype"], _shape(array)] for name, array in found["arrays"].items()]
    numbers = sum(prod(array["shape"]) for array in found["arrays"].values())
    lines = [f"{counted(len(rows), 'array')}, {counted(numbers, 'value')}", table(_short(rows, 3), left=3)]
    values = [[key, _brief(value)] for key, value in found["meta"].items()]
    return [*lines, *([table(values, left=2)] if values else [])]


def _shape(array: Found) -> str:
    return " x ".join(map(str, array["shape"])) or "scalar"


def _brief(value: Any) -> str:
    written = value if isinstance(value, str) else dumps(value)
    return written if len(written) <= WIDE else f"{written[:WIDE]} ..."


def _short(rows: list[Any], columns: int = 0) -> list[Any]:
    if len(rows) <= LISTED:
        return rows
    more = f"... and {len(rows) - LISTED} more"
    return [*rows[:LISTED], [more, *[""] * (columns - 1)] if columns else more]


_BODY: dict[str, Callable[[Found], list[str]]] = {
    "prompts": _prompts,
    "method": _method,
    "run": _run,
    "project": _project,
    "artifact": _arrays,
    "safetensors": _arrays,
}
