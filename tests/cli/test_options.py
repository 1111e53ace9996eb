"""Options of all commands: paths as they are given."""

from pathlib import Path

import pytest

from mmap_studio.cli.options import path_of
from mmap_studio.data.paths import expanded


@pytest.mark.parametrize("given", ["./~/a", "~nobody-of-this-name/a"])
def test_a_folder_with_a_tilde_in_its_name_is_not_the_home_folder_later(monkeypatch, tmp_path, given):
    monkeypatch.chdir(tmp_path)
    assert expanded(path_of(given)) == tmp_path / given


def test_the_home_folder_stands_for_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert (path_of("~/a"), path_of("a/~")) == (tmp_path / "a", Path("a/~"))


def test_a_project_in_a_home_folder_that_nobody_has_lies_in_one_of_that_name(mmap, place, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = mmap("new", "~nobody-of-this-name/x", "--data", place / "data")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "~nobody-of-this-name" / "x" / "project.toml").is_file()
