"""Image files of equal bytes, found without opening an image: by size, then by their beginning, then whole.

Of many files some have the same size by chance, so the beginnings of these are read; whole only those few that agree
there. What would take long (more than `MOST` files of a size that others have, or large archives) is left to the first
run, which decodes every image and knows then which are equal.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmap_studio.data.domains import Domain
from mmap_studio.data.images.sources import sources
from mmap_studio.errors import StudioError
from mmap_studio.storage.opener import ANY_SIZE, opened

MOST = 50_000
"""Files whose beginnings are read."""
PACKED = 2**28
"""Bytes of the images of a domain in archives, below which they are read."""
BEGINNING = 4096
"""Bytes."""
CHUNK = 2**20


def equal_files(domains: Sequence[Domain]) -> list[dict[int, bytes]]:
    """Per domain, row -> sha256, of the files that may be equal to another; none where that would take long."""
    looked = [not domain.packed or int(domain.files.sizes.sum()) <= PACKED for domain in domains]
    every = [domain.files.sizes for domain, looks in zip(domains, looked, strict=True) if looks]
    sizes, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *every]), return_counts=True)
    shared = sizes[(counts > 1) & (sizes > 0)]
    rows = [np.flatnonzero(np.isin(domain.files.sizes, shared)) if looks else np.zeros(0, np.int64)
            for domain, looks in zip(domains, looked, strict=True)]  # fmt: skip
    if sum(map(len, rows)) > MOST:
        return [{} for _ in domains]
    found: list[dict[int, bytes]] = [{} for _ in domains]
    alike: dict[bytes, list[tuple[int, int, Path]]] = defaultdict(list)
    for number, (domain, own) in enumerate(zip(domains, rows, strict=True)):
        for row, source in sources(domain, own.tolist()):
            if isinstance(source, bytes):
                found[number][row] = hashlib.sha256(source).digest()
            elif isinstance(source, Path) and (start := _digest(source, BEGINNING)):
                alike[start].append((number, row, source))
    packed = any(map(len, found))
    for same in alike.values():
        for number, row, path in same if len(same) > 1 or packed else ():
            if whole := _digest(path):
                found[number][row] = whole
    seen = Counter(digest for own in found for digest in own.values())
    return [{row: digest for row, digest in own.items() if seen[digest] > 1} for own in found]


def equal_pixels(hashes: Sequence[np.ndarray], unreadable: Sequence[Sequence[int]]) -> list[dict[int, bytes]]:
    """Per task, row -> hash, of the images whose pixels are equal to another's.

    hashes : per task uint8 (N, 32), of the pixels   unreadable : per task the rows that have none
    """
    found: list[dict[int, bytes]] = []
    keys = [np.ascontiguousarray(own).view(f"V{own.shape[1]}").ravel() for own in hashes]
    if not keys:
        return []
    _, place, counts = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    start = 0
    for own, bad in zip(hashes, unreadable, strict=True):
        mine = np.flatnonzero(counts[place[start : start + len(own)]] > 1)
        found.append({int(row): own[row].tobytes() for row in np.setdiff1d(mine, np.array(bad, np.int64))})
        start += len(own)
    return found


def _digest(path: Path, most: int = 0) -> bytes | None:
    """sha256 of a file, or of its beginning; None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with opened(path, ANY_SIZE) as (file, _):
            if most:
                digest.update(file.read(most))
                return digest.digest()
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except (StudioError, OSError):
        return None
    return digest.digest()
