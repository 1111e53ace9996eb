"""The files of a domain as columns: a million of them take some 70 MB, and a digest of all is one pass over bytes."""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, overload

import numpy as np

from mmap_studio.method.task import SPLITS

GIVEN: tuple[str | None, ...] = (None, *SPLITS)
"""What a folder or a list says of an image's part; kept as the index into this."""
CHUNK = 4096
"""Paths made into text at a time."""
_END = b"\0"
"""After every path; no file system allows it in a name."""


class ImageFile(NamedTuple):
    path: str
    """Relative to its domain's root, parts joined by `/`."""
    class_index: int
    """Into `Domain.classes`."""
    size: int
    """Bytes."""
    stamp: int
    """What changes when the content does: the modification time in ns; for a member, `Member.stamp`."""
    given_split: str | None = None
    """train, val or test where folders or lists say so."""


class FileTable(Sequence[ImageFile]):
    """`ImageFile`s in columns; a row is made when it is asked for. Make one with `of`."""

    def __init__(
        self, names: bytes, ends: np.ndarray, classes: np.ndarray, sizes: np.ndarray, stamps: np.ndarray,
        splits: np.ndarray,
    ) -> None:  # fmt: skip
        self.names, self.ends = names, ends
        self.classes, self.sizes, self.stamps, self.splits = classes, sizes, stamps, splits

    @classmethod
    def of(cls, files: Iterable[ImageFile]) -> "FileTable":
        """From rows in this order; they need not be in memory at once."""
        names, ends = bytearray(), array("q")
        classes, sizes, stamps, splits = array("i"), array("q"), array("q"), array("b")
        code = {part: index for index, part in enumerate(GIVEN)}
        for file in files:
            names += file.path.encode() + _END
            ends.append(len(names))
            classes.append(file.class_index)
            sizes.append(file.size)
            stamps.append((file.stamp + 2**63) % 2**64 - 2**63)  # some file systems take times beyond 64 bits
            splits.append(code[file.given_split])
        return cls(bytes(names), *(_column(one) for one in (ends, classes, sizes, stamps, splits)))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> ImageFile: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageFile]: ...
    def __getitem__(self, index: int | slice) -> ImageFile | list[ImageFile]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return ImageFile(
            self.path(index), int(self.classes[index]), int(self.sizes[index]), int(self.stamps[index]),
            GIVEN[self.splits[index]],
        )  # fmt: skip

    def path(self, index: int) -> str:
        row = range(len(self))[index]  # IndexError, and rows counted from the end
        start = int(self.ends[row - 1]) if row else 0
        return self.names[start : int(self.ends[row]) - 1].decode()

    def paths(self) -> Iterator[str]:
        """All paths in order, some thousand at a time in memory."""
        start = 0
        for last in range(min(CHUNK, len(self)) - 1, len(self), CHUNK):
            yield from self.names[start : int(self.ends[last]) - 1].decode().split("\0")
            start = int(self.ends[last])
        if start < len(self.names):
            yield from self.names[start:-1].decode().split("\0")

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of everything in the table."""
        digest = hashlib.sha256(self.names)
        for column in (self.ends, self.classes, self.sizes, self.stamps, self.splits):
            digest.update(np.ascontiguousarray(column, column.dtype.newbyteorder("<")).data)
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileTable) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def as_arrays(self) -> dict[str, np.ndarray]:
        names = {"names": np.frombuffer(self.names, np.uint8), "ends": self.ends, "classes": self.classes}
        return names | {"sizes": self.sizes, "stamps": self.stamps, "splits": self.splits}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "FileTable":
        """Back from `as_arrays`; LookupError or ValueError for columns that do not fit together."""
        columns = [arrays[name] for name in ("ends", "classes", "sizes", "stamps", "splits")]
        names, ends, splits = arrays["names"].tobytes(), columns[0], columns[-1]
        if any(one.ndim != 1 or one.dtype.kind != "i" or len(one) != len(ends) for one in columns):
            raise ValueError("columns of several lengths or types")
        found = np.flatnonzero(np.frombuffer(names, np.uint8) == _END[0]) + 1
        if not np.array_equal(found, ends) or (len(ends) and ends[-1] != len(names)) or (names and not len(ends)):
            raise ValueError("paths that do not end where they say")
        if len(ends) and not 0 <= splits.min() <= splits.max() < len(GIVEN):
            raise ValueError("parts that there are none of")
        names.decode()
        return cls(names, *columns)


def _column(values: "array[int]") -> np.ndarray:
    column = np.frombuffer(values, values.typecode) if len(values) else np.zeros(0, values.typecode)
    column.setflags(write=False)
    return column
