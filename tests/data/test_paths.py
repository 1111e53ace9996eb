"""Paths that lead nowhere stay as they are written; none of them raises."""

import os
from pathlib import Path

import pytest

from mmap_studio.data.paths import expanded, home, is_unicode, real, resolved


def test_the_home_folder_stands_for_a_tilde_where_it_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert (expanded("~/a"), home()) == (tmp_path / "a", tmp_path)
    assert expanded("~nobody-of-this-name/a") == Path("~nobody-of-this-name/a")
    assert expanded("a/~") == Path("a/~")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users without a name")
def test_a_user_without_a_name_has_no_home(monkeypatch):
    import pwd

    def unknown(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert home() == Path("~")


def test_links_are_followed_as_far_as_they_lead(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "blob").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "a.png").symlink_to(tmp_path / "blob")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert real(tmp_path / "link" / "a") == tmp_path / "folder" / "a"
    assert resolved(tmp_path / "link") == tmp_path / "folder"
    assert resolved(tmp_path / "a.png") == tmp_path / "a.png"
    for follow in (real, resolved):
        assert follow(tmp_path / "loop" / "a") == tmp_path / "loop" / "a"


@pytest.mark.parametrize(("path", "said"), [("a\nä", True), (os.fsdecode(b"a\xff"), False)])
def test_names_that_no_text_can_hold(path, said):
    assert is_unicode(path) is said
