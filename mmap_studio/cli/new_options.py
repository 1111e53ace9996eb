"""What `new` was asked for: the split, and what CLIP reads. Contradictions and typos are refused by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli.terminal.output import UsageError

if TYPE_CHECKING:
    from mmap_studio.session.ingest.text_options import TextOptions
    from mmap_studio.session.project.project_file import SplitSettings

Data = Annotated[
    Path, typer.Option(metavar="PATH", help="A folder of domains, a zip or tar of one, or a CSV or Parquet table.")
]
Layout = Annotated[
    str, typer.Option(metavar="NAME", help="Read PATH as this layout; auto looks. docs/data-sets.md lists them.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether the layout was recognised.")]
Backbone = Annotated[str, typer.Option(metavar="NAME", help="starter, MODEL.json, or ARCHITECTURE:FILE.safetensors.")]
Split = Annotated[
    str,
    typer.Option(
        metavar="auto|given|fraction|shots|share", help="How images are split; see --shots, --share, --fractions."
    ),
]
Shots = Annotated[int | None, typer.Option(help="Training images a class and domain; means --split shots.")]
Share = Annotated[
    str | None, typer.Option(metavar="P%", help="Share of the training images, such as 10%; means --split share.")
]
Fractions = Annotated[
    str | None, typer.Option(metavar="A,B,C", help="Shares of train, val, test; means --split fraction.")
]
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


def split_of(kind: str, shots: int | None, share: str | None, fractions: str | None, seed: int) -> "SplitSettings":
    """The split settings; UsageError for options that contradict each other."""
    from pydantic import ValidationError

    from mmap_studio.config import sentence
    from mmap_studio.session.project.project_file import SplitSettings

    given = {"shots": shots, "share": share, "fraction": fractions}
    implied = [one for one, value in given.items() if value is not None]
    if len(implied) > 1 or (implied and kind not in ("auto", implied[0])):
        raise UsageError(
            f"--split {kind}, --shots, --share and --fractions must not contradict each other; give one of them."
        )
    values: dict[str, Any] = {"kind": implied[0] if implied else kind, "seed": seed}
    if shots is not None:
        values["shots"] = shots
    if share is not None:
        values["share"] = _share(share)
    if fractions is not None:
        values["fractions"] = _shares(fractions)
    try:
        return SplitSettings.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"The split: {sentence(error)}") from None


def _share(text: str) -> float:
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise UsageError(f"--share must be a share between 0 and 1, or per cent such as 10%. Got {text!r} instead.")
    return share


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
