"""`backbones`: the backbones that can be prompted, and why others cannot."""

from typing import Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import table, tell, tell_json
from mmap_studio.formatting import number, short_count, size


def backbones(
    every: Annotated[bool, typer.Option("--all", help="Also list those that cannot be prompted, and why.")] = False,
    json: options.Json = False,
) -> None:
    """List the backbones that can be prompted."""
    from mmap_studio.session.backbones.architectures import unsupported
    from mmap_studio.session.backbones.catalogue import WORKLOAD, as_json, catalogue
    from mmap_studio.session.estimates.flops import cpu_speed
    from mmap_studio.session.runtime.cores import cores

    found = catalogue(cpu_speed(cores()))
    if json:
        listed = [as_json(one) for one in found]
        tell_json({"format": 1, "workload": WORKLOAD, "backbones": listed, "refused": unsupported(every)})
        return
    rows = [["name", "licence", "installed", "parameters", "image", "file", "memory", "s/step"]]
    rows += [_row(one) for one in found]
    tell(table(rows, left=3))
    tell(f"\nMemory and seconds are estimates for a step of {WORKLOAD}, in float32 on this CPU.")
    tell("~: estimated from the parameters, in float32; `download` says the size of the file first.")
    tell("Download one with `mmap-studio download NAME`, or use a file: ViT-B-16:weights.safetensors")
    others = "Not supported because of their tokenizer (--all lists all that cannot be prompted):"
    tell(f"\n{'These cannot be prompted:' if every else others}")
    tell(table([[name, why] for name, why in unsupported(every).items()], left=2))


def _row(one: Any) -> list[str]:
    about, weights = one.architecture, one.pretrained
    here = "yes" if one.installed else "no" if weights else "none known"
    return [
        one.name, one.licence or "-", here,
        short_count(about.parameters), str(about.image_size), _file(one),
        size(one.estimate.memory_bytes), number(one.estimate.seconds, 2) if one.estimate.seconds else "-",
    ]  # fmt: skip


def _file(one: Any) -> str:
    return "-" if one.file_bytes is None else f"{'' if one.installed else '~'}{size(one.file_bytes)}"
