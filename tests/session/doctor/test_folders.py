"""Folders that cannot be used, and disks that are full."""

import errno
import os

import pytest

from mmap_studio.session.doctor import folders
from mmap_studio.storage import disk
from tests.storage.faults import failing


def found(path, name="cache", variable="MMAP_STUDIO_CACHE"):
    return [(one.state, one.said, one.remedy) for one in folders.folder(name, path, variable)]


def test_a_folder_that_is_there_or_can_be_made_is_fine_and_left_as_it_was(tmp_path):
    assert found(tmp_path) == [("ok", "The cache folder can be written.", "")]
    assert found(tmp_path / "a" / "b") == [("ok", "The cache folder can be made.", "")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("code", "why"), [(errno.EACCES, "no permission"), (errno.EROFS, "read-only"),
                                           (errno.ENOSPC, "disk is full")])  # fmt: skip
def test_a_folder_that_takes_nothing_is_a_problem_with_the_reason(tmp_path, code, why):
    with disk.using(failing(1, code, forever=False).system()):
        ((state, said, remedy),) = found(tmp_path)
    assert state == "problem"
    assert why in said
    assert "MMAP_STUDIO_CACHE" in remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_a_problem(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert found(tmp_path)[0][0] == "problem"
    finally:
        tmp_path.chmod(0o700)


def test_what_is_no_folder_is_a_problem_and_for_settings_a_warning(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    assert "but is a file" in found(tmp_path / "file")[0][1]
    assert found(tmp_path / "file", "log", "")[0][0] == "warning"
    assert "leads nowhere" in found(tmp_path / "dead")[0][1]
    assert found(tmp_path / "file" / "below")[0][0] == "problem"


@pytest.mark.skipif(os.name == "nt", reason="modes")
def test_a_folder_that_everybody_may_write_to_is_a_warning(tmp_path):
    tmp_path.chmod(0o777)
    assert [state for state, _, _ in found(tmp_path)] == ["warning", "ok"]


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="statvfs")
def test_a_full_disk_is_a_problem_and_each_disk_is_told_once(tmp_path, monkeypatch):
    real = os.statvfs(tmp_path)

    def with_left(blocks):
        values = list(real)
        values[4] = blocks
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
        return [one.state for one in folders.free({"cache": tmp_path, "home": tmp_path / "not yet"})]

    assert with_left(10) == ["problem"]
    assert with_left(folders.LITTLE // real.f_frsize - 1) == ["warning"]
    assert with_left(folders.LITTLE // real.f_frsize + 1) == ["ok"]
