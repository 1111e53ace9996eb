"""Named arrays and their description as one HDF5 file, made and read in memory.

HDF5 never touches the real disk: it crashes the process on a full one and tears files on `kill -9`; the bytes go
through `atomic`. The first 512 bytes are HDF5's user block, which every HDF5 tool skips: ours holds one line of text
with the format version and the sha256 of all that follows, checked before HDF5 parses a byte (a damaged file can hang
or crash it). A hash can be recomputed, so what a crafted file could use to reach other files or to fill the memory is
refused as well. Datasets are named 0, 1, ...; real names stand in JSON, because HDF5 would read "a/b" as a path.
"""

import errno
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmap_studio.errors import CorruptError, InputError
from mmap_studio.storage.file_array import FileArray
from mmap_studio.storage.json_text import json_text
from mmap_studio.storage.opener import opened, sha256
from mmap_studio.storage.os_errors import storage_error

if TYPE_CHECKING:
    from h5py import Dataset, File

Take = Callable[["Dataset", bytes], Any]
"""A dataset and the file's bytes -> its array."""
VERSION = 1
MAX_BYTES = 4 << 30
"""Largest file that is written or read."""
_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
"""What the system lacks for the moment: it says nothing of the file, which must not be taken for damaged."""
_BLOCK = 512
"""Bytes of HDF5's user block; the smallest it can have."""
_INDEX = "index"
"""Name of the dataset with the JSON: array names in order, and the caller's meta."""


@dataclass(frozen=True)
class Artifact:
    """What `pack` was given."""

    arrays: Mapping[str, np.ndarray]
    """Read-only arrays of their own memory, in native byte order."""
    meta: dict[str, Any]
    """The description, as JSON gives it back: tuples are lists."""


def pack(arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> bytes:
    """The bytes of an HDF5 file with these arrays (booleans, integers and floats of at most 8 bytes) and this meta.

    The same input gives the same bytes. InputError for other dtypes and for a meta that JSON cannot hold.
    """
    import h5py

    index = json_text({"names": list(arrays), "meta": meta}).encode()
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=_BLOCK) as file:
        file.create_dataset(_INDEX, data=np.frombuffer(index, np.uint8))
        for number, (name, array) in enumerate(arrays.items()):
            file.create_dataset(str(number), data=_storable(name, array))
    with buffer.getbuffer() as data:
        data[:_BLOCK] = _first_block(sha256(data[_BLOCK:]))
    return buffer.getvalue()


def pack_plain(arrays: Mapping[str, np.ndarray], words: Mapping[str, str | list[str]]) -> bytes:
    """The bytes of an HDF5 file for other programs: datasets under their own names, words as attributes.

    `pack` is for what the studio reads back: this one checks nothing.
    """
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        for name, value in words.items():
            file.attrs[name] = value
    return buffer.getvalue()


def unpack(source: Path | bytes, max_bytes: int = MAX_BYTES, within: Path | None = None) -> Artifact:
    """What `pack` made, from a file or from bytes.

    within : as of `opener.opened`

    CorruptError when it is damaged, foreign or crafted; StorageError when the file is missing or may not be read, or
    memory or open files are short.
    """
    return _unpack(source, max_bytes, _in_memory, within)


def unpack_mapped(source: Path, within: Path | None = None) -> Artifact:
    """As `unpack`, with arrays that stay in the file: it is read and checked whole once, then row by row as used.

    Arrays of rows are `FileArray`s, which raise CorruptError for a row that changed meanwhile.
    """
    return _unpack(source, MAX_BYTES, lambda item, data: _on_disk(item, data, source, within), within)


def checked_bytes(source: Path | bytes, max_bytes: int = MAX_BYTES, within: Path | None = None) -> bytes:
    """A file's bytes, when its checksum is right; errors as `unpack`. HDF5 has not parsed any of them yet."""
    data = source if isinstance(source, bytes) else _read(source, max_bytes, within)
    if data[:_BLOCK] != _first_block(sha256(memoryview(data)[_BLOCK:])):
        raise CorruptError(
            f"{_named(source)} must be an array file of MmAP Studio (version {VERSION}) whose checksum is right. "
            f"Found {len(data):,} bytes that are not: it is damaged or foreign; delete it and it is made again."
        )
    return data


