"""Safetensors: named arrays that every framework reads and that cannot carry code.

The format has no checksum and its readers accept much (duplicate keys, absurd shapes, headers of 100 MB), so the
header is checked here before a tensor is read. A caller that needs a checksum keeps one beside the file.
"""

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmap_studio.errors import CorruptError, InputError
from mmap_studio.formatting import counted
from mmap_studio.storage.opener import MIB, opened

MAX_HEADER = MIB
"""Largest header: a backbone's takes about 100 bytes a tensor."""
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""What is read for every type of the format; BF16 is the upper half of a float32."""


Source = io.BufferedReader | io.BytesIO


@dataclass(frozen=True)
class TensorInfo:
    dtype: str
    """Type in the format's words, for example "F32"."""
    shape: tuple[int, ...]
    """Its shape."""
    start: int
    """First byte, counted after the header."""
    stop: int
    """First byte after it."""


@dataclass(frozen=True)
class TensorHeader:
    """What a file holds, in the order it is stored in."""

    tensors: Mapping[str, TensorInfo]
    """Every tensor by name."""
    metadata: Mapping[str, str]
    """The file's own words about itself."""


def pack_tensors(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """Safetensors bytes of these arrays; InputError for a value that is not finite. One metadata key at most keeps
    the bytes the same from call to call (the library orders several at random)."""
    from safetensors.numpy import save

    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(f"array {name!r} must be finite to be stored. Got NaN or infinity instead.")
    return save({name: np.asarray(array, order="C") for name, array in arrays.items()}, dict(metadata or {}))


def read_tensors(
    source: Path | bytes, expected: Mapping[str, Sequence[int]] | None = None, max_bytes: int = 64 * MIB
) -> dict[str, np.ndarray]:
    """All tensors of a file (or of its bytes), each in its own memory, read once.

    `expected` gives the exact names and shapes. BF16 becomes float32. Backbones are larger than prompts: give their
    `max_bytes`. CorruptError when the file is too large, not safetensors, holds other names, shapes or values that
    are not finite; StorageError when it is missing or may not be read.
    """
    with _opened(source, max_bytes) as (file, size, where):
        header = _header(file, size, where)
        if expected is not None:
            _check_shapes(header, expected, where)
        return {name: _array(file, name, info, where) for name, info in header.tensors.items()}


def tensor_header(source: Path | bytes, max_bytes: int = 64 << 30) -> TensorHeader:
    """Names, types, shapes and metadata without reading a tensor; errors as `read_tensors`."""
    with _opened(source, max_bytes) as (file, size, where):
        return _header(file, size, where)


def check_tensors(path: Path, max_bytes: int = 64 << 30) -> None:
    """Read every tensor, a few megabytes at a time; errors as `read_tensors`."""
    with opened(path, max_bytes) as (file, size):
        for name, info in _header(file, size, str(path)).tensors.items():
            left, item = info.stop - info.start, np.dtype(_TYPES[info.dtype]).itemsize
            while left:
                rows = min(left, 8 * MIB) // item
                piece = TensorInfo(info.dtype, (rows,), 0, rows * item)
                _array(file, name, piece, str(path))
                left -= rows * item


@contextmanager
def _opened(source: Path | bytes, max_bytes: int) -> Iterator[tuple[Source, int, str]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source), len(source), "these bytes"
    else:
        with opened(source, max_bytes) as (file, size):
            yield file, size, str(source)


def _header(file: Source, size: int, where: str) -> TensorHeader:
    """The header, when its tensors fill the rest of the file without holes or overlaps."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or not 2 <= length <= min(MAX_HEADER, size - 8):
        raise _refusal(where, f"a header of {length:,} bytes in a file of {size:,}")
    try:
        entries = json.loads(file.read(length), object_pairs_hook=_without_repeats)
        metadata = entries.pop("__metadata__", {})
        kinds = {name: entry["dtype"] for name, entry in entries.items()}
        strange = [(name, kind) for name, kind in kinds.items() if isinstance(kind, str) and kind not in _TYPES]
        tensors = {} if strange else {name: _info(**entry) for name, entry in entries.items()}
        texts = all(isinstance(text, str) for text in metadata.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refusal(where, f"a header that does not describe tensors ({error})") from error
    for name, kind in strange:
        raise CorruptError(
            f"{where} must have numbers of a type that is read ({', '.join(_TYPES)}). Found {kind[:20]!r} in "
            f"{name[:80]!r}; save it as float32 or float16."
        )
    tensors = dict(sorted(tensors.items(), key=lambda item: (item[1].start, item[1].stop)))
    ends = [0, *(info.stop for info in tensors.values())]
    if not texts or [info.start for info in tensors.values()] != ends[:-1] or ends[-1] != size - 8 - length:
        raise _refusal(where, "tensors that overlap, leave holes or are cut off")
    return TensorHeader(tensors, metadata)


def _info(dtype: str, shape: list[int], data_offsets: list[int]) -> TensorInfo:
    start, stop = data_offsets
    if not all(type(number) is int and 0 <= number < 1 << 48 for number in (*shape, start, stop)) or len(shape) > 32:
        raise ValueError(f"shape {shape[:8]}")
    if math.prod(shape) * np.dtype(_TYPES[dtype]).itemsize != stop - start:
        raise ValueError(f"shape {shape} of {dtype} in {stop - start} bytes")
    return TensorInfo(dtype, tuple(shape), start, stop)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name that occurs twice")
    return dict(pairs)


def _array(file: Source, name: str, info: TensorInfo, where: str) -> np.ndarray:
    array = np.empty(info.shape, _TYPES[info.dtype])
    if array.nbytes and file.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:
        raise _refusal(where, f"tensor {name!r} cut off")
    if info.dtype == "BF16":
        array = np.asarray(array.astype("<u4") << 16).view("<f4")  # of one number NumPy makes no array
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise CorruptError(f"{where} must hold finite numbers. Found NaN or infinity in {name!r}; use another file.")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _check_shapes(header: TensorHeader, expected: Mapping[str, Sequence[int]], where: str) -> None:
    found = {name: info.shape for name, info in header.tensors.items()}
    required = {name: tuple(shape) for name, shape in expected.items()}
    wrong = sorted(name for name in {*found, *required} if found.get(name) != required.get(name))
    if wrong:
        first = wrong[0]
        raise CorruptError(
            f"{where} must hold exactly {counted(len(required), 'tensor')} of the required shapes. "
            f"Found {first!r} with {found.get(first, 'no entry')} instead of {required.get(first, 'no entry')}, "
            f"and {len(wrong) - 1} more that differ; use the file that belongs here."
        )


def _refusal(where: str, found: str) -> CorruptError:
    return CorruptError(f"{where} must be a whole safetensors file. Found {found}; get or export the file again.")
