"""Exported folders of every kind: one older one gives way, anything else stays; what is wrong is said in one way."""

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage.method_folder import MethodFolder, SavedModel, load_method, save_method, verify_method
from mmap_studio.storage.prompt_folder import load_prompts, save_prompts, verify_prompts
from tests.storage.scenarios import prompt_folder

CLASSES = {"art": {"class_names": ["fox"], "template": "a {}.", "ensemble": ["a {}."]}}


def save_method_of(path, value):
    model = SavedModel(("art",), {"head": np.full((1, 2), value, np.float32)})
    save_method(path, MethodFolder((model,), CLASSES, "# card\n", {"value": value}))


KINDS = {
    "prompt folder": (lambda path, value: save_prompts(path, prompt_folder(value), replace=True), load_prompts,
                      verify_prompts, "mmap.json"),
    "method folder": (save_method_of, load_method, verify_method, "method.json"),
}  # fmt: skip


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param, *KINDS[request.param]


def test_what_file_managers_leave_does_not_stop_an_exchange(kind, tmp_path):
    _, save, load, verify, _ = kind
    save(tmp_path / "out", 1)
    (tmp_path / "out" / ".DS_Store").write_bytes(b"")
    save(tmp_path / "out", 5)
    assert load(tmp_path / "out").meta["value"] == 5
    assert verify(tmp_path / "out") == []


def test_a_folder_with_a_file_of_somebody_else_stays(kind, tmp_path):
    _, save, load, _, _ = kind
    save(tmp_path / "out", 1)
    (tmp_path / "out" / "more").mkdir()
    (tmp_path / "out" / "more" / "thesis.tex").write_text("years of work")
    with pytest.raises(StorageError, match=r"Found 'more' in it, which no export wrote"):
        save(tmp_path / "out", 5)
    assert load(tmp_path / "out").meta["value"] == 1


def test_a_link_is_not_replaced(kind, tmp_path):
    _, save, load, _, _ = kind
    save(tmp_path / "out", 1)
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with pytest.raises(StorageError, match="Found a file or a link there"):
        save(tmp_path / "link", 5)
    assert load(tmp_path / "out").meta["value"] == 1


def test_what_is_not_there_is_said(kind, tmp_path):
    name, _, load, verify, record = kind
    with pytest.raises(CorruptError, match=f"nowhere must be a {name}, but is not there; check the path"):
        load(tmp_path / "nowhere")
    with pytest.raises(CorruptError, match=rf"must be a {name}\. Found no {record} in it: choose the folder"):
        load(tmp_path)
    (problem,) = verify(tmp_path)
    assert "Found no" in problem
