"""Foreign HDF5 is parsed in a child: what comes back, and what becomes of files that crash, stop or fill it."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage import hdf5
from mmap_studio.storage.foreign import hdf5 as foreign_hdf5
from mmap_studio.storage.foreign.hdf5 import unpack_foreign
from mmap_studio.storage.opener import sha256
from tests.storage.checks import mutated
from tests.storage.test_hdf5 import DTYPES, compressed, crafted, enormous, external_link, external_storage, unallocated

MUTANTS = 12
"""With a right checksum, a process each; `python -m tests.torture` has thousands."""
LIMIT = 1 << 20


def sealed(body: bytes) -> bytes:
    """A file whose checksum is right, whatever it holds."""
    return hdf5._first_block(sha256(body)) + body


def test_the_same_comes_back_as_without_a_child(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {f"a/{kind} ä": (rng.random((3, 5)) * 9).astype(kind) for kind in DTYPES}
    arrays |= {"": np.zeros((0, 5), np.uint8), ".": np.array(3.5)}
    path = tmp_path / "a.h5"
    path.write_bytes(hdf5.pack(arrays, {"n": [1, None], "text": "ä\n"}))
    plain, foreign = hdf5.unpack(path), unpack_foreign(path, LIMIT)
    assert (foreign.meta, list(foreign.arrays)) == (plain.meta, list(plain.arrays))
    for name, array in plain.arrays.items():
        np.testing.assert_array_equal(foreign.arrays[name], array)
        assert foreign.arrays[name].dtype == array.dtype
        assert foreign.arrays[name].flags.aligned
        assert not foreign.arrays[name].flags.writeable


def test_what_is_none_of_ours_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmap_studio.storage.foreign.child.subprocess.run", lambda *_, **__: pytest.fail("started"))
    path = tmp_path / "a.h5"
    with pytest.raises(StorageError, match="does not exist"):
        unpack_foreign(path, LIMIT)
    for data in (b"", b"\x89HDF\r\n\x1a\n" + bytes(3000), hdf5.pack({"x": np.ones(3)}, {})[:-1]):
        path.write_bytes(data)
        with pytest.raises(CorruptError, match="whose checksum is right"):
            unpack_foreign(path, LIMIT)


@pytest.mark.parametrize("change", [external_link, external_storage, compressed, unallocated, enormous])
def test_a_crafted_file_with_a_right_checksum_is_refused_by_its_name(change, tmp_path: Path) -> None:
    path = tmp_path / "crafted.h5"
    path.write_bytes(crafted(change))
    with pytest.raises(CorruptError, match=r"crafted\.h5 must hold plain arrays only"):
        unpack_foreign(path, LIMIT)


@pytest.mark.slow
def test_mutants_with_a_right_checksum_are_read_or_refused(tmp_path: Path) -> None:
    body = hdf5.pack({"x": np.arange(40.0).reshape(5, 8), "y": np.arange(3)}, {"tasks": ["a"]})[512:]
    rng, path, refused = random.Random(3), tmp_path / "mutant.h5", []
    for _ in range(MUTANTS):
        path.write_bytes(sealed(mutated(body, rng)))
        try:
            unpack_foreign(path, LIMIT)
        except CorruptError as error:
            refused.append(str(error))
    assert refused
    assert all("mutant.h5" in sentence for sentence in refused)


LIMITED = "from mmap_studio.storage.foreign.child import limit; limit"
ENDS = {
    "import os; os.abort()": "a file that ends its reader (code -6)",
    "import time; time.sleep(60)": "a file that takes more than 1 s to read",
    f"{LIMITED}(1 << 30, 5); bytearray(2 << 30)": "ends its reader (code 1)",
    f"{LIMITED}(1 << 34, 1)\nwhile 1: pass": "ends its reader (code -",
    f"{LIMITED}(1 << 34, 5); open('out', 'wb', 0).write(b'x' * 9)": "ends its reader (code 1)",
    "print('{}')": "a file that confuses its reader",
    "pass": "a file that confuses its reader",
}  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
@pytest.mark.parametrize("program", ENDS, ids=lambda program: program[-20:])
def test_whatever_becomes_of_the_child_is_a_sentence(program: str, tmp_path: Path, monkeypatch) -> None:
    if "sleep" in program:
        monkeypatch.setattr(foreign_hdf5, "SECONDS", 1)
    monkeypatch.setattr(foreign_hdf5, "command", lambda *_: [sys.executable, "-c", program])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.h5").write_bytes(hdf5.pack({"x": np.ones(3)}, {}))
    with pytest.raises(CorruptError) as raised:
        unpack_foreign(tmp_path / "a.h5", LIMIT)
    assert ENDS[program] in str(raised.value)
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size == 0
