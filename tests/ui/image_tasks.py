"""Tasks small enough to think about: images of one colour, and what a method said of them."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from mmap_studio.method.task import TaskSpec

CLASSES = ("fox", "cat", "dog")
N = 9
SIZE = 8


@dataclass(frozen=True)
class Plain:
    """Image k is grey of value k; its class is k % 3."""

    n: int = N
    digest: str = "plain"

    @property
    def labels(self) -> np.ndarray:
        return np.arange(self.n) % len(CLASSES)

    def __len__(self) -> int:
        return self.n

    def pixels(self, indices) -> np.ndarray:
        return np.stack([np.full((SIZE, SIZE, 3), int(k) % 256, dtype=np.uint8) for k in indices])


def task(name: str, n: int = N) -> TaskSpec:
    return TaskSpec(name, CLASSES, Plain(n), Plain(3), Plain(n))


def evaluation(wrong: tuple[int, ...] = (), n: int = N) -> SimpleNamespace:
    """Images in `wrong` are taken for the next class; image k is sure by (k + 1) / 10."""
    labels = np.arange(n) % len(CLASSES)
    said = np.where(np.isin(np.arange(n), wrong), (labels + 1) % len(CLASSES), labels)
    counts = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(counts, (labels, said), 1)
    right = float((said == labels).mean())
    return SimpleNamespace(
        accuracy=right, macro_f1=right, ece=0.1, confusion=counts, predictions=said, n=n,
        confidence=((np.arange(n) % 10 + 1) / 10).astype(np.float32),
    )  # fmt: skip
