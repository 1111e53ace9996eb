"""Options that several commands share, so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="A project's folder, or the word starter.")]
Groups = Annotated[
    str,
    typer.Option(
        metavar="auto|together|separate|N|TEXT",
        help='How tasks are grouped: as affinity suggests, all together, each alone, N groups, or "a+b,c".',
    ),
]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Write the prompts there too; the run has them anyway.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Same seed, same machine, same bits.")]
Seeds = Annotated[
    str | None,
    typer.Option(metavar="1,2,3", help="A run for each of these seeds, and one table of means and spreads."),
]
Device = Annotated[str | None, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as train.epochs=5; may be repeated."),
]
Preset = Annotated[
    str | None, typer.Option(metavar="light|paper-size", help="Start from this preset; the project's own changes stay.")
]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        metavar="NAME[,NAME]",
        help="Compare with linear_probe, together, separate, random, finetune, finetune_joint, or all.",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on in the folder of the last run that did not finish.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