def _named(source: Path | bytes) -> str:
    return "these bytes" if isinstance(source, bytes) else str(source)


def _unpack(source: Path | bytes, max_bytes: int, take: Take, within: Path | None) -> Artifact:
    data, where = checked_bytes(source, max_bytes, within), _named(source)
    try:
        return _parse(data, max_bytes, take)
    except CorruptError as error:
        raise CorruptError(f"{where} must hold plain arrays only. Found {error}; do not use it.") from error
    except MemoryError as error:
        raise storage_error(where, OSError(errno.ENOMEM, str(error)), "read") from error
    except Exception as error:  # h5py raises nearly every kind for a file that lies about itself
        if isinstance(error, OSError) and error.errno in _SHORTAGES:
            raise storage_error(where, error, "read") from error
        raise CorruptError(f"{where} must hold plain arrays only. Found something else ({error}).") from error


def _read(path: Path, max_bytes: int, within: Path | None) -> bytes:
    """The file's bytes; only its first where they show that it is none of ours, however large it is."""
    with opened(path, max_bytes, within) as (file, size):
        start = file.read(len(_first_block("")))
        if not start.startswith(_first_block("").split(b":")[0]):
            return start
        file.seek(0)  # read as one: adding to what was read would copy all of it
        return file.read(size)


def _first_block(digest: str) -> bytes:
    line = f"MmAP Studio array file, version {VERSION}, sha256 of all after byte {_BLOCK}: {digest}\n"
    return line.encode().ljust(_BLOCK - 1) + b"\n"


def _storable(name: str, array: np.ndarray) -> np.ndarray:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        found = getattr(array, "dtype", type(array).__name__)
        raise InputError(
            f"array {name!r} must hold booleans, integers or floats of at most 8 bytes. Got {found} instead."
        )
    return np.asarray(array, dtype=array.dtype.newbyteorder("="))


def _parse(data: bytes, max_bytes: int, take: Take) -> Artifact:
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        index = json.loads(_plain_dataset(file, _INDEX, max_bytes)[()].tobytes())
        names = index["names"]
        expected = {_INDEX, *(str(number) for number in range(len(names)))}
        if set(file) != expected or len(set(names)) != len(names):
            raise CorruptError(f"datasets {sorted(file)[:5]} for the names {names[:5]}")
        sets = [_plain_dataset(file, str(number), max_bytes) for number in range(len(names))]
        if sum(item.nbytes for item in sets) > max_bytes:
            raise CorruptError("arrays larger than the limit")
        arrays = {name: take(item, data) for name, item in zip(names, sets, strict=True)}
    for array in arrays.values():
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return Artifact(arrays, index["meta"])


def _in_memory(item: "Dataset", data: bytes) -> np.ndarray:
    return np.asarray(item[()])


def _on_disk(item: "Dataset", data: bytes, path: Path, within: Path | None) -> Any:
    """The dataset's rows where they lie in the file; what has none is made here."""
    offset = item.id.get_offset()
    if offset is None or not item.nbytes or item.ndim < 2:
        return _in_memory(item, data)
    return FileArray(path, within, item.dtype, item.shape, offset, data)


def _plain_dataset(file: "File", name: str, max_bytes: int) -> "Dataset":
    """The dataset, when it is one whose bytes lie in this file as they are; nothing is read yet."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise CorruptError(f"a link to somewhere else under {name!r}")
    item = file[name]
    if not isinstance(item, h5py.Dataset):
        raise CorruptError(f"a group under {name!r}")
    if item.is_virtual or item.external or item.chunks or item.id.get_create_plist().get_nfilters():
        raise CorruptError(f"dataset {name!r} that is virtual, external, chunked or compressed")
    if item.dtype.kind not in "biuf" or item.nbytes > max_bytes or item.id.get_storage_size() != item.nbytes:
        raise CorruptError(f"dataset {name!r} of {item.dtype}, {item.nbytes:,} bytes, of which not all are there")
    return item
