"""The names of backbones that a user can choose from, and their check; loads no torch."""

from mmap_studio.session.backbones.resolve import STARTER, absolute

__all__ = ["absolute", "names"]


def names() -> list[str]:
    """The starter, then every pretrained tag of an architecture that can be prompted, by size."""
    from mmap_studio.session.backbones.pretrained import all_pretrained

    return [STARTER, *(one.name for one in all_pretrained())]
