"""A shard that changes while it is in use: the reader gets what was there, or one sentence; never a signal."""

import os
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.errors import CorruptError
from mmap_studio.storage import hdf5
from mmap_studio.storage.file_array import FileArray

ROWS = np.arange(7 * 4 * 3, dtype=np.uint8).reshape(7, 4, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shard.h5"
    path.write_bytes(hdf5.pack({"pixels": ROWS, "scalar": np.array(3.0), "line": np.arange(3)}, {}))
    return path


@pytest.fixture
def array(path: Path) -> FileArray:
    found = hdf5.unpack_mapped(path).arrays["pixels"]
    assert isinstance(found, FileArray)
    return found


def test_rows_are_those_of_the_array(array: FileArray) -> None:
    assert (array.shape, array.dtype, array.ndim, len(array), array.nbytes) == (ROWS.shape, np.uint8, 3, 7, ROWS.nbytes)
    for rows in (0, -1, slice(2, 5), slice(None), [3, 3, 0], np.array([6]), np.array([], int), np.array([[1], [2]])):
        np.testing.assert_array_equal(array[rows], ROWS[rows])
    np.testing.assert_array_equal(np.asarray(array), ROWS)
    with pytest.raises(IndexError):
        array[7]


def test_what_has_no_rows_is_in_memory(path: Path) -> None:
    arrays = hdf5.unpack_mapped(path).arrays
    assert type(arrays["line"]) is type(arrays["scalar"]) is np.ndarray


@pytest.mark.parametrize("kept", [0, 600])
def test_a_file_that_is_cut_off(path: Path, array: FileArray, kept: int) -> None:
    os.truncate(path, kept)
    with pytest.raises(CorruptError, match=r"shard\.h5 must stay as it is while it is used"):
        array[:]


def test_a_file_that_is_overwritten_in_place(path: Path, array: FileArray) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(ROWS[3].tobytes())
    data[place] ^= 1
    path.write_bytes(data)
    np.testing.assert_array_equal(array[[0, 1, 2, 4]], ROWS[[0, 1, 2, 4]])
    with pytest.raises(CorruptError, match="overwritten or cut off"):
        array[3]


def test_a_file_that_is_renamed_over_or_deleted_stays_as_it_was(path: Path, array: FileArray) -> None:
    (path.parent / "new").write_bytes(b"other")
    os.replace(path.parent / "new", path)
    np.testing.assert_array_equal(array[:], ROWS)
    path.unlink()
    np.testing.assert_array_equal(array[:], ROWS)


def test_it_gives_its_handle_back(path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        hdf5.unpack_mapped(path)
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 1
