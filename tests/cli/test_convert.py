"""`convert`: what it says of an archive, and of what is none."""

import errno
import json
import os
from dataclasses import replace

import pytest

from mmap_studio.session.backbones import conversion
from mmap_studio.storage import disk
from tests.lazy import imported_later
from tests.torchscript import saved

with imported_later():
    import torch

pytestmark = pytest.mark.filterwarnings("ignore")


def test_openais_archive_becomes_a_backbone_that_a_run_opens(mmap, openai_archive, tmp_path):
    said = mmap("convert", openai_archive, "--out", tmp_path / "tiny")
    assert said.exit_code == 0, said.stderr
    assert said.stdout.startswith(f"{tmp_path / 'tiny'} is a backbone by its folder's name (")
    found = json.loads(mmap("inspect", tmp_path / "tiny" / "open_clip_model.safetensors", "--json").stdout)
    assert (found["kind"], found["problems"]) == ("safetensors", [])


def test_weights_without_an_architecture_as_a_document(mmap, tmp_path):
    (tmp_path / "w.pt").write_bytes(saved(torch.jit.script(torch.nn.Linear(3, 2))))
    document = json.loads(mmap("convert", tmp_path / "w.pt", "--out", tmp_path / "w", "--json").stdout)
    assert document == {
        "format": 1, "folder": str(tmp_path / "w"), "weights": str(tmp_path / "w" / "open_clip_model.safetensors"),
        "architecture": "", "backbone": "", "tensors": 2, "numbers": 8,
    }  # fmt: skip


def test_another_file_and_a_missing_folder(mmap, tmp_path):
    (tmp_path / "w.pt").write_text("x")
    said = mmap("convert", tmp_path / "w.pt", "--out", tmp_path / "w")
    assert (said.exit_code, said.stdout) == (1, "")
    assert "must be a TorchScript archive" in said.stderr
    assert mmap("convert", tmp_path / "w.pt").exit_code == 2


@pytest.mark.parametrize("taken", ["the archive", "its folder", "a file", "a link to nothing"])
def test_a_place_that_is_taken_is_refused_before_the_archive_is_read(
    mmap, openai_archive, tmp_path, monkeypatch, taken
):
    archive = tmp_path / "archive.pt"
    archive.write_bytes(openai_archive.read_bytes())
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    out = {"the archive": archive, "its folder": tmp_path, "a file": tmp_path / "file"}.get(taken, tmp_path / "link")
    monkeypatch.setattr(conversion, "weights_of", lambda path: pytest.fail("the archive was read"))
    said = mmap("convert", archive, "--out", out)
    assert (said.exit_code, said.stderr.count("\n")) == (1, 1)
    assert "must be a free name or an empty folder" in said.stderr
    assert archive.read_bytes() == openai_archive.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["archive.pt", "file", "link"]


def test_an_archive_that_needs_more_memory_than_there_is(mmap, tmp_path, monkeypatch):
    archive = tmp_path / "w.pt"
    archive.write_bytes(saved(torch.jit.script(torch.nn.Linear(3, 2))))
    os.truncate(archive, 10**9)  # a hole, which takes no room on the disk
    monkeypatch.setattr(conversion, "available", lambda: 2 * 10**9)
    said = mmap("convert", archive, "--out", tmp_path / "w")
    assert said.exit_code == 1
    assert said.stderr.startswith(f"{archive} needs 3.0 GB of memory to be converted, and 2.0 GB are free; close other")
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_an_archive_that_is_cut_off(mmap, openai_archive, tmp_path, share):
    whole = openai_archive.read_bytes()
    (tmp_path / "w.pt").write_bytes(whole[: int(share * len(whole))])
    said = mmap("convert", tmp_path / "w.pt", "--out", tmp_path / "w")
    assert (said.exit_code, said.stdout, said.stderr.count("\n")) == (1, "", 1)
    assert os.listdir(tmp_path) == ["w.pt"]


@pytest.mark.parametrize("call", ["mkdir", "write", "fsync", "replace"])
def test_a_full_disk_leaves_no_half_checkpoint(mmap, openai_archive, tmp_path, call):
    def full(*args, **place):
        raise OSError(errno.ENOSPC, "No space left on device")

    with disk.using(replace(disk.SYSTEM, **{call: full})):
        said = mmap("convert", openai_archive, "--out", tmp_path / "tiny")
    assert (said.exit_code, said.stderr.count("\n")) == (1, 1)
    assert "the disk is full (ENOSPC)" in said.stderr
    assert os.listdir(tmp_path) == []


def test_a_name_with_a_line_end_is_told_on_one_line(mmap, tmp_path):
    (tmp_path / "w.pt").write_bytes(saved(torch.jit.script(torch.nn.Linear(3, 2))))
    said = mmap("convert", tmp_path / "w.pt", "--out", tmp_path / "a\nb")
    assert said.exit_code == 0
    assert said.stdout.count("\n") == 1
    assert said.stdout.startswith(f"{tmp_path}/a\\nb/open_clip_model.safetensors: 2 tensors")
