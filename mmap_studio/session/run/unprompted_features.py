"""Unprompted image features, computed once an image: a changed set of images only costs what is new in it."""

import numpy as np

from mmap_studio.data.images.image_sets import Subset
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import image_features
from mmap_studio.method.task import ImageSet
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.digests import features_digest, place_digest
from mmap_studio.session.dataset.pixels import DecodedImages

REMEMBERED = 12
"""Sets of one domain whose features are looked through for images of a new one."""


def unprompted_features(cached: Cached, clip: FrozenClip, images: ImageSet) -> np.ndarray:
    """Unit features float32 (N, d).

    Of a domain's images only those are encoded that no earlier set of it had; features of an image may then differ
    in their last bits from those of one pass over all, because it was in another batch.
    """
    digest = features_digest(clip, images)
    if not isinstance(images, DecodedImages):
        return cached.array("embeddings", digest, lambda: image_features(clip, images))
    found = cached.get("embeddings", digest)
    if found is not None:
        return found[0]["values"]
    place = place_digest(clip, images.place)
    earlier = _earlier(cached, place)
    values = _completed(cached, clip, images, earlier)
    cached.put("embeddings", digest, {"values": values, "hashes": images.hashes}, {})
    kept = [digest, *(one for one in earlier if one != digest)][:REMEMBERED]
    cached.put("embeddings", place, {}, {"sets": kept})
    return values


def _earlier(cached: Cached, place: str) -> list[str]:
    """Names of the features of earlier sets of a domain, the newest first."""
    found = cached.get("embeddings", place)
    return [] if found is None else list(found[1]["sets"])


def _completed(cached: Cached, clip: FrozenClip, images: DecodedImages, earlier: list[str]) -> np.ndarray:
    values = np.zeros((len(images), clip.embed_width), np.float32)
    missing = np.ones(len(images), bool)
    for digest in earlier:
        if not missing.any():
            break
        found = cached.get("embeddings", digest)
        if found is not None:
            rows, there = _matched(images.hashes, missing, found[0]["hashes"])
            values[rows] = found[0]["values"][there]
            missing[rows] = False
    new = np.flatnonzero(missing)
    if len(new):
        values[new] = image_features(clip, Subset(images, new))
    return values


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
