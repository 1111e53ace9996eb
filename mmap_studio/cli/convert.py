"""`convert`: a checkpoint from a TorchScript archive."""

from pathlib import Path
from typing import Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import tell, tell_json
from mmap_studio.formatting import counted, printable


def convert(
    archive: Annotated[
        Path,
        typer.Argument(parser=options.path_of, metavar="ARCHIVE", help="A TorchScript archive, such as OpenAI's .pt."),
    ],
    out: Annotated[Path, typer.Option(parser=options.path_of, metavar="FOLDER", help="Write the checkpoint here.")],
    json: options.Json = False,
) -> None:
    """Make a checkpoint of a TorchScript archive, such as OpenAI's.

    Nothing of the archive is run: its weights are read by a process with limits, and written as safetensors. Of
    OpenAI's models the folder is a backbone.
    """
    from dataclasses import asdict

    from mmap_studio.session.backbones.conversion import convert as make

    made = make(archive, out)
    if json:
        tell_json({"format": 1} | {key: str(value) if isinstance(value, Path) else value
                                   for key, value in asdict(made).items()})  # fmt: skip
        return
    what = f"{counted(made.tensors, 'tensor')}, {made.numbers:,} numbers"
    if made.backbone:
        name = f"{made.architecture}, " if made.architecture else ""
        tell(f"{printable(out)} is a backbone by its folder's name ({name}{what}).")
    else:
        weights = printable(made.weights)
        tell(f"{weights}: {what}. Name it behind its architecture, as ViT-B-32:{weights}.")
