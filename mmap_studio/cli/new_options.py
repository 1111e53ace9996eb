"""What `new` was asked for beside the split: the data, and what CLIP reads. Typos are refused by name."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError
from mmap_studio.formatting import shown_value

if TYPE_CHECKING:
    from mmap_studio.session.ingest.text_options import TextOptions

Data = Annotated[
    Path,
    typer.Option(
        parser=options.path_of,
        metavar="PATH",
        help="A folder of domains, a zip or tar, a CSV or Parquet table, or hf:OWNER/NAME on the hub.",
    ),
]
Layout = Annotated[
    str, typer.Option(metavar="NAME", help="Read PATH as this layout; auto looks. docs/data-sets.md lists them.")
]
LabelColumn = Annotated[
    str, typer.Option(metavar="NAME", help="The column of a table that holds the classes, where it has several.")
]
FollowLinks = Annotated[bool, typer.Option("--follow-links", help="Follow links that lead out of PATH.")]
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
    tasks: Mapping[str, Collection[str]], template: Sequence[str], ensemble: Sequence[str], classes: Sequence[str],
    merge: Sequence[str], leave_out: Sequence[str],
) -> "TextOptions":  # fmt: skip
    """Templates, names, merged and left-out classes; UsageError for what is not of its form.

    tasks : name -> its classes, which may have `=` and `+` in their names
    """
    from mmap_studio.session.ingest.text_options import TextOptions

    templates = dict(_for_task(text, tasks) for text in template)
    ensembles: dict[str, tuple[str, ...]] = {}
    for task, text in (_for_task(text, tasks) for text in ensemble):
        ensembles[task] = (*ensembles.get(task, ()), text)
    there = {name for names in tasks.values() for name in names}
    named = dict(_named(text, there) for text in classes)
    merged = dict(_merged(text, there) for text in merge)
    return TextOptions(templates, ensembles, named, merged, tuple(leave_out))


def _for_task(text: str, tasks: Collection[str]) -> tuple[str, str]:
    """`TASK=TEXT`, or a text for every task; what stands before `=` and `{}` is meant as a task, if a misspelt one."""
    if own := _known(text, tasks):
        return own, text.removeprefix(f"{own}=")
    name, equals, rest = text.partition("=")
    return (name, rest) if equals and "{}" not in name else ("", text)


def _named(text: str, classes: Collection[str]) -> tuple[str, str]:
    """`CLASS=TEXT`."""
    own = _known(text, classes)
    if own and text.removeprefix(f"{own}=").strip():
        return own, text.removeprefix(f"{own}=").strip()
    return _parted(text, "--class", "CLASS=TEXT", "0=dog")


def _merged(text: str, classes: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """`TEXT=CLASS+CLASS`."""
    places = [place for place, sign in enumerate(text) if sign == "="]
    for place in places:
        if (members := _members(text[place + 1 :], classes)) and text[:place].strip():
            return text[:place].strip(), members
    new, rest = _parted(text, "--merge", "TEXT=CLASS+CLASS", "cup=Mug+Cup")
    return new, tuple(part.strip() for part in rest.split("+") if part.strip())


def _members(text: str, classes: Collection[str]) -> tuple[str, ...] | None:
    """The classes that a text of names with `+` between them names; None where it has others."""
    if text in classes:
        return (text,)
    for place in (place for place, sign in enumerate(text) if sign == "+"):
        if text[:place] in classes and (rest := _members(text[place + 1 :], classes)):
            return (text[:place], *rest)
    return None


def _known(text: str, names: Collection[str]) -> str:
    """The longest of the names that stands before a `=`; empty where none does."""
    return max((name for name in names if text.startswith(f"{name}=")), key=len, default="")


def _parted(text: str, option: str, form: str, example: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (equals and left and right):
        raise UsageError(f"{option} must be {form}, such as {example}. Got {shown_value(text)} instead.")
    return left, right
