"""A frozen open_clip model that can be prompted. Only this package touches open_clip's internals."""

from mmap_studio.method.clip.frozen import FrozenClip

__all__ = ["FrozenClip"]
