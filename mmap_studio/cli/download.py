"""`download`: the weights of a backbone from the Hugging Face hub."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, percent, say, tell, tell_json
from mmap_studio.formatting import size

if TYPE_CHECKING:
    from mmap_studio.session.download.transfer import Downloading

STEP = 0.05
"""Share of a download after which a line says how far it is, where there is no terminal."""


def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as ViT-B-16:openai; see `mmap-studio backbones`.")],
    json: options.Json = False,
) -> None:
    """Download the weights of a backbone from the Hugging Face hub.

    Ctrl+C stops at once; the next call continues from there. Weights that are installed are not downloaded again.
    """
    from mmap_studio.session.backbones.catalogue import find_weights
    from mmap_studio.session.backbones.download import download as fetch
    from mmap_studio.session.download.transfer import Downloaded

    one = find_weights(name)
    if one is None:
        raise UsageError(f"`download` takes a pretrained backbone such as ViT-B-16:openai. Got {name!r} instead.")
    shown = DownloadLine()
    for event in fetch(one):
        if isinstance(event, Downloaded):
            shown.close()
            if json:
                tell_json({"format": 1, "name": event.name, "path": str(event.path), "licence": one.licence})
            else:
                tell(f"{event.name} is at {event.path} (licence: {one.licence}).")
        else:
            shown.hear(event)


class DownloadLine:
    """How far the download is: one line that is rewritten on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = -1.0

    def hear(self, event: "Downloading") -> None:
        """Say it, unless it was said already."""
        share = event.received / event.size if event.size else 0.0
        text = f"{event.name} from {event.host}: {size(event.received)} of {size(event.size)}, {percent(share, 0)}"
        if self._terminal:
            typer.echo(f"\r{text}\x1b[K", err=True, nl=False)
        elif event.size and (share >= self._said + STEP or share == 1 != self._said):
            self._said = share
            say(text)

    def close(self) -> None:
        if self._terminal:
            typer.echo(err=True)
