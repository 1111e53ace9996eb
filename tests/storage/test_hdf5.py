"""The array file: what comes back, and what is refused although its checksum is right."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.storage import hdf5

DTYPES = ("?", "u1", "i2", "i8", "f2", "f4", "f8", ">i4", ">f8")


def test_arrays_and_meta_come_back_as_they_were() -> None:
    rng = np.random.default_rng(0)
    arrays = {f"a/{kind} ä\0": (rng.random((3, 4)) * 9).astype(kind) for kind in DTYPES}
    arrays |= {"": np.zeros((0, 5), np.uint8), ".": np.array(3.5), "turned": np.arange(6).reshape(2, 3).T}
    found = hdf5.unpack(hdf5.pack(arrays, {"n": 1, "list": (1, 2), "text": "ä\n", "none": None}))
    assert found.meta == {"n": 1, "list": [1, 2], "text": "ä\n", "none": None}
    assert list(found.arrays) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype.newbyteorder("=")
        assert not found.arrays[name].flags.writeable


def test_every_hdf5_tool_can_read_it_and_a_person_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(hdf5.pack({"x": np.arange(3)}, {}))
    with h5py.File(path, "r") as file:
        assert sorted(file) == ["0", "index"]
        assert file["0"][()].tolist() == [0, 1, 2]
        assert file.userblock_size == 512
    first = path.read_bytes().split(b"\n")[0].decode()
    assert first.startswith("MmAP Studio array file, version 1, sha256")
    assert hashlib.sha256(path.read_bytes()[512:]).hexdigest() in first


def test_the_same_input_gives_the_same_bytes() -> None:
    assert hdf5.pack({"x": np.ones(3)}, {"a": 1, "b": 2}) == hdf5.pack({"x": np.ones(3)}, {"b": 2, "a": 1})


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([object()]), np.ones(2, np.complex64), [1, 2]])
def test_other_kinds_of_array_are_refused(array: Any) -> None:
    with pytest.raises(InputError, match="array 'x' must hold booleans, integers or floats of at most 8 bytes"):
        hdf5.pack({"x": array}, {})


@pytest.mark.parametrize("data", [b"", b"x", b"\x89HDF\r\n\x1a\n" + bytes(600), bytes(512), bytes(2000)])
def test_foreign_bytes_are_refused_before_hdf5_sees_them(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h5py, "File", lambda *_: pytest.fail("parsed"))
    with pytest.raises(CorruptError, match="must be an array file of MmAP Studio"):
        hdf5.unpack(data)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none\.h5 could not be read: the file or its folder does not exist"):
        hdf5.unpack(tmp_path / "none.h5")
    with pytest.raises(CorruptError, match=r"must be a file\. Found a folder instead"):
        hdf5.unpack(tmp_path)
    os.mkfifo(tmp_path / "pipe.h5")
    with pytest.raises(CorruptError, match="must be a file"):
        hdf5.unpack(tmp_path / "pipe.h5")
    (tmp_path / "large.h5").write_bytes(bytes(100))
    with pytest.raises(CorruptError, match=r"must have at most 99 bytes\. Found 100"):
        hdf5.unpack(tmp_path / "large.h5", max_bytes=99)


def crafted(change: Callable[[h5py.File], None], index: bytes = b'{"names": ["x"], "meta": {}}', **more: Any) -> bytes:
    """A file with a right checksum that `pack` would not make."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512, **more) as file:
        file["index"] = np.frombuffer(index, np.uint8)
        change(file)
    body = buffer.getvalue()[512:]
    return hdf5._first_block(hashlib.sha256(body).hexdigest()) + body


SECRET = b"the secret text of another file!"


def external_link(file: h5py.File) -> None:
    file["0"] = h5py.ExternalLink("secret.h5", "/x")


def soft_link(file: h5py.File) -> None:
    file["0"] = h5py.SoftLink("/index")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("0", (32,), "u1", external=[("secret.txt", 0, 32)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("secret.h5", "x", (3,))
    file.create_virtual_dataset("0", layout)


def compressed(file: h5py.File) -> None:
    file.create_dataset("0", data=np.zeros(1 << 20), compression="gzip")


def chunked(file: h5py.File) -> None:
    file.create_dataset("0", data=np.zeros(100), chunks=(10,))


def unallocated(file: h5py.File) -> None:
    file.create_dataset("0", (1 << 30,), "u1")


def enormous(file: h5py.File) -> None:
    file.create_dataset("0", (1 << 45,), "f4")


def a_group(file: h5py.File) -> None:
    file.create_group("0")


def a_text(file: h5py.File) -> None:
    file["0"] = "text"


def an_extra_one(file: h5py.File) -> None:
    file["0"], file["1"] = 1.0, 2.0


def a_compound(file: h5py.File) -> None:
    file["0"] = np.zeros(2, [("a", "i4"), ("b", "f4")])


def a_reference(file: h5py.File) -> None:
    file.create_dataset("0", data=file.ref, dtype=h5py.ref_dtype)


def a_cycle(file: h5py.File) -> None:
    file["0"] = file["/"]


CRAFTED = [external_link, soft_link, external_storage, virtual, compressed, chunked, unallocated, enormous, a_group,
           a_text, an_extra_one, a_compound, a_reference, a_cycle, lambda file: None]  # fmt: skip


@pytest.mark.parametrize("change", CRAFTED, ids=lambda change: change.__name__)
def test_crafted_files_are_refused(
    change: Callable[[h5py.File], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_bytes(SECRET)
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.arange(3.0)
    with pytest.raises(CorruptError, match="these bytes must hold plain arrays only"):
        hdf5.unpack(crafted(change))
    assert (tmp_path / "secret.txt").read_bytes() == SECRET


@pytest.mark.parametrize(
    "index",
    [b"", b"{", b"[]", b'{"names": 3, "meta": {}}', b'{"names": ["x"]}', b'{"names": ["x", "x"], "meta": {}}',
     b'{"names": [["x"]], "meta": {}}', b"[" * 100_000],
)  # fmt: skip
def test_a_crafted_index_is_refused(index: bytes) -> None:
    with pytest.raises(CorruptError, match="plain arrays only"):
        hdf5.unpack(crafted(lambda file: file.create_dataset("0", data=np.zeros(2)), index))


def test_many_arrays_that_are_one_are_counted_as_many() -> None:
    """Hard links cost nothing in the file: 100 names for one dataset must not become 100 copies beyond the limit."""

    def link(file: h5py.File) -> None:
        file["0"] = np.zeros(1000)
        for number in range(1, 100):
            file[str(number)] = file["0"]

    names = ", ".join(f'"{number}"' for number in range(100))
    data = crafted(link, f'{{"names": [{names}], "meta": {{}}}}'.encode())
    assert len(hdf5.unpack(data).arrays) == 100
    with pytest.raises(CorruptError, match="arrays larger than the limit"):
        hdf5.unpack(data, max_bytes=100_000)
