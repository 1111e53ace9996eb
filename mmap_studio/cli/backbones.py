"""`backbones`: the backbones, and which prompts each takes."""

from typing import Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import table, tell, tell_json
from mmap_studio.formatting import number, short_count, size


def backbones(
    every: Annotated[
        bool, typer.Option("--all", help="Also say why a backbone takes no image or text prompts.")
    ] = False,
    json: options.Json = False,
) -> None:
    """List the backbones, and which prompts each takes."""
    from mmap_studio.session.backbones.architectures import architectures, unsupported
    from mmap_studio.session.backbones.catalogue import WORKLOAD, as_json, catalogue
    from mmap_studio.session.estimates.flops import cpu_speed
    from mmap_studio.session.runtime.cores import cores

    found = catalogue(cpu_speed(cores()))
    if json:
        listed = [as_json(one) for one in found]
        tell_json({"format": 1, "workload": WORKLOAD, "backbones": listed, "refused": unsupported()})
        return
    rows = [["name", "licence", "installed", "prompts", "parameters", "image", "file", "memory", "s/step"]]
    rows += [_row(one) for one in found]
    tell(table(rows, left=4))
    tell(f"\nMemory and seconds are estimates for a step of {WORKLOAD}, in float32 on this CPU.")
    tell("~: estimated from the parameters, in float32; `download` says the size of the file first.")
    tell("Download one with `mmap-studio download NAME`, or use a file: ViT-B-16:weights.safetensors")
    tell(
        "Where a tower takes no prompts, all else works: zero-shot, probes, heads, the map. --all says why it does not."
    )
    if every:
        tell("\nThese do not take prompts in both towers:")
        tell(table([[one.name, one.capability.why] for one in architectures() if one.capability.why], left=2))
    if refused := unsupported():
        tell("\nThese cannot be loaded:")
        tell(table([[name, why] for name, why in refused.items()], left=2))


def _row(one: Any) -> list[str]:
    about, weights = one.architecture, one.pretrained
    here = "yes" if one.installed else "no" if weights else "none known"
    return [
        one.name, one.licence or "-", here, about.capability.prompts,
        short_count(about.parameters), str(about.image_size), _file(one),
        size(one.estimate.memory_bytes), number(one.estimate.seconds, 2) if one.estimate.seconds else "-",
    ]  # fmt: skip


def _file(one: Any) -> str:
    return "-" if one.file_bytes is None else f"{'' if one.installed else '~'}{size(one.file_bytes)}"
