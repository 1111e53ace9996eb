"""The contract of every store, with a back door around it, so that `get` and `put` cannot vouch for each other."""

import errno
import os
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.errors import InputError, StorageError
from mmap_studio.storage import hdf5
from mmap_studio.storage.store import CACHE_VARIABLE, ArrayStore, FolderStore, MemoryStore, cache_folder
from tests.storage.scenarios import arrays

A, B = "a1" * 8, "b2" * 8
ARRAYS = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "class / ä": np.array([True, False])}
META = {"scores": [0.5, 1.0], "name": "Ärt"}


class StoreContract:
    """What a store promises. Subclasses give the store and a way around it."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> ArrayStore:
        raise NotImplementedError

    def bytes_of(self, store: ArrayStore, kind: str, digest: str) -> bytes | None:
        raise NotImplementedError

    def plant(self, store: ArrayStore, kind: str, digest: str, data: bytes) -> None:
        raise NotImplementedError

    def age(self, store: ArrayStore, kind: str, digest: str, days: float) -> None:
        raise NotImplementedError

    def test_nothing_is_there_at_first(self, store: ArrayStore) -> None:
        assert store.get("prompts", A) is None
        assert not store.has("prompts", A)
        assert store.entries() == []
        assert store.verify() == []

    def test_what_is_put_lies_in_the_documented_form(self, store: ArrayStore) -> None:
        store.put("prompts", A, ARRAYS, META)
        stored = hdf5.unpack(self.bytes_of(store, "prompts", A) or b"")
        assert stored.meta == {"kind": "prompts", "digest": A, "meta": META}
        assert {name: array.tolist() for name, array in stored.arrays.items()} == {
            "weights": [[0, 1, 2], [3, 4, 5]],
            "class / ä": [True, False],
        }

    def test_what_lies_there_in_the_documented_form_is_got(self, store: ArrayStore) -> None:
        data = hdf5.pack(ARRAYS, {"kind": "prompts", "digest": A, "meta": META})
        self.plant(store, "prompts", A, data)
        found = store.get("prompts", A)
        assert found is not None
        assert store.has("prompts", A)
        assert found.meta == META
        assert list(found.arrays) == list(ARRAYS)
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(found.arrays[name], array)
            assert found.arrays[name].dtype == array.dtype

    def test_it_shares_no_memory(self, store: ArrayStore) -> None:
        mine = np.zeros(3)
        store.put("prompts", A, {"x": mine}, {})
        mine[:] = 7
        first = store.get("prompts", A)
        assert first is not None
        assert first.arrays["x"].tolist() == [0, 0, 0]
        with pytest.raises(ValueError, match="read-only"):
            first.arrays["x"][0] = 1

    def test_putting_again_replaces(self, store: ArrayStore) -> None:
        store.put("prompts", A, arrays(1), {})
        store.put("prompts", A, arrays(2), {})
        found = store.get("prompts", A)
        assert found is not None
        assert found.arrays["a"][0, 0] == 2
        assert len(store.entries()) == 1

    def test_entries_say_what_is_there(self, store: ArrayStore) -> None:
        store.put("prompts", B, arrays(1), {})
        store.put("pixels", A, arrays(1), {})
        first, second = store.entries()
        assert (first.kind, first.digest, second.kind, second.digest) == ("pixels", A, "prompts", B)
        assert first.bytes == len(self.bytes_of(store, "pixels", A) or b"")
        assert abs(datetime.now(UTC) - first.modified) < timedelta(minutes=1)

    def test_removed_is_gone_and_may_be_removed_again(self, store: ArrayStore) -> None:
        store.put("prompts", A, arrays(1), {})
        store.put("prompts", B, arrays(1), {})
        store.remove("prompts", A)
        store.remove("prompts", A)
        assert self.bytes_of(store, "prompts", A) is None
        assert store.get("prompts", B) is not None

    def test_a_damaged_artifact_reads_as_missing_and_is_gone(self, store: ArrayStore) -> None:
        store.put("prompts", A, arrays(1), {})
        store.put("prompts", B, arrays(1), {})
        data = bytearray(self.bytes_of(store, "prompts", A) or b"")
        data[-1] ^= 1
        self.plant(store, "prompts", A, bytes(data))
        assert [entry.digest for entry in store.verify()] == [A]
        assert self.bytes_of(store, "prompts", A) is None
        assert store.get("prompts", B) is not None

    def test_another_artifact_under_the_name_reads_as_missing(self, store: ArrayStore) -> None:
        store.put("prompts", B, arrays(1), {})
        self.plant(store, "prompts", A, self.bytes_of(store, "prompts", B) or b"")
        assert store.get("prompts", A) is None
        assert store.get("prompts", B) is not None

    @pytest.mark.parametrize(
        ("kind", "digest"),
        [("../x", A), ("prompts", "../../etc"), ("", A), ("prompts", ""), ("Prompts", A), ("prompts", A.upper()),
         ("prompts", A + "\n"), ("a/b", A)],
    )  # fmt: skip
    def test_names_cannot_leave_the_store(self, store: ArrayStore, kind: str, digest: str) -> None:
        for use in (store.get, store.remove, lambda *name: store.put(*name, arrays(1), {})):
            with pytest.raises(ValueError, match="lower-case kind and a hex digest"):
                use(kind, digest)

    def test_what_cannot_be_stored_is_refused_and_leaves_the_old(self, store: ArrayStore) -> None:
        store.put("prompts", A, arrays(1), {})
        with pytest.raises(InputError, match="array 'x' must hold booleans, integers or floats"):
            store.put("prompts", A, {"x": np.array(["text"])}, {})
        with pytest.raises(InputError, match="finite"):
            store.put("prompts", A, {}, {"loss": float("nan")})
        assert store.get("prompts", A) is not None

    def test_prune_removes_the_old_then_the_oldest(self, store: ArrayStore) -> None:
        digests = [f"{number:08x}" for number in range(4)]
        for number, digest in enumerate(digests):
            store.put("prompts", digest, arrays(1), {})
            self.age(store, "prompts", digest, 10 - number)
        size = store.entries()[0].bytes
        assert [entry.digest for entry in store.prune(older_than=timedelta(days=9.5))] == digests[:1]
        assert [entry.digest for entry in store.prune(max_bytes=2 * size)] == digests[1:2]
        assert store.prune(max_bytes=2 * size) == []
        assert [entry.digest for entry in store.prune(everything=True)] == digests[2:]
        assert store.entries() == []


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ArrayStore:
        return MemoryStore()

    def bytes_of(self, store: ArrayStore, kind: str, digest: str) -> bytes | None:
        assert isinstance(store, MemoryStore)
        return store.files.get((kind, digest), (None, None))[1]

    def plant(self, store: ArrayStore, kind: str, digest: str, data: bytes) -> None:
        assert isinstance(store, MemoryStore)
        store.files[kind, digest] = (datetime.now(UTC), data)

    def age(self, store: ArrayStore, kind: str, digest: str, days: float) -> None:
        assert isinstance(store, MemoryStore)
        store.files[kind, digest] = (datetime.now(UTC) - timedelta(days=days), store.files[kind, digest][1])


class TestFolderStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ArrayStore]:
        yield FolderStore(tmp_path / "cache", lambda text: None)
        assert not list(tmp_path.rglob(".mmap-*"))

    def file(self, store: ArrayStore, kind: str, digest: str) -> Path:
        assert isinstance(store, FolderStore)
        return store.root / kind / f"{digest}.h5"

    def bytes_of(self, store: ArrayStore, kind: str, digest: str) -> bytes | None:
        path = self.file(store, kind, digest)
        return path.read_bytes() if path.exists() else None

    def plant(self, store: ArrayStore, kind: str, digest: str, data: bytes) -> None:
        path = self.file(store, kind, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def age(self, store: ArrayStore, kind: str, digest: str, days: float) -> None:
        then = datetime.now(UTC).timestamp() - days * 86400
        os.utime(self.file(store, kind, digest), (then, then))

    def test_making_one_touches_nothing(self, tmp_path: Path) -> None:
        FolderStore(tmp_path / "cache").entries()
        assert list(tmp_path.iterdir()) == []

    def test_a_damaged_file_is_set_aside_with_a_sentence(self, tmp_path: Path) -> None:
        told: list[str] = []
        store = FolderStore(tmp_path, told.append)
        self.plant(store, "prompts", A, b"nonsense")
        assert store.get("prompts", A) is None
        aside = tmp_path / "prompts" / "quarantine" / f"{A}.h5.1"
        assert aside.read_bytes() == b"nonsense"
        assert len(told) == 1
        assert f"{A}.h5 must be an array file" in told[0]
        assert f"moved to {aside}" in told[0]
        assert store.entries() == []
        store.prune()
        assert not aside.exists()

    def test_foreign_files_are_not_entries(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path)
        for name in ("notes.h5", f"{A}.txt"):
            (tmp_path / "prompts").mkdir(exist_ok=True)
            (tmp_path / "prompts" / name).write_bytes(b"mine")
        assert store.entries() == []
        store.prune(everything=True)
        assert len(list((tmp_path / "prompts").iterdir())) == 2

    def test_a_file_that_may_not_be_read_is_an_error_not_a_miss(self, tmp_path: Path, monkeypatch) -> None:
        store = FolderStore(tmp_path)
        store.put("prompts", A, arrays(1), {})

        def refuse(self: Path, *_: object) -> None:
            raise PermissionError(13, "no")

        monkeypatch.setattr("mmap_studio.storage.opener.open_regular", refuse)
        with pytest.raises(StorageError, match="could not be read: there is no permission"):
            store.get("prompts", A)

    @pytest.mark.parametrize(
        "lack", [MemoryError(), *(OSError(code, "short") for code in (errno.EMFILE, errno.ENFILE, errno.EIO))], ids=repr
    )
    def test_a_shortage_is_not_taken_for_damage(self, lack: Exception, tmp_path: Path, monkeypatch) -> None:
        store = FolderStore(tmp_path)
        store.put("prompts", A, ARRAYS, {})

        def refuse(*_: object) -> None:
            raise lack

        with monkeypatch.context() as short:
            short.setattr(hdf5, "_on_disk", refuse)
            with pytest.raises(StorageError, match=f"{A}.h5 could not be read"):
                store.mapped("prompts", A)
        found = store.mapped("prompts", A)
        assert found is not None
        np.testing.assert_array_equal(found.arrays["weights"], ARRAYS["weights"])

    def test_reading_reserves_what_the_file_has_not_what_it_may_have(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path)
        store.put("prompts", A, ARRAYS, {})
        tracemalloc.start()
        try:
            store.get("prompts", A)
            assert tracemalloc.get_traced_memory()[1] < hdf5.MAX_BYTES // 64
        finally:
            tracemalloc.stop()

    def test_the_root_can_be_chosen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
        assert cache_folder() == tmp_path
        monkeypatch.delenv(CACHE_VARIABLE)
        assert "mmap-studio" in str(cache_folder())
