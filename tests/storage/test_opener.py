"""Whatever lies under a name, opening it ends at once: with a regular file, or with one sentence."""

import os
import socket
from pathlib import Path

import pytest

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage import documents, opener


def odd(folder: Path, kind: str) -> Path:
    """What is no file, under the name of one."""
    path = folder / "odd.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            before = os.getcwd()
            os.chdir(folder)  # a socket's name has at most 107 letters
            try:
                one.bind(path.name)
            finally:
                os.chdir(before)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(kind)
    return path


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "/dev/zero", "/dev/stdin", "/dev/full"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = odd(tmp_path, kind)
    for read in (opener.read_bytes, opener.read_text, opener.file_sha256, documents.read_json, documents.read_toml):
        with pytest.raises((CorruptError, StorageError), match=r"odd\.json"):
            read(path)  # type: ignore[operator]


def test_a_link_is_followed_unless_it_must_not_be(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("mine")
    (tmp_path / "link.txt").symlink_to("secret.txt")
    assert opener.read_text(tmp_path / "link.txt") == "mine"
    with pytest.raises(StorageError, match=r"link\.txt must be a file or folder of its own, but is a link"):
        opener.read_text(tmp_path / "link.txt", within=tmp_path)


def test_a_sparse_file_of_any_size_costs_nothing(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(1 << 40)
    for read in (opener.read_bytes, opener.read_text, documents.read_json, documents.read_toml):
        with pytest.raises(CorruptError, match="at most"):
            read(tmp_path / "large.json")  # type: ignore[operator]


def test_other_bytes_than_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CorruptError, match="UTF-8"):
        documents.read_toml(tmp_path / "a.toml")
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfa = 1")
    assert documents.read_toml(tmp_path / "a.toml") == {"a": 1}
