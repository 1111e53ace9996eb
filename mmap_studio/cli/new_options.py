"""What `new` was asked for beside the split: the data, and what CLIP reads. Typos are refused by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmap_studio.cli.terminal.output import UsageError

if TYPE_CHECKING:
    from mmap_studio.session.ingest.text_options import TextOptions

Data = Annotated[
    Path, typer.Option(metavar="PATH", help="A folder of domains, a zip or tar of one, or a CSV or Parquet table.")
]
Layout = Annotated[
    str, typer.Option(metavar="NAME", help="Read PATH as this layout; auto looks. docs/data-sets.md lists them.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether the layout was recognised.")]
Backbone = Annotated[str, typer.Option(metavar="NAME", help="starter, MODEL.json, or ARCHITECTURE:FILE.safetensors.")]
Template = Annotated[
    list[str] | None,
    typer.Option(metavar="[TASK=]TEXT", help="Text around a class name, of all tasks or one; may be repeated."),
]
Ensemble = Annotated[
    list[str] | None, typer.Option(metavar="[TASK=]TEXT", help="A template averaged for zero-shot; may be repeated.")
]
Classes = Annotated[
    list[str] | None,
    typer.Option("--class", metavar="CLASS=TEXT", help="What CLIP reads for a class; may be repeated."),
]
Merge = Annotated[
    list[str] | None, typer.Option(metavar="TEXT=CLASS+CLASS", help="Several classes become one; may be repeated.")
]
LeaveOut = Annotated[list[str] | None, typer.Option(metavar="CLASS", help="A class that is not used; may be repeated.")]


def texts_of(
    tasks: Sequence[str], template: Sequence[str], ensemble: Sequence[str], classes: Sequence[str],
    merge: Sequence[str], leave_out: Sequence[str],
) -> "TextOptions":  # fmt: skip
    """Templates, names, merged and left-out classes; UsageError for what is not of its form."""
    from mmap_studio.session.ingest.text_options import TextOptions

    templates = dict(_for_task(text, tasks) for text in template)
    ensembles: dict[str, tuple[str, ...]] = {}
    for task, text in (_for_task(text, tasks) for text in ensemble):
        ensembles[task] = (*ensembles.get(task, ()), text)
    named = dict(_parted(text, "--class", "CLASS=TEXT", "0=dog") for text in classes)
    merged: dict[str, tuple[str, ...]] = {}
    for new, members in (_parted(text, "--merge", "TEXT=CLASS+CLASS", "cup=Mug+Cup") for text in merge):
        merged[new] = tuple(part.strip() for part in members.split("+") if part.strip())
    return TextOptions(templates, ensembles, named, merged, tuple(leave_out))


def _for_task(text: str, tasks: Sequence[str]) -> tuple[str, str]:
    """`TASK=TEXT`, or a text for every task; what stands before `=` and `{}` is meant as a task, if a misspelt one."""
    for task in sorted(tasks, key=len, reverse=True):
        if text.startswith(f"{task}="):
            return task, text.removeprefix(f"{task}=")
    name, equals, rest = text.partition("=")
    return (name, rest) if equals and "{}" not in name else ("", text)


def _parted(text: str, option: str, form: str, example: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (equals and left and right):
        raise UsageError(f"{option} must be {form}, such as {example}. Got {text!r} instead.")
    return left, right
