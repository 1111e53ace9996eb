"""Prompt folders: the layout, the way there and back, and what is refused."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.storage.adapter_files import Adapter, slug
from mmap_studio.storage.json_text import sealed
from mmap_studio.storage.opener import fingerprint
from mmap_studio.storage.prompt_folder import (
    PromptFolder,
    load_prompts,
    named,
    prompt_files,
    save_prompts,
    verify_prompts,
)
from tests.storage.scenarios import IMAGE, ROWS, TEXT, D, M, N, prompt_folder


def test_the_layout_is_pefts(tmp_path: Path) -> None:
    save_prompts(tmp_path / "out", prompt_folder(1))
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert names == [
        "README.md",
        "classes.json",
        "group_1/adapter_config.json",
        "group_1/adapter_model.safetensors",
        "mmap.json",
        "task_real-world/adapter_config.json",
        "task_real-world/adapter_model.safetensors",
    ]
    config = json.loads((tmp_path / "out" / "group_1" / "adapter_config.json").read_text())
    assert list(config) == sorted(config)
    assert config == {
        "depth": D,
        "group": "1",
        "kind": "group",
        "name": "1",
        "num_virtual_tokens": M * ROWS,
        "peft_type": "MMAP",
        "seed": 0,
        "source_shape": [M, N],
        "tasks": ["Art", "Real World"],
        "token_dim": N * TEXT,
        "vision_dim": N * IMAGE,
    }
    arrays = safetensors.numpy.load_file(tmp_path / "out" / "group_1" / "adapter_model.safetensors")
    assert {name: array.shape for name, array in arrays.items()} == {
        "source_prompt": (D, M, N),
        "text_factor": (D, ROWS, TEXT),
        "image_factor": (D, ROWS, IMAGE),
    }


def test_there_and_back_gives_the_same_bytes(tmp_path: Path) -> None:
    before = prompt_folder(2)
    save_prompts(tmp_path / "out", before)
    after = load_prompts(tmp_path / "out")
    assert prompt_files(after) == prompt_files(before)
    assert (after.card, after.meta, dict(after.classes)) == (before.card, before.meta, before.classes)
    for name, adapter in before.adapters.items():
        for key, array in adapter.arrays.items():
            np.testing.assert_array_equal(after.adapters[name].arrays[key], array)
            assert not after.adapters[name].arrays[key].flags.writeable
    assert after.adapter("task", "Real World") is after.adapters["task_real-world"]
    assert after.adapter("task", "Nowhere") is None
    assert verify_prompts(tmp_path / "out") == []


NAMES = [
    "Art",
    "art",
    "ART ",
    "A/B",
    "../../etc",
    "日本",
    "中国",
    "con",
    "",
    ".",
    "a" * 300,
    "\0",
    "é",
    "e\u0301",
    "-",
    "🙂",
]


def test_folder_names_are_safe_and_distinct_whatever_the_real_ones() -> None:
    arrays = prompt_folder(1).adapters["group_1"].arrays
    folders = list(named(Adapter("task", name, (name,), arrays) for name in NAMES))
    assert len(folders) == len(NAMES)
    assert len({name.lower() for name in folders}) == len(NAMES)
    assert all(re.fullmatch(r"task_[a-z0-9][a-z0-9_-]{0,80}", name) for name in folders)
    assert folders[:3] == ["task_art", "task_art-2", "task_art-3"]


def test_slugs() -> None:
    assert slug("Real World (v2)") == "real-world-v2"
    assert slug("Ärzte") == "arzte"
    assert slug("日本") != slug("中国")
    assert len(slug("x" * 300)) <= 48


def test_names_of_any_kind_survive(tmp_path: Path) -> None:
    arrays = prompt_folder(1).adapters["group_1"].arrays
    name = "../日本 \"Art\" & 'ä'\n"
    classes = {name: {"class_names": ["bed/desk", "ä"], "template": "{}", "group": None}}
    folder = PromptFolder(named([Adapter("task", name, (name,), arrays)]), classes)
    save_prompts(tmp_path / "out", folder)
    assert load_prompts(tmp_path / "out").adapter("task", name) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def change(folder: PromptFolder, key: str = "group_1", **fields: Any) -> PromptFolder:
    adapters = {**folder.adapters, key: dataclasses.replace(folder.adapters[key], **fields)}
    return dataclasses.replace(folder, adapters=adapters)


GOOD = prompt_folder(1)
ARRAYS = dict(GOOD.adapters["group_1"].arrays)
CLASSES: dict[str, Any] = {"class_names": ["a"], "template": "{}", "group": None}
REFUSED = [
    (change(GOOD, arrays={**ARRAYS, "source_prompt": np.full((D, M, N), np.nan)}), "must be finite"),
    (change(GOOD, arrays={"source_prompt": ARRAYS["source_prompt"]}), r"Got arrays \['source_prompt'\] instead"),
    (change(GOOD, arrays={**ARRAYS, "extra": np.zeros(1)}), r"Got arrays \['extra'"),
    (change(GOOD, arrays={**ARRAYS, "text_factor": np.zeros((D + 1, ROWS, TEXT))}), r"Got shapes \[\(2, 2, 4\), \(3"),
    (change(GOOD, arrays={**ARRAYS, "text_factor": np.zeros((D, ROWS, TEXT + 1))}), "adapters of one shape"),
    (change(GOOD, config={"depth": 7}), f"depth must be {D}. Got 7 instead"),
    (change(GOOD, config={"tasks": ["Clipart"]}), "tasks must be"),
    (change(GOOD, members=()), "must have its member tasks"),
    (change(GOOD, "task_real-world", members=("Art",)), "must have its member tasks"),
    (change(GOOD, members=("Real World",)), "must hold prompts for task 'Art'"),
    (change(GOOD, config={"loss": float("inf")}), "finite"),
    (dataclasses.replace(GOOD, adapters={}), "Got 0 different shapes"),
    (dataclasses.replace(GOOD, adapters={"../x": GOOD.adapters["group_1"]}), r"Got '\.\./x' instead"),
    (dataclasses.replace(GOOD, adapters={"group_A": GOOD.adapters["group_1"]}), "Got 'group_A' instead"),
    (dataclasses.replace(GOOD, classes={"Art": {**CLASSES, "group": "2"}}), r"prompts for task 'Art'"),
    (dataclasses.replace(GOOD, classes={"Art": CLASSES}), r"Got none for it \(group None\)"),
    (dataclasses.replace(GOOD, classes={"Real World": {**CLASSES, "template": "no place"}}), "template with {}"),
    (dataclasses.replace(GOOD, classes={"Real World": {**CLASSES, "class_names": []}}), "must give class names"),
    (dataclasses.replace(GOOD, classes={"Real World": {**CLASSES, "class_names": "ab"}}), "must give class names"),
    (dataclasses.replace(GOOD, classes={"Real World": {"class_names": ["a"]}}), "class_names, template and group"),
    (dataclasses.replace(GOOD, meta={"accuracy": float("nan")}), "finite"),
]


@pytest.mark.parametrize(("folder", "text"), REFUSED, ids=[text[:24] for _, text in REFUSED])
def test_what_does_not_fit_is_not_written(folder: PromptFolder, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=text):
        save_prompts(tmp_path / "out", folder)
    assert list(tmp_path.iterdir()) == []


def resealed(folder: Path, name: str, data: bytes) -> None:
    """Change a file as an attacker would: with its checksums made to agree."""
    (folder / name).write_bytes(data)
    record = json.loads((folder / "mmap.json").read_text())
    del record["sha256"]
    record["files"][name] = fingerprint(data)
    (folder / "mmap.json").write_text(sealed(record))


def adapter_bytes(**changed: Any) -> bytes:
    return safetensors.numpy.save({**ARRAYS, **changed})


MODEL, CONFIG = "group_1/adapter_model.safetensors", "group_1/adapter_config.json"
HOSTILE: list[tuple[str, bytes]] = [
    (MODEL, adapter_bytes(extra=np.zeros(3, np.float32))),
    (MODEL, adapter_bytes(source_prompt=np.full((D, M, N), np.nan, np.float32))),
    (MODEL, adapter_bytes(source_prompt=np.zeros((D, M, N)))),
    (MODEL, adapter_bytes(source_prompt=np.zeros((D, M), np.float32))),
    (MODEL, adapter_bytes(source_prompt=np.zeros((D, M, 2 * N), np.float32))),
    (MODEL, b""),
    (MODEL, b"\x80\x04pickle"),
    (CONFIG, b"[]"),
    (CONFIG, b"{}"),
    (CONFIG, b"not JSON"),
    (CONFIG, b'{"kind": "group", "name": "2", "tasks": ["Art"]}'),
    (CONFIG, b'{"kind": "group", "name": 1, "tasks": [3]}'),
    ("classes.json", b'{"Clipart": {"class_names": ["a"], "template": "{}", "group": null}}'),
    ("classes.json", b'{"Art": 3}'),
    ("classes.json", b"[]"),
    ("classes.json", b"{"),
]


@pytest.mark.parametrize(("name", "data"), HOSTILE)
def test_checksums_that_agree_are_not_enough(name: str, data: bytes, tmp_path: Path) -> None:
    save_prompts(tmp_path / "out", GOOD)
    resealed(tmp_path / "out", name, data)
    with pytest.raises(CorruptError):
        load_prompts(tmp_path / "out")


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", "x"), ("version", 2), ("adapters", 3), ("adapters", [{"folder": "../../etc"}]), ("files", {}),
     ("adapters", [{"folder": "group_1/../.."}]), ("files", {"../x": {}}), ("files", None)],
)  # fmt: skip
def test_records_cannot_lead_elsewhere(key: str, value: Any, tmp_path: Path) -> None:
    save_prompts(tmp_path / "out", GOOD)
    record = json.loads((tmp_path / "out" / "mmap.json").read_text())
    del record["sha256"]
    (tmp_path / "out" / "mmap.json").write_text(sealed({**record, key: value}))
    with pytest.raises(CorruptError, match=r"mmap\.json (must|cannot be used)"):
        load_prompts(tmp_path / "out")


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CorruptError, match=r"must be a prompt folder\. Found no mmap\.json in it"):
        load_prompts(tmp_path)
    with pytest.raises(CorruptError, match=r"nowhere must be a prompt folder, but is not there"):
        load_prompts(tmp_path / "nowhere")


def test_the_card_may_be_edited(tmp_path: Path) -> None:
    save_prompts(tmp_path / "out", GOOD)
    (tmp_path / "out" / "README.md").write_text("# mine")
    assert load_prompts(tmp_path / "out").card == "# mine"
    assert len(verify_prompts(tmp_path / "out")) == 1
    (tmp_path / "out" / "README.md").unlink()
    assert load_prompts(tmp_path / "out").card == ""


def test_replacing_deletes_prompt_folders_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    save_prompts(out, GOOD)
    with pytest.raises(StorageError, match="must be a free name or an empty folder"):
        save_prompts(out, GOOD)
    (out / ".DS_Store").write_bytes(b"")
    save_prompts(out, prompt_folder(5), replace=True)
    assert load_prompts(out).meta["value"] == 5
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(StorageError, match=r"Found 'thesis\.tex' in it, which no export wrote"):
        save_prompts(out, GOOD, replace=True)
    assert (out / "thesis.tex").read_text() == "years of work"
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"x")
    with pytest.raises(StorageError, match="will not be replaced"):
        save_prompts(photos, GOOD, replace=True)
    with pytest.raises(StorageError, match="Found a file or a link there"):
        save_prompts(photos / "a.jpg", GOOD, replace=True)
    assert (photos / "a.jpg").read_bytes() == b"x"


def test_an_empty_folder_may_be_filled_and_parents_are_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    save_prompts(tmp_path / "empty", GOOD)
    save_prompts(tmp_path / "a" / "b" / "out", GOOD)
    assert load_prompts(tmp_path / "a" / "b" / "out").meta == load_prompts(tmp_path / "empty").meta


def _with_residual(codes: tuple[int, ...], directions: tuple[int, ...]) -> PromptFolder:
    folder = prompt_folder(1)
    group = folder.adapters["group_1"]
    arrays = {"class_codes": np.ones(codes, np.float32), "class_directions": np.ones(directions, np.float32)}
    changed = dataclasses.replace(group, arrays={**group.arrays, **arrays})
    return dataclasses.replace(folder, adapters={**folder.adapters, "group_1": changed})


def test_residuals_of_classes_are_a_groups_own(tmp_path: Path) -> None:
    save_prompts(tmp_path / "out", _with_residual((5, 2), (2, 7)))
    found = load_prompts(tmp_path / "out").adapters["group_1"]
    assert found.arrays["class_codes"].shape == (5, 2)
    assert (found.config["classes"], found.config["class_rank"], found.config["embed_dim"]) == (5, 2, 7)


@pytest.mark.parametrize(("codes", "directions"), [((5, 2), (3, 7)), ((5,), (2, 7)), ((0, 2), (2, 7))])
def test_residuals_that_do_not_fit_are_refused(codes: tuple[int, ...], directions: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="shapes"):
        prompt_files(_with_residual(codes, directions))
