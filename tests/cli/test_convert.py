"""`convert`: what it says of an archive, and of what is none."""

import json

import pytest

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
