"""Check of backbones: which weights are here."""

from collections.abc import Iterator

from mmap_studio.resources import resource
from mmap_studio.session.backbones.pretrained import all_pretrained, installed
from mmap_studio.session.doctor.finding import Finding


def weights() -> Iterator[Finding]:
    """The starter's weights, which ship with the studio, and those that were downloaded."""
    starter = resource("starter") / "backbone.safetensors"
    if not starter.is_file():
        yield Finding("backbones", "problem", "The starter's weights are not there.", "install the studio again")
    found = [one.name for one in all_pretrained() if installed(one)]
    here = ["starter"] * starter.is_file() + found
    yield Finding("backbones", "ok", f"Weights that are here: {', '.join(here) or 'none'}.",
                  "" if found else "`mmap-studio backbones` lists others that can be downloaded")  # fmt: skip
