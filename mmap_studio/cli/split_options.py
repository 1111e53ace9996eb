"""How images are split: options that `new` and the commands that run share. Contradictions are refused by name."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli.terminal.output import UsageError

if TYPE_CHECKING:
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.project.project_file import SplitSettings

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
Rest = Annotated[
    str | None,
    typer.Option(
        metavar="val|test",
        help="With --share: val validates on as many and tests on what is left or given; test tests on all the rest.",
    ),
]
SplitSeed = Annotated[int | None, typer.Option(min=0, help="Seeds the choice of images.")]
Identity = Annotated[
    str | None,
    typer.Option(
        metavar="auto|stem|none",
        help="What is one subject in several tasks, and so in one part everywhere: by file names with words, by equal "
        "file names, or only by equal images.",
    ),
]
SplitAsked = tuple[int | None, str | None, str | None, str | None, int | None, str | None]
"""Shots, share, fractions, rest, seed and identity, as they were given."""


def split_of(
    kind: str | None, shots: int | None, share: str | None, fractions: str | None, rest: str | None, seed: int | None,
    identity: str | None, own: "SplitSettings | None" = None,
) -> "SplitSettings":  # fmt: skip
    """The split settings; UsageError for options that contradict each other.

    own : what holds where nothing is said; the defaults of a new project if not given
    """
    from pydantic import ValidationError

    from mmap_studio.config import sentence
    from mmap_studio.session.project.project_file import SplitSettings

    given = {"shots": shots, "share": share, "fraction": fractions}
    implied = [one for one, value in given.items() if value is not None]
    if len(implied) > 1 or (implied and kind not in (None, "auto", implied[0])):
        raise UsageError(
            f"{f'--split {kind}, ' if kind else ''}--shots, --share and --fractions must not contradict each other; "
            "give one of them."
        )
    values: dict[str, Any] = {"kind": implied[0] if implied else kind, "seed": seed, "shots": shots, "rest": rest}
    values |= {"share": _share(share) if share is not None else None}
    values |= {"fractions": _shares(fractions) if fractions is not None else None}
    before = own.model_dump(exclude_none=True) if own else {}
    said = {name: value for name, value in values.items() if value is not None}
    if rest is not None and {**before, **said}.get("kind") != "share":
        raise UsageError("--rest says what becomes of the rest of a share; give --share P% too.")
    try:
        return SplitSettings.model_validate(before | said | {"identity": identity or before.get("identity") or "auto"})
    except ValidationError as error:
        raise UsageError(f"The split: {sentence(error)}") from None


def with_split(
    project: "Project", shots: int | None, share: str | None, fractions: str | None, rest: str | None,
    seed: int | None, identity: str | None,
) -> "Project":  # fmt: skip
    """The project split otherwise for this run, where anything is said; subjects are then kept together."""
    if all(one is None for one in (shots, share, fractions, rest, seed, identity)):
        return project
    own = project.file.split
    drawn = any(one is not None for one in (shots, share, fractions))
    if not drawn and (own.kind == "given" or (own.kind == "auto" and project.built_in)):
        raise UsageError(
            "--split-seed, --rest and --identity say how a split is drawn, but this project's is given by its data; "
            "give --shots, --share or --fractions too."
        )
    kind = None if drawn else own.kind
    return project.split_for_one_run(split_of(kind, shots, share, fractions, rest, seed, identity, own))


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
