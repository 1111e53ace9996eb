"""An array that stays in its file and is read row by row, each as it was when the whole file was checked.

A file that is mapped into memory can be cut off or overwritten while it is: the process then dies by a signal, or
computes with other numbers and says nothing. So rows are read by the system's ordinary call, and compared.
"""

import os
import weakref
import zlib
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from mmap_studio.errors import CorruptError
from mmap_studio.storage.opener import open_regular
from mmap_studio.storage.os_errors import refusing

_SEEKING = Lock()
"""Held between going to a place in a file and reading there, where that takes two calls."""


class FileArray:
    """The rows of an array in a file; `array[rows]` is a numpy array of one's own.

    path, within : as of `opener.opened`   dtype, shape, offset : where its bytes are
    data : the file's bytes, which have been checked; not kept

    Reading raises CorruptError for a row that is no longer what it was. A file that is renamed over or deleted
    meanwhile stays as it was: it is kept open.
    """

    def __init__(
        self, path: Path, within: Path | None, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int, data: bytes
    ) -> None:
        self.path, self.dtype, self.shape, self._offset = path, dtype, shape, offset
        self._row = dtype.itemsize * int(np.prod(shape[1:]))
        view = memoryview(data)[offset : offset + self._row * len(self)]
        self._digests = [self._digest(view[start : start + self._row]) for start in range(0, len(view), self._row)]
        with refusing(path, "read"):
            self._handle = open_regular(path, within)
        weakref.finalize(self, os.close, self._handle)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in the file."""
        return self._row * len(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        wanted = np.arange(len(self))[rows]
        out = np.empty((wanted.size, *self.shape[1:]), self.dtype)
        bytes_of = out.reshape(wanted.size, self._row // self.dtype.itemsize).view(np.uint8)
        for place, row in zip(bytes_of, wanted.reshape(-1).tolist(), strict=True):
            self._read(place.data, row)
        return out.reshape(*wanted.shape, *self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def _read(self, into: memoryview, row: int) -> None:
        """CorruptError where the file has fewer bytes than it had, or others."""
        start = self._offset + row * self._row
        with refusing(self.path, "read"):
            if hasattr(os, "preadv"):
                found = os.preadv(self._handle, [into], start)
            else:  # Windows
                with _SEEKING:
                    os.lseek(self._handle, start, os.SEEK_SET)
                    data = os.read(self._handle, self._row)
                found, into[: len(data)] = len(data), data
        if found != self._row or self._digest(into) != self._digests[row]:
            raise CorruptError(
                f"{self.path} must stay as it is while it is used, but was overwritten or cut off; start again: it is "
                "then made anew."
            )

    @staticmethod
    def _digest(data: memoryview) -> int:
        """CRC-32: what is looked for is an accident, and it takes a quarter of the time of a cryptographic digest."""
        return zlib.crc32(data)
