"""The names of backbones that a person can choose from, and their check; loads no torch."""

from mmap_studio.session.naming import STARTER, absolute

__all__ = ["absolute", "names"]


def names() -> list[str]:
    """The starter, then every pretrained tag of an architecture that can be prompted, by size."""
    from mmap_studio.session.architectures import architectures
    from mmap_studio.session.shipped import tags

    known = tags()
    return [STARTER, *(f"{one.name}:{tag}" for one in architectures() for tag in known.get(one.name, ()))]
