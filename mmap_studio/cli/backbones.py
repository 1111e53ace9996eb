"""`backbones` lists what could be chosen, `download` fetches one."""

import sys
from typing import Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, say, table, tell, tell_json
from mmap_studio.formatting import number, percent, short_count, size

STEP = 0.05
"""Share of a download after which a line says how far it is, where there is no terminal."""


def backbones(
    every: Annotated[bool, typer.Option("--all", help="Also those that cannot be prompted, and why.")] = False,
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
    rows = [["name", "licence", "here", "parameters", "image", "file", "memory", "s/step"]]
    rows += [_row(one) for one in found]
    tell(table(rows, left=3))
    tell(f"\nMemory and seconds are estimates for a step of {WORKLOAD}, in float32 on this CPU.")
    tell("~: what the parameters take in float32, as files of the hub mostly are; a download says its size first.")
    tell("Fetch one with `mmap-studio download NAME`, or use a file: ViT-B-16:weights.safetensors")
    tell("\nThese cannot be prompted:" if every else "\nRefused for their tokens (--all lists every one that is):")
    tell(table([[name, f"refused: {why}"] for name, why in unsupported(every).items()], left=2))


def _row(one: Any) -> list[str]:
    about, weights = one.architecture, one.pretrained
    here = "yes" if one.installed else "no" if weights else "none known"
    return [
        one.name, one.licence or "-", here,
        short_count(about.parameters), str(about.image_size), _file(one),
        size(one.estimate.memory_bytes), _seconds(one.estimate.seconds),
    ]  # fmt: skip


def _file(one: Any) -> str:
    """The size of the weights' file; with a ~ where only the parameters say it."""
    return "-" if one.file_bytes is None else f"{'' if one.installed else '~'}{size(one.file_bytes)}"


def _seconds(seconds: float | None) -> str:
    return number(seconds, 2) if seconds else "-"


def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as ViT-B-16:openai; see `mmap-studio backbones`.")],
    json: options.Json = False,
) -> None:
    """Fetch the weights of a backbone from the Hugging Face hub.

    Ctrl+C stops at once; the next time goes on from there. What is here already is not fetched.
    """
    from mmap_studio.session.backbones.catalogue import find_weights
    from mmap_studio.session.backbones.download import Downloaded
    from mmap_studio.session.backbones.download import download as fetch

    one = find_weights(name)
    if one is None:
        raise UsageError(f"`download` takes a pretrained backbone such as ViT-B-16:openai. Got {name!r} instead.")
    shown = Shown()
    for event in fetch(one):
        if isinstance(event, Downloaded):
            shown.close()
            if json:
                tell_json({"format": 1, "name": event.name, "path": str(event.path), "licence": one.licence})
            else:
                tell(f"{event.name} is at {event.path} (licence: {one.licence}).")
        else:
            shown.hear(event)


class Shown:
    """How far it is: a line that is written over on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = -1.0

    def hear(self, event: Any) -> None:
        """Say it, unless it was said already."""
        share = event.received / event.size if event.size else 0.0
        text = f"{event.name} from {event.host}: {size(event.received)} of {size(event.size)}, {percent(share, 0)}"
        if self._terminal:
            typer.echo(f"\r{text}\x1b[K", err=True, nl=False)
        elif event.size and (share >= self._said + STEP or share == 1 != self._said):
            self._said = share
            say(text)

    def close(self) -> None:
        """The line is finished."""
        if self._terminal:
            typer.echo(err=True)
