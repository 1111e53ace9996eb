"""Unprompted image features, computed once an image: a changed set of images only costs what is new in it."""

from collections import deque
from typing import Annotated

import numpy as np
from pydantic import Field

from mmap_studio.data.images.image_sets import Subset
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import image_features
from mmap_studio.method.task import ImageSet, Part
from mmap_studio.session.cache.cache import Arrays, Cached, checked_array
from mmap_studio.session.cache.digests import features_digest, place_digest
from mmap_studio.session.cache.turn import Turn
from mmap_studio.session.dataset.pixel_index import HASH
from mmap_studio.session.dataset.pixels import DecodedImages
from mmap_studio.storage.documents import Document

REMEMBERED = 12
"""Sets of one domain whose features are looked through for images of a new one."""


class Sets(Document):
    """The meta of a domain: the names of the features of its earlier sets."""

    sets: Annotated[list[Annotated[str, Field(pattern="^[0-9a-f]{8,64}$")]], Field(max_length=100)]


def unprompted_features(cached: Cached, clip: FrozenClip, images: ImageSet) -> np.ndarray:
    """Unit features float32 (N, d); of a `Part` rows of those of the whole.

    Of a domain's images only those are encoded that no earlier set of it had; features of an image may then differ
    in their last bits from those of one pass over all, because it was in another batch.
    """
    if isinstance(images, Part):
        of_whole: np.ndarray = unprompted_features(cached, clip, images.whole)[images.rows]
        return of_whole
    digest, shape = features_digest(clip, images), (len(images), clip.embed_width)
    if not isinstance(images, DecodedImages):
        return cached.array("embeddings", digest, shape, lambda: image_features(clip, images))
    found = cached.read("embeddings", digest, lambda arrays, _: checked_array(arrays, "values", "f4", shape))
    if found is not None:
        return found
    place = place_digest(clip, images.place)
    with Turn(cached.store, "embeddings", place) as turn:  # a domain's, since sets of it have images in common
        deque(turn.wait("The encoding of images", clip.watch), maxlen=0)
        found = cached.read("embeddings", digest, lambda arrays, _: checked_array(arrays, "values", "f4", shape))
        if found is not None:
            return found
        earlier = _earlier(cached, place)
        values = _completed(cached, clip, images, earlier)
        cached.put("embeddings", digest, {"values": values, "hashes": images.hashes}, {})
        kept = [digest, *(one for one in earlier if one != digest)][:REMEMBERED]
        cached.put("embeddings", place, {}, {"sets": kept})
    return values


def _earlier(cached: Cached, place: str) -> list[str]:
    """Names of the features of earlier sets of a domain, the newest first."""
    return cached.read("embeddings", place, lambda _, meta: Sets.model_validate(meta).sets) or []


def _completed(cached: Cached, clip: FrozenClip, images: DecodedImages, earlier: list[str]) -> np.ndarray:
    values = np.zeros((len(images), clip.embed_width), np.float32)
    missing = np.ones(len(images), bool)
    for digest in earlier:
        if not missing.any():
            break
        found = cached.read("embeddings", digest, lambda arrays, _: _of_earlier(arrays, values.shape[1]))
        if found is not None:
            rows, there = _matched(images.hashes, missing, found[1])
            values[rows] = found[0][there]
            missing[rows] = False
    new = np.flatnonzero(missing)
    if len(new):
        values[new] = image_features(clip, Subset(images, new))
    return values


def _of_earlier(arrays: Arrays, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of an earlier set, and the hashes of its images."""
    values = checked_array(arrays, "values", "f4", (None, width))
    return values, checked_array(arrays, "hashes", "u1", (len(values), HASH))


def _matched(hashes: np.ndarray, missing: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are missing, and where the same images are among the known; hashes uint8 (N, 32)."""
    rows = np.flatnonzero(missing)
    if not len(known):
        return rows[:0], rows[:0]
    wanted, there = (np.ascontiguousarray(h).view(f"S{h.shape[1]}").ravel() for h in (hashes[rows], known))
    order = np.argsort(there, kind="stable")
    at = np.minimum(np.searchsorted(there, wanted, sorter=order), len(there) - 1)
    same = there[order[at]] == wanted
    return rows[same], order[at[same]]
