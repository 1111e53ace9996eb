"""What a generator returns beside what it yields: a walk over reports that ends in a result."""

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Y = TypeVar("Y")
R = TypeVar("R")


class Returning(Generic[Y, R]):
    """Iterates over a generator; `value` is what it returned, once it has ended."""

    value: R

    def __init__(self, generator: Generator[Y, None, R]) -> None:
        self._generator = generator

    def __iter__(self) -> Iterator[Y]:
        self.value = yield from self._generator


def result(generator: Generator[object, None, R]) -> R:
    """What the generator returns; what it yields is left aside."""
    walk = Returning(generator)
    for _ in walk:
        pass
    return walk.value
