"""The writer's ordinary behaviour; its behaviour on bad days is in test_faults, test_kills and test_mutants."""

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from mmap_studio.errors import InputError, StorageError
from mmap_studio.storage import atomic, disk, temporaries
from mmap_studio.storage.os_errors import REASONS, storage_error
from tests.storage.scenarios import dead_process


def temporary(folder: Path, pid: int, ending: str = "tmp", host: str | None = None) -> Path:
    return folder / f".mmap-{host or temporaries.host()}-{pid}-0.{ending}"


def test_files_are_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for data in (b"one", b"", bytes(range(256)) * 5000, memoryview(b"view"), bytearray(b"array")):
        atomic.write_bytes(path, data)
        assert path.read_bytes() == bytes(data)
    atomic.write_text(path, "ä\n")
    assert path.read_bytes() == "ä\n".encode()
    atomic.write_json(path, {"b": 1, "a": [0.5, None]})
    assert path.read_text() == '{\n  "a": [\n    0.5,\n    null\n  ],\n  "b": 1\n}\n'
    assert [item.name for item in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none/a\.txt could not be written: the file or its folder does not exist"):
        atomic.write_text(tmp_path / "none" / "a.txt", "x")


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim.txt").write_text("mine")
    (tmp_path / "link.txt").symlink_to(tmp_path / "victim.txt")
    atomic.write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "victim.txt").read_text() == "mine"
    assert (tmp_path / "link.txt").read_text() == "new"


def test_readers_keep_the_file_they_opened(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "a", "old")
    with (tmp_path / "a").open() as file:
        atomic.write_text(tmp_path / "a", "new")
        assert file.read() == "old"


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_cause_has_a_sentence(code: int) -> None:
    error = storage_error(Path("a.txt"), OSError(code, os.strerror(code)))
    assert str(error).startswith(f"a.txt could not be written: {REASONS[code][0]} ({errno.errorcode[code]}). ")
    assert (error.errno, error.filename) == (code, "a.txt")


def test_a_cause_without_a_sentence_is_told_in_the_systems_words() -> None:
    assert "No such device" in str(storage_error(Path("a"), OSError(errno.ENODEV, "No such device")))
    assert "odd" in str(storage_error(Path("a"), OSError("odd")))


def test_lines_are_appended_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    assert atomic.read_lines(path) == []
    atomic.append_line(path, "one ä")
    atomic.append_line(path, "two\nthree")
    assert atomic.read_lines(path) == ["one ä", "two", "three"]


@pytest.mark.parametrize("torn", [b"x", b"y" * 5000, b"\xff" * 4096])
@pytest.mark.parametrize("whole", [b"", b"one\n", b"z" * 9000 + b"\n"])
def test_a_torn_line_is_dropped_and_then_cut_away(torn: bytes, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(whole + torn)
    assert atomic.read_lines(path) == whole.decode().splitlines()
    atomic.append_line(path, "next")
    assert path.read_bytes() == whole + b"next\n"


def test_threads_append_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"

    def work(name: int) -> None:
        for _ in range(20):
            atomic.append_line(path, f"{name}" * 500)

    with disk.using(disk.System(fsync=lambda handle: None)):
        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(atomic.read_lines(path)) == sorted(f"{name}" * 500 for name in range(4) for _ in range(20))


def test_folders_are_made_and_removed(tmp_path: Path) -> None:
    atomic.make_folder(tmp_path / "a" / "b" / "c")
    atomic.make_folder(tmp_path / "a" / "b" / "c")
    (tmp_path / "a" / "file").write_text("x")
    (tmp_path / "a" / "b" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine").write_text("x")
    with pytest.raises(StorageError, match=r"file/d could not be made: a folder of that path is a file \(ENOTDIR\)"):
        atomic.make_folder(tmp_path / "a" / "file" / "d")
    atomic.remove(tmp_path / "a" / "b" / "link")
    (tmp_path / "a" / "b" / "link").symlink_to(tmp_path / "outside")
    atomic.remove(tmp_path / "a")
    atomic.remove(tmp_path / "a")
    assert [path.name for path in tmp_path.rglob("*")] == ["outside", "mine"]


def test_nothing_is_set_aside_over_something(tmp_path: Path) -> None:
    places = []
    for text in ("one", "two"):
        (tmp_path / "a.h5").write_text(text)
        places.append(atomic.set_aside(tmp_path / "a.h5"))
    assert [place.read_text() for place in places] == ["one", "two"]
    assert {place.parent for place in places} == {tmp_path / "quarantine"}


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../../x", "a//b", "./a", "a\\b", "a\0b", "a/"])
def test_files_of_a_folder_stay_in_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must have a plain relative name"):
        atomic.write_folder(tmp_path / "out", {name: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_folders_appear_whole(tmp_path: Path) -> None:
    atomic.write_folder(tmp_path / "out", {"a/b/c.txt": b"1", "d.txt": b"2"})
    assert (tmp_path / "out" / "a" / "b" / "c.txt").read_bytes() == b"1"
    with pytest.raises(StorageError, match="must be a free name or an empty folder") as refused:
        atomic.write_folder(tmp_path / "out", {"e": b"3"})
    assert refused.value.errno == errno.EEXIST
    atomic.write_folder(tmp_path / "out", {"e": b"3"}, replace=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["e"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_sweeping_spares_the_living_and_what_is_not_ours(tmp_path: Path) -> None:
    gone = [temporary(tmp_path, dead_process()), temporary(tmp_path, os.getpid())]
    kept = [temporary(tmp_path, os.getppid()), temporary(tmp_path, dead_process(), host="0" * 8), tmp_path / ".tmp"]
    for path in gone + kept:
        path.write_bytes(b"half")
    with temporaries.claimed(tmp_path / "a") as busy:
        busy.write_bytes(b"half")
        assert atomic.sweep(tmp_path) == sorted(gone)
        assert busy.exists()
    assert all(path.exists() for path in kept)
    old = time.time() - 25 * 3600
    os.utime(kept[1], (old, old))  # of another computer, and a day old
    assert set(atomic.sweep(tmp_path)) == {kept[1], busy}
    assert atomic.sweep(tmp_path / "none") == []


def test_a_folder_is_recovered_only_when_its_owner_is_gone(tmp_path: Path) -> None:
    moved = temporary(tmp_path, os.getppid(), "old.out")
    moved.mkdir()
    assert not atomic.recover_folder(tmp_path / "out")
    moved.rename(temporary(tmp_path, dead_process(), "old.out"))
    assert not atomic.recover_folder(tmp_path / "ou")
    assert atomic.recover_folder(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
