"""Safetensors: written by the library and read by ours, and the other way round; crafted headers refused."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.storage.tensors import MAX_HEADER, pack_tensors, read_tensors, tensor_header

DTYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "?")


def crafted(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def one(**changed: Any) -> dict[str, Any]:
    return {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changed}}


def test_both_ways_agree_with_the_library(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {f"layer.{kind}": (rng.random((3, 4)) * 9).astype(kind) for kind in DTYPES}
    arrays |= {"empty": np.zeros((0, 3), np.float32), "scalar": np.array(2.5), "turned": np.arange(6.0).reshape(2, 3).T}
    data = pack_tensors(arrays, {"format": "pt"})
    (tmp_path / "a.safetensors").write_bytes(data)
    for found in (read_tensors(data), read_tensors(tmp_path / "a.safetensors"), safetensors.numpy.load(data)):
        assert set(found) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
            assert found[name].shape == array.shape


def test_the_same_input_gives_the_same_bytes() -> None:
    assert len({pack_tensors({"b": np.ones(2), "a": np.zeros(3)}, {"format": "pt"}) for _ in range(5)}) == 1


def test_the_header_can_be_read_alone() -> None:
    header = tensor_header(pack_tensors({"x": np.zeros((2, 3), np.float32)}, {"format": "pt"}))
    assert header.metadata == {"format": "pt"}
    assert (header.tensors["x"].dtype, header.tensors["x"].shape) == ("F32", (2, 3))


def test_bfloat16_becomes_float32() -> None:
    """1.5 is 0x3FC00000 as float32, so 0x3FC0 as bfloat16; -2 is 0xC000."""
    body = np.array([0x3FC0, 0xC000], "<u2").tobytes()
    found = read_tensors(crafted(one(dtype="BF16", data_offsets=[0, 4]), body))["x"]
    assert found.dtype == np.float32
    assert found.tolist() == [1.5, -2.0]


def test_arrays_are_the_callers_own() -> None:
    data = pack_tensors({"x": np.zeros(3)})
    first = read_tensors(data)["x"]
    first[:] = 1
    assert read_tensors(data)["x"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_only_finite_numbers(bad: float) -> None:
    with pytest.raises(InputError, match="array 'x' must be finite"):
        pack_tensors({"x": np.array([0.0, bad])})
    with pytest.raises(CorruptError, match="must hold finite numbers"):
        read_tensors(safetensors.numpy.save({"x": np.array([0.0, bad])}))


@pytest.mark.parametrize(
    ("expected", "found"),
    [({"x": (3,)}, r"Found 'x' with \(2,\) instead of \(3,\)"), ({"x": [2], "y": [1]}, "Found 'y' with no entry"),
     ({}, r"Found 'x' with \(2,\) instead of no entry")],
)  # fmt: skip
def test_names_and_shapes_are_exact(expected: dict[str, tuple[int, ...]], found: str) -> None:
    data = pack_tensors({"x": np.zeros(2)})
    assert list(read_tensors(data, {"x": [2]})) == ["x"]
    with pytest.raises(CorruptError, match=found):
        read_tensors(data, expected)


BODY = bytes(8)
CRAFTED = {
    "nothing": b"",
    "seven bytes": bytes(7),
    "no header": bytes(8),
    "header longer than the file": crafted(one(), BODY, length=1000),
    "header of 2^63 bytes": crafted(one(), BODY, length=1 << 63),
    "header above the limit": crafted(b"{" + b" " * MAX_HEADER + b"}", b""),
    "not JSON": crafted(b"{x", b""),
    "not UTF-8": crafted(b'{"\xff": 1}', b""),
    "a list": crafted([], b""),
    "too deep": crafted(b'{"x":' + b"[" * 200_000, b""),
    "a name twice": crafted(b'{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],'
                            b'"data_offsets":[0,8]}}', BODY),
    "metadata twice": crafted(b'{"__metadata__":{"a":"1","a":"2"}}', b""),
    "metadata of numbers": crafted({"__metadata__": {"a": 1}}),
    "metadata a list": crafted({"__metadata__": []}),
    "no dtype": crafted({"x": {"shape": [2], "data_offsets": [0, 8]}}, BODY),
    "another key": crafted(one(code="x"), BODY),
    "a dtype that is no text": crafted(one(dtype=["F32"]), BODY),
    "a negative size": crafted(one(shape=[-2]), BODY),
    "two negative sizes": crafted(one(shape=[-1, -2]), BODY),
    "an overflowing shape": crafted(one(shape=[1 << 62, 4, 2]), BODY),
    "an absurd shape of nothing": crafted(one(shape=[1 << 60, 0], data_offsets=[0, 0]), b""),
    "a size that is no integer": crafted(one(shape=[2.0]), BODY),
    "a size that is true": crafted(one(shape=[True, 2]), BODY),
    "a hundred dimensions": crafted(one(shape=[1] * 100 + [2]), BODY),
    "three offsets": crafted(one(data_offsets=[0, 4, 8]), BODY),
    "turned offsets": crafted(one(data_offsets=[8, 0]), BODY),
    "a hole before": crafted(one(data_offsets=[8, 16]), bytes(16)),
    "bytes after": crafted(one(), bytes(9)),
    "cut off": crafted(one(), bytes(7)),
    "an overlap": crafted({**one(), "y": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, bytes(12)),
    "pickle": b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94",
    "zip": b"PK\x03\x04" + bytes(100),
}  # fmt: skip


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_files_are_refused(name: str) -> None:
    with pytest.raises(CorruptError, match="these bytes must be a whole safetensors file"):
        read_tensors(CRAFTED[name])


def test_a_dtype_that_is_not_read_is_named() -> None:
    with pytest.raises(CorruptError, match=r"must have numbers of a type that is read .* 'F8_E4M3' in 'x'"):
        read_tensors(crafted(one(dtype="F8_E4M3"), BODY))


def test_a_header_as_it_must_be_passes() -> None:
    assert read_tensors(crafted(one(), BODY))["x"].tolist() == [0, 0]


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none\.safetensors could not be read"):
        read_tensors(tmp_path / "none.safetensors")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorruptError, match="must be a file"):
        read_tensors(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(bytes(1000))
    with pytest.raises(CorruptError, match="must have at most 999 bytes"):
        read_tensors(tmp_path / "large", max_bytes=999)


def test_a_sparse_file_is_checked_without_taking_its_size_in_memory(tmp_path: Path) -> None:
    import json
    import tracemalloc

    from mmap_studio.storage.tensors import check_tensors

    size = 300 << 20
    header = json.dumps({"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "a.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    tracemalloc.start()
    check_tensors(tmp_path / "a.safetensors")
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()
    with (tmp_path / "a.safetensors").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\xc0\x7f")
    with pytest.raises(CorruptError, match="finite"):
        check_tensors(tmp_path / "a.safetensors")


def test_a_foreign_h5_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    import tracemalloc

    from mmap_studio.storage.hdf5 import unpack

    with (tmp_path / "a.h5").open("wb") as file:
        file.write(b"\x89HDF\r\n\x1a\n")
        file.truncate((4 << 30) - 1)
    tracemalloc.start()
    with pytest.raises(CorruptError, match="array file of MmAP Studio"):
        unpack(tmp_path / "a.h5")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
