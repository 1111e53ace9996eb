"""A task: one classification problem over the images of one domain.

`method` asks two things of images: their labels, and a batch of pixels by index. Where the pixels come from
(memory, a cache, a folder) is `data`'s and `session`'s business, so `ImageSet` is a protocol.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

SPLITS = ("train", "val", "test")
RESIZE_MODES = ("shortest", "longest", "squash")
INTERPOLATIONS = ("bicubic", "bilinear", "random")
RESAMPLINGS = ("exact", "fast")


@dataclass(frozen=True)
class Geometry:
    """How an image of any size becomes the square that a backbone was trained on; open_clip's names and defaults.

    Raises ValueError for a mode, an interpolation or a colour that is none.
    """

    size: int
    """Edge S of the square, pixels."""
    resize_mode: str = "shortest"
    """shortest: the shorter side to S, the rest cropped; longest: the longer side, the rest filled; squash: both."""
    interpolation: str = "bicubic"
    """"random" is for open_clip's training and bicubic here."""
    fill_color: int | tuple[int, ...] = 0
    """What "longest" fills with, 0 to 255."""
    resampling: str = "exact"
    """exact: bit for bit open_clip's own; fast: a few grey levels off, in less than half the time."""

    def __post_init__(self) -> None:
        for key, known in (
            ("resize_mode", RESIZE_MODES), ("interpolation", INTERPOLATIONS), ("resampling", RESAMPLINGS),
        ):  # fmt: skip
            if getattr(self, key) not in known:
                raise ValueError(f"{key} must be one of {', '.join(known)}. Got {getattr(self, key)!r} instead.")
        colours = self.fill_color if isinstance(self.fill_color, tuple) else (self.fill_color,) * 3
        if len(colours) != 3 or not all(type(one) is int and 0 <= one <= 255 for one in colours):
            raise ValueError(
                f"fill_color must be a whole number from 0 to 255, or three of them. Got {self.fill_color!r} instead."
            )

    def unusual(self) -> dict[str, Any]:
        """What is not open_clip's default, size aside: what a digest needs beside the size."""
        usual = Geometry(self.size)
        names = ("resize_mode", "interpolation", "fill_color", "resampling")
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(usual, name)}


@runtime_checkable
class ImageSet(Protocol):
    """Labelled images at the backbone's size, read by index."""

    @property
    def labels(self) -> np.ndarray:
        """int64 (N,): class index of every image."""

    @property
    def digest(self) -> str:
        """Hex digest of pixels and labels: two sets with the same digest train the same prompts."""

    def __len__(self) -> int: ...

    def pixels(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """uint8 (B, S, S, 3): RGB pixels of these images, in this order."""


@dataclass(frozen=True)
class Part:
    """Some images of a set, such as the rest of a fold, or those of some classes."""

    whole: ImageSet
    rows: np.ndarray
    """int64 (N,)"""

    @property
    def labels(self) -> np.ndarray:
        found: np.ndarray = self.whole.labels[self.rows]
        return found

    @property
    def digest(self) -> str:
        """Of a fold there is none, as nothing of it is kept."""
        raise NotImplementedError("A part of a set has no digest.")

    def __len__(self) -> int:
        return len(self.rows)

    def pixels(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        found: np.ndarray = self.whole.pixels(self.rows[np.asarray(indices, dtype=np.int64)])
        return found


@dataclass(frozen=True)
class TaskSpec:
    """One task: a name, its classes as CLIP reads them, its images in three splits."""

    name: str
    class_names: tuple[str, ...]
    train: ImageSet
    val: ImageSet
    test: ImageSet
    template: str = "a photo of a {}."
    """Text around a class name; `{}` is replaced by it."""
    ensemble: tuple[str, ...] = ()
    """Templates averaged for the zero-shot ensemble; none: `evaluation.ENSEMBLE`."""
    raw_names: tuple[tuple[str, ...], ...] = ()
    """For every class the names it has in the data, several where classes are merged; none: its own name."""

    def split(self, name: str) -> ImageSet:
        """The images of one of `SPLITS`."""
        if name not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}. Got {name!r} instead.")
        images: ImageSet = getattr(self, name)
        return images

    def texts(self, template: str | None = None) -> tuple[str, ...]:
        """What the text tower reads, one sentence a class."""
        return tuple((template or self.template).replace("{}", name) for name in self.class_names)
