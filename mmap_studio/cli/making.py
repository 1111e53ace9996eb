"""`new`: a project from a folder of domains, with a report of what was found."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.speaking import UsageError, table, tell, tell_json

if TYPE_CHECKING:
    from mmap_studio.session.creating import Created

NAMED = 12
"""Skipped files and renamed classes that are listed one by one."""


def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the project goes.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="A folder of domains: DIR/<domain>/<class>/<image>.")],
    name: Annotated[str | None, typer.Option(help="What the project is called; else as its folder.")] = None,
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="starter, MODEL.json, or ARCHITECTURE:FILE.safetensors.")
    ] = "starter",
    split: Annotated[
        str, typer.Option(metavar="auto|given|fraction|shots", help="How images are split; see --shots, --fractions.")
    ] = "auto",
    shots: Annotated[int | None, typer.Option(help="Training images a class and domain; means --split shots.")] = None,
    fractions: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Shares of train, val, test; means --split fraction.")
    ] = None,
    split_seed: Annotated[int, typer.Option(min=0, help="Seeds the choice of images.")] = 1,
    template: Annotated[str, typer.Option(metavar="TEXT", help="Text around a class name.")] = "a photo of a {}.",
    preset: options.Preset = None,
    changes: options.Changes = None,
    json: options.Json = False,
) -> None:
    """Make a project from a folder of domains."""
    from mmap_studio.cli.setting import new_settings
    from mmap_studio.session.creating import create

    settings = new_settings(preset, changes or ())
    how = _split(split, shots, fractions, split_seed)
    created = create(folder, data, name, backbone, how, template, settings)
    if json:
        tell_json(_document(created))
    else:
        tell(_report(created))


def _split(kind: str, shots: int | None, fractions: str | None, seed: int) -> Any:
    """The split settings; UsageError for options that contradict each other."""
    from pydantic import ValidationError

    from mmap_studio.config import sentence
    from mmap_studio.session.projectfile import SplitSettings

    implied = [one for one, value in (("shots", shots), ("fraction", fractions)) if value is not None]
    if len(implied) == 2 or (implied and kind not in ("auto", implied[0])):
        raise UsageError(f"--split {kind}, --shots and --fractions must not contradict each other; give one of them.")
    values: dict[str, Any] = {"kind": implied[0] if implied else kind, "seed": seed}
    if shots is not None:
        values["shots"] = shots
    if fractions is not None:
        values["fractions"] = _shares(fractions)
    try:
        return SplitSettings.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"The split: {sentence(error)}") from None


def _shares(text: str) -> tuple[float, ...]:
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if len(shares) != 3 or min(shares) < 0 or not 0.99 < sum(shares) < 1.01 or shares[0] <= 0 or shares[2] <= 0:
        raise UsageError(
            f"--fractions must be three shares of train, val and test that add up to 1. Got {text!r} instead."
        )
    return shares


def _report(created: "Created") -> str:
    """Domains with counts, notices, names that CLIP reads differently, and what to do next."""
    from mmap_studio.session.creating import tidy

    splits = any(one.splits for one in created.found)
    rows = [["task", "classes", "images", *(("train", "val", "test") if splits else ())]]
    for one in created.found:
        parts = [f"{one.splits.get(part, 0):,}" for part in ("train", "val", "test")] if splits else []
        rows.append([tidy(one.task), f"{one.classes:,}", f"{one.images:,}", *parts])
    lines = [table(rows), ""]
    lines += [f"Note: {tidy(text)}" for text in created.notices]
    lines += _some([f"Skipped {tidy(path)}: {reason}." for path, reason in created.skipped], "skipped")
    renamed = {raw: clean for one in created.found for raw, clean in one.renamed.items()}
    read = [f"Class {tidy(raw)} is read as: {tidy(clean) or '(nothing)'}" for raw, clean in renamed.items()]
    lines += _some(read, "classes")
    lines.append(f"Project: {created.project.folder}")
    return "\n".join([*lines, f"Next: {_next(created)}"])


def _next(created: "Created") -> str:
    import shlex

    return shlex.join(["mmap-studio", "run", str(created.project.folder)])


def _some(lines: list[str], what: str) -> list[str]:
    more = len(lines) - NAMED
    return [*lines[:NAMED], f"... and {more} more {what}."] if more > 0 else lines


def _document(created: "Created") -> dict[str, Any]:
    tasks = [
        {"name": one.task, "classes": one.classes, "images": one.images, "splits": dict(one.splits),
         "read_as": dict(one.renamed)}
        for one in created.found
    ]  # fmt: skip
    skipped = [{"path": path, "reason": reason} for path, reason in created.skipped]
    paths = {"project": str(created.project.folder)}
    return {"format": 1, "name": created.project.name, "tasks": tasks, "notices": list(created.notices),
            "skipped": skipped, "paths": paths}  # fmt: skip
