"""Method folders: whole or absent, every changed byte noticed, nothing else ever replaced."""

import json

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.storage.json_text import sealed
from mmap_studio.storage.method_folder import (
    RECORD,
    MethodFolder,
    SavedModel,
    is_method_folder,
    load_method,
    save_method,
    verify_method,
)

CLASSES = {
    name: {"class_names": ["fox", "red car"], "template": "a {}.", "ensemble": ["a {}."]} for name in ("art", "real")
}
MODELS = (
    SavedModel(("art",), {"head.0": np.arange(6, dtype=np.float32).reshape(2, 3), "keys": np.array([0, 1])}),
    SavedModel(("real",), {"head.0": np.ones((2, 3), np.float32), "keys": np.array([1, 0])}),
)


@pytest.fixture
def folder(tmp_path):
    save_method(tmp_path / "out", MethodFolder(MODELS, CLASSES, "# card\n", {"method": "ridge"}))
    return tmp_path / "out"


def test_what_is_saved_comes_back(folder):
    assert is_method_folder(folder)
    found = load_method(folder)
    assert found.card == "# card\n"
    assert found.meta == {"method": "ridge"}
    assert found.classes == CLASSES
    for one, saved in zip(found.models, MODELS, strict=True):
        assert one.tasks == saved.tasks
        assert {name: array.dtype for name, array in one.arrays.items()} == {"head.0": np.float32, "keys": np.int64}
        assert all(np.array_equal(one.arrays[name], saved.arrays[name]) for name in saved.arrays)
    assert verify_method(folder) == []


def test_every_changed_byte_of_every_file_is_noticed(folder):
    for file in sorted(folder.iterdir()):
        before = file.read_bytes()
        for place in {0, len(before) // 2, len(before) - 1}:
            changed = bytearray(before)
            changed[place] ^= 1
            file.write_bytes(bytes(changed))
            assert verify_method(folder), f"{file.name}, byte {place}"
            if file.suffix != ".md":
                with pytest.raises(CorruptError):
                    load_method(folder)
        file.write_bytes(before)
    assert verify_method(folder) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r["models"][0].update(file="../../other.safetensors"), "models"),
        (lambda r: r["models"][0].update(tasks=["real"]), "one model for every task"),
        (lambda r: r["files"].update({"more.txt": r["files"]["README.md"]}), "must list the files of its models"),
        (lambda r: r.update(models=[]), "models"),
        (lambda r: r["models"][1].update(file="model_0.safetensors"), "must list the files of its models"),
        (lambda r: r["files"]["model_0.safetensors"].update(bytes=1 << 40), "it is no export of ours"),
        (lambda r: r.update(version=7), "version 7: update the studio"),
        (lambda r: r["classes"]["art"].update(class_names=[]), "class_names"),
        (lambda r: r["classes"].update({"art": 3}), "classes"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(folder, change, sentence):
    record = json.loads((folder / RECORD).read_text())
    del record["sha256"]
    change(record)
    (folder / RECORD).write_text(sealed(record))
    with pytest.raises(CorruptError, match=sentence):
        load_method(folder)


def test_an_older_one_is_exchanged_and_a_folder_of_anything_else_is_not(folder, tmp_path):
    save_method(folder, MethodFolder(MODELS[:1], {"art": CLASSES["art"]}, "new"))
    assert len(load_method(folder).models) == 1
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"'mine\.txt'"):
        save_method(folder, MethodFolder(MODELS, CLASSES))
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.png").write_bytes(b"cat")
    with pytest.raises(StorageError, match="will not be replaced"):
        save_method(other, MethodFolder(MODELS, CLASSES))
    assert (other / "cat.png").read_bytes() == b"cat"


def test_numbers_that_are_not_finite_are_not_saved(tmp_path):
    with pytest.raises(InputError, match="finite"):
        save_method(tmp_path / "out", MethodFolder((SavedModel(("art",), {"a": np.array([np.nan], np.float32)}),), {}))
    assert not (tmp_path / "out").exists()


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path):
    secret = tmp_path / "secret.safetensors"
    (folder / "model_0.safetensors").rename(secret)
    (folder / "model_0.safetensors").symlink_to(secret)
    with pytest.raises((CorruptError, StorageError)):
        load_method(folder)
