"""Images by how near they are to a text or to an image: cosines of the features of the frozen towers.

Image features are those that a run has cached; others are computed where that is asked for. Importing this loads no
torch.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.errors import DataError, InputError
from mmap_studio.formatting import counted, some
from mmap_studio.session.explore.selection import ImageRef, Place

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.session.cache.cache import Cached

LONGEST = 1000
"""Letters of a text."""


@dataclass(frozen=True)
class Found:
    """How near images are to what was asked for."""

    asked: str
    """As a user would say it: “a red car”, or like an image."""
    scores: Mapping[Place, np.ndarray] = field(default_factory=dict)
    """Of every task and split that was searched float32 (N,): cosines, in [-1, 1]."""
    without: tuple[Place, ...] = ()
    """Tasks and splits whose images have no features yet."""

    def __len__(self) -> int:
        return sum(len(scores) for scores in self.scores.values())

    def score(self, image: ImageRef) -> float | None:
        """Of one image; None where it was not searched."""
        scores = self.scores.get((image.task, image.split))
        return None if scores is None or image.index >= len(scores) else float(scores[image.index])

    def ranked(self, top: int | None = None) -> list[tuple[ImageRef, float]]:
        """The nearest images and their cosines, nearest first; of equal ones the first of the first task."""
        images = [(place, row) for place, scores in self.scores.items() for row in range(len(scores))]
        scores = np.concatenate([np.zeros(0, np.float32), *self.scores.values()])
        order = np.argsort(-scores, kind="stable")[:top]
        named = ((*images[k][0], images[k][1], float(scores[k])) for k in order)
        return [(ImageRef(task, split, row), score) for task, split, row, score in named]


def search_text(
    clip: "FrozenClip", cached: "Cached", tasks: "Sequence[TaskSpec]", splits: Sequence[str], text: str,
    make: bool = False, told: Callable[[str], object] = lambda sentence: None,
) -> Found:  # fmt: skip
    """Images by how near they are to a text, which the text tower reads as it stands.

    make : compute features that are not cached   told : hears what takes time
    InputError for a text that is none or is too long for the tower, and where no image has features.
    """
    words = " ".join(text.split())
    if not words or len(words) > LONGEST:
        wanted = f"words, at most {LONGEST} letters of them"
        raise InputError(
            f"A search must be for {wanted}. Got {counted(len(words), 'letter')} instead; change the text."
        )
    clip = _apart(clip)
    room, tokens = clip.context_length - clip.token_count(""), len(clip.token_ids(words))
    if tokens > room:
        raise InputError(
            f"A search must be for a text of at most {counted(room, 'token')}. Got {tokens} instead; shorten it."
        )
    from mmap_studio.method.evaluation import class_text_features

    features = dict(_features(clip, cached, tasks, splits, make, told))
    return _found(f"“{words}”", features, lambda: class_text_features(clip, [words])[0])


def search_like(
    clip: "FrozenClip", cached: "Cached", tasks: "Sequence[TaskSpec]", splits: Sequence[str], image: "ImageRef | Path",
    make: bool = False, told: Callable[[str], object] = lambda sentence: None,
) -> Found:  # fmt: skip
    """Images by how near they are to an image: one of these tasks, or a file.

    Parameters as of `search_text`. InputError where no image has features, or the one asked for has none; DataError
    for a file that cannot be read.
    """
    clip = _apart(clip)
    if isinstance(image, Path):
        pixels = _read(clip, image)
        features = dict(_features(clip, cached, tasks, splits, make, told))
        return _found(f"like {image.name}", features, lambda: _encoded(clip, pixels))
    task = next(one for one in tasks if one.name == image.task)
    title = f"like {task.class_names[int(task.split(image.split).labels[image.index])]} of {task.name}"
    features = dict(_features(clip, cached, tasks, dict.fromkeys((*splits, image.split)), make, told))
    own = features.get((image.task, image.split))
    if own is None:
        pixels = task.split(image.split).pixels([image.index])[0]
        return _found(title, features, lambda: _encoded(clip, pixels))
    shown = {place: found for place, found in features.items() if place[1] in splits}
    return _found(title, shown, lambda: own[image.index])


def _features(
    clip: "FrozenClip", cached: "Cached", tasks: "Sequence[TaskSpec]", splits: Sequence[str] | Mapping[str, None],
    make: bool, told: Callable[[str], object],
) -> Iterator[tuple[Place, np.ndarray | None]]:  # fmt: skip
    """Unit features (N, d) of every task and split with images, None where there are none."""
    from mmap_studio.session.cache.digests import features_digest
    from mmap_studio.session.run.unprompted_features import unprompted_features

    for split in splits:
        for task in tasks:
            images = task.split(split)
            if not len(images):
                continue
            there = cached.store.has("embeddings", features_digest(clip, images))
            if make and not there:
                told(f"Encoding the {len(images):,} {split} images of {task.name}.")
            yield (task.name, split), unprompted_features(cached, clip, images) if there or make else None


def _found(asked: str, features: Mapping[Place, np.ndarray | None], query: Callable[[], np.ndarray | None]) -> Found:
    known = {place: rows for place, rows in features.items() if rows is not None}
    without = tuple(place for place, rows in features.items() if rows is None)
    if not known:
        if not features:
            raise InputError("There are no images to search; choose another split or add tasks.")
        which = some(list(dict.fromkeys(task for task, _ in without)))
        splits = " and ".join(dict.fromkeys(split for _, split in without))
        raise InputError(
            f"The {splits} images of {which} have no features yet, so they cannot be searched; run the project, or "
            "`mmap-studio search`, which makes them."
        )
    wanted = query()
    if wanted is None:
        raise InputError("The image has no features yet; run the project first.")
    return Found(asked, {place: rows @ wanted for place, rows in known.items()}, without)


def _apart(clip: "FrozenClip") -> "FrozenClip":
    """The same towers, for a thread beside one that trains with them: nothing stops, compiles or recomputes here."""
    mine = copy.copy(clip)
    mine.watch = lambda: None
    mine.recompute = mine.compiling = False
    mine.compiler = None
    return mine


def _read(clip: "FrozenClip", file: Path) -> np.ndarray:
    from mmap_studio.data.images.decode import decode_many

    ((_, one),) = decode_many([(0, file)], clip.geometry)
    if not isinstance(one, np.ndarray):
        raise DataError(f"{file} cannot be read: {one.reason}; take another image.")
    return one


def _encoded(clip: "FrozenClip", pixels: np.ndarray) -> np.ndarray:
    from mmap_studio.method.evaluation import encode_pixels

    found: np.ndarray = encode_pixels(clip, pixels[None].copy()).cpu().numpy()[0]
    return found
