"""A folder from somebody else, with links where files and folders must be: nothing outside is touched."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.errors import StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.opener import read_bytes
from mmap_studio.storage.prompt_folder import load_prompts, save_prompts
from mmap_studio.storage.runs import RunFolder, sweep_runs
from mmap_studio.storage.store import FolderStore
from mmap_studio.storage.temporaries import host
from tests.storage.scenarios import dead_process


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of the user's that is none of ours."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "diary.txt").write_text("first\nsecond, without a line end")
    (folder / f".mmap-{host()}-{dead_process()}-0.tmp").write_text("looks like one of ours")
    return folder


@pytest.fixture
def ours(tmp_path: Path, victim: Path) -> Path:
    """A project with a folder and a file that lead to the user's."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "out").symlink_to(victim)
    (folder / "diary.txt").symlink_to(victim / "diary.txt")
    return folder


def seen(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


WRITES: dict[str, Callable[[Path], object]] = {
    "write": lambda root: atomic.write_text(root / "out" / "diary.txt", "x", root),
    "append": lambda root: atomic.append_line(root / "out" / "diary.txt", "x", root),
    "append to a link": lambda root: atomic.append_line(root / "diary.txt", "x", root),
    "make a folder": lambda root: atomic.make_folder(root / "out" / "inner", root),
    "make the link": lambda root: atomic.make_folder(root / "out", root),
    "remove": lambda root: atomic.remove(root / "out" / "diary.txt", root),
    "set aside": lambda root: atomic.set_aside(root / "out" / "diary.txt", root),
    "move out": lambda root: atomic.move(root / "out" / "diary.txt", root / "here.txt", root),
    "move in": lambda root: atomic.move(root / "mine.txt", root / "out" / "mine.txt", root),
    "write a folder": lambda root: atomic.write_folder(root / "out" / "new", {"a": b""}, within=root),
    "replace a folder": lambda root: atomic.write_folder(root / "out", {"a": b""}, replace=True, within=root),
    "read": lambda root: read_bytes(root / "out" / "diary.txt", within=root),
    "read a link": lambda root: read_bytes(root / "diary.txt", within=root),
    "read lines": lambda root: atomic.read_lines(root / "diary.txt", root),
    "new run": lambda root: RunFolder.new(root / "out", "run"),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_link_is_refused_by_name(name: str, ours: Path, victim: Path) -> None:
    before = seen(victim)
    with pytest.raises(StorageError, match=rf"{ours}/(out|diary\.txt)\b.*(link|free name)"):
        WRITES[name](ours)
    assert seen(victim) == before


def test_sweeping_stays_inside(ours: Path, victim: Path) -> None:
    before = seen(victim)
    assert atomic.sweep(ours / "out", ours) == []
    assert seen(victim) == before
    assert atomic.sweep(victim) != []  # what it would have done


def test_a_link_is_replaced_by_a_file_not_written_through(ours: Path, victim: Path) -> None:
    atomic.write_text(ours / "diary.txt", "ours", ours)
    assert (victim / "diary.txt").read_text().startswith("first")
    assert (ours / "diary.txt").read_text() == "ours"


def test_a_file_with_another_name_elsewhere_is_not_appended_to(tmp_path: Path, victim: Path) -> None:
    os.link(victim / "diary.txt", tmp_path / "log.txt")
    before = seen(victim)
    for within in (None, tmp_path):
        with pytest.raises(StorageError, match=r"log\.txt could not be written: it is one file under several names"):
            atomic.append_line(tmp_path / "log.txt", "x", within)
    assert seen(victim) == before


def test_a_link_of_the_users_own_above_the_folder_is_theirs(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "named").symlink_to(tmp_path / "real")
    atomic.write_text(tmp_path / "named" / "a", "x", tmp_path / "named")
    atomic.append_line(tmp_path / "named" / "b", "x", tmp_path / "named")
    assert sorted(os.listdir(tmp_path / "real")) == ["a", "b"]


def test_a_folder_exchanged_for_a_link_while_it_is_written_to(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is checked, then exchanged: the bytes stay in the folder that was checked."""
    from mmap_studio.storage import disk

    folder = tmp_path / "project" / "runs"
    folder.mkdir(parents=True)
    before = seen(victim)

    def exchanged(path: Path, *arguments: object, **place: object) -> int:
        if not folder.is_symlink():
            folder.rename(tmp_path / "project" / "moved")
            folder.symlink_to(victim)
        return disk._open(path, *arguments, **place)  # type: ignore[arg-type]

    with disk.using(disk.System(open=exchanged)):
        atomic.write_text(folder / "diary.txt", "x", tmp_path / "project")
    assert seen(victim) == before
    assert (tmp_path / "project" / "moved" / "diary.txt").read_text() == "x"


@pytest.mark.parametrize("name", ["log.txt", "metrics.jsonl"])
@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_a_run_from_elsewhere_appends_to_nothing_of_the_users(
    tmp_path: Path, victim: Path, name: str, link: str
) -> None:
    run = RunFolder.new(tmp_path / "project" / "runs", "run")
    place = run.path / name
    place.symlink_to(victim / "diary.txt") if link == "symbolic" else os.link(victim / "diary.txt", place)
    before = seen(victim)
    with pytest.raises(StorageError, match=name.replace(".", r"\.")):
        run.log("x") if name == "log.txt" else run.append_metrics({"a": 1})
    assert seen(victim) == before


def test_a_line_of_the_log_is_one_line(tmp_path: Path) -> None:
    run = RunFolder.new(tmp_path / "runs", "run")
    run.log("Task 'a\nssh-rsa AAAA\x1b[2J\u202e' is read")
    assert (run.path / "log.txt").read_text() == "Task 'a\\nssh-rsa AAAA\\x1b[2J\\u202e' is read\n"


def test_a_run_that_is_a_link_is_damaged_and_left_alone(tmp_path: Path, victim: Path) -> None:
    run = RunFolder.new(tmp_path / "elsewhere" / "runs", "run")
    (tmp_path / "project" / "runs").mkdir(parents=True)
    link = tmp_path / "project" / "runs" / run.name
    link.symlink_to(run.path)
    assert RunFolder(link).state == "damaged"
    assert run.state == "running"
    before = seen(run.path)
    sweep_runs(link.parent)
    for write in (lambda: RunFolder(link).resume(), lambda: RunFolder(link).finish()):
        with pytest.raises(StorageError, match="is a link"):
            write()
    assert seen(run.path) == before


def test_a_record_that_lists_files_above_its_folder(tmp_path: Path, victim: Path) -> None:
    from mmap_studio.storage.json_text import sealed

    run = RunFolder.new(tmp_path / "runs", "run")
    for name in ("../../home/diary.txt", str(victim / "diary.txt"), "a//b", "."):
        files = {name: {"bytes": 3, "sha256": "0" * 64}}
        (run.path / "run.json").write_text(sealed({"state": "finished", "files": files}))
        assert "plain relative name" in run.verify()[0]


def test_a_cache_whose_kinds_lead_elsewhere(tmp_path: Path, victim: Path) -> None:
    store = FolderStore(tmp_path / "cache")
    store.put("pixels", "0" * 8, {"a": np.zeros(3)}, {})
    (tmp_path / "cache" / "prompts").symlink_to(victim)
    before = seen(victim)
    store.sweep()
    assert [entry.kind for entry in store.entries()] == ["pixels"]
    for act in (
        lambda: store.put("prompts", "0" * 8, {"a": np.zeros(3)}, {}),
        lambda: store.remove("prompts", "0" * 8),
    ):
        with pytest.raises(StorageError, match="cache/prompts must be a file or folder of its own, but is a link"):
            act()
    store.prune(everything=True)
    assert seen(victim) == before


def test_prompts_are_read_from_their_folder_alone(tmp_path: Path, victim: Path) -> None:
    from tests.storage.scenarios import prompt_folder

    save_prompts(tmp_path / "prompts", prompt_folder(1))
    (tmp_path / "copy").mkdir()
    for path in (tmp_path / "prompts").iterdir():
        (tmp_path / "copy" / path.name).symlink_to(path)
    with pytest.raises(StorageError, match=r"copy/mmap\.json must be a file or folder of its own, but is a link"):
        load_prompts(tmp_path / "copy")
