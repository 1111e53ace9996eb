"""No command but `download` opens a connection or asks for an address, whatever a project or a model says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import DOMAINS, ROOT, settings
from tests.commands import WINDOW, registered
from tests.lazy import imported_later
from tests.torchscript import saved

with imported_later():
    import torch

pytestmark = pytest.mark.slow
ASKING = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request")
_heard: list[str] | None = None


def _hear(event, arguments):
    """Stays in the process for good, so it hears only while a test asks it to."""
    if _heard is not None and event in ASKING:
        _heard.append(f"{event} {arguments[1:]!r}")
        raise OSError("the network was asked for")


@pytest.fixture(scope="module")
def hook():
    sys.addaudithook(_hear)


@pytest.fixture
def heard(hook):
    """What asked for the network since the test began."""
    global _heard
    _heard = []
    yield _heard
    _heard = None


def test_the_hook_hears(heard):
    import socket

    with pytest.raises(OSError, match="asked for"):
        socket.create_connection(("127.0.0.1", 9))
    assert heard


def lines(place, project, done):
    """What each command is called with, refused lines too, and the exit codes."""
    image = next((place / "data" / DOMAINS[0]).glob("*/image*.png"))
    prompts, run = done["paths"]["prompts"], done["paths"]["run"]
    name, quick = Path(run).name, settings("train.epochs=1")
    return {
        "open": [(1, project)],  # there is no display; the test below has one
        "new": [(0, place / "another", "--data", place / "data", "--backbone", place / "tiny.json"),
                (0, place / "no", "--data", place / "data", "--backbone", "ViT-B-16:openai")],
        "run": [(0, project, "--json", *settings("seed=2", "train.epochs=1")), (2, project, "--groups", "9")],
        "affinity": [(0, project)],
        "compare": [(0, project, "--methods", "ridge,mmap_suggested", "--seeds", "1", *quick)],
        "sweep": [(0, project, "--over", "train.learning_rate=0.1|0.2", "--trials", "1", *quick)],
        "search": [(0, project, "a fox"), (0, project, "--like", image)],
        "tags": [(0, project)],
        "results": [(0, project)],
        "export": [(0, run, "--out", place / "offline", "--csv", place / "offline tables")],
        "predict": [(0, prompts, image, "--task", DOMAINS[0])],
        "score": [(1, prompts, place / "data")],  # one of the images is none
        "relocate": [(0, project, "--data", place / "data", "--backbone", place / "tiny.json")],
        "inspect": [(0, project), (0, prompts), (0, run)],
        "runs ls": [(0, project)],
        "runs edit": [(0, project, name, "--note", "offline")],
        "runs diff": [(0, project, name, "latest")],
        "runs images": [(0, project, "zero_shot", name)],
        "runs delete": [(0, project, name)],
        "runs trash": [(0, project)],
        "runs restore": [(0, project, name)],
        "cache ls": [(0,)], "cache verify": [(0,)], "cache prune": [(0, "--older-than", "30d")], "cache where": [(0,)],
        "backbones": [(0,), (0, "--json")],
        "download": [(1, "ViT-B-16:openai")],
        "convert": [(0, place / "scripted.pt", "--out", place / "converted")],
        "doctor": [(0,)],
        "info": [(0,), (0, "settings")],
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_no_command_but_download_asks(place, project, done, mmap, heard, monkeypatch):
    from huggingface_hub import constants

    (place / "scripted.pt").write_bytes(saved(torch.jit.script(torch.nn.Linear(3, 2))))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # as it was when the library was imported
    found = lines(place, project, done)
    assert set(found) == registered(), "every command has a line here"
    for command, calls in found.items():
        for code, *arguments in calls:
            result = mmap(*command.split(), *arguments)
            said = f"{command}: {result.output}"
            assert "Something unexpected" not in result.output, said
            assert result.exit_code == code, said
            assert bool(heard) is (command == "download"), f"{command} asked for {heard}"
            heard.clear()


HEARD = f"""
import sys
sys.addaudithook(lambda event, given: event in {ASKING} and print(event, given[1:], flush=True))
"""


def test_the_window_asks_nobody(project, tmp_path):
    own = {"HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": ""}
    done = subprocess.run(
        [sys.executable, "-c", HEARD + WINDOW, str(project)],
        cwd=ROOT,
        env=os.environ | own,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "opened project\n"), done.stderr


CONFIGS = [
    ({"vision_cfg": {"timm_model_name": "hf-hub:owner/x"}}, "fetch"),
    ({"vision_cfg": {"timm_model_name": "resnet18", "timm_model_pretrained": True}}, "fetch"),
    ({"text_cfg": {"hf_model_name": "owner/x"}}, "get it with `mmap-studio download`"),
    ({"text_cfg": {"hf_tokenizer_name": "owner/x"}}, "get them with `mmap-studio download`"),
]


@pytest.mark.parametrize(("odd", "told"), CONFIGS)
def test_a_model_config_that_names_a_repository_asks_nobody(
    place, project, mmap, heard, odd, told, monkeypatch, tmp_path
):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    config = json.loads((place / "tiny.json").read_text())
    for tower, values in odd.items():
        config[tower] |= values
    (tmp_path / "model.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((place / "tiny.safetensors").read_bytes())
    (tmp_path / "project").mkdir()
    said = (project / "project.toml").read_text()
    (backbone,) = (line for line in said.splitlines() if line.startswith("backbone = "))
    said = said.replace(backbone, f'backbone = "{tmp_path / "model.json"}"')
    (tmp_path / "project" / "project.toml").write_text(said)
    result = mmap("run", tmp_path / "project")
    assert (result.exit_code, heard) == (1, [])
    assert told in result.stderr.splitlines()[-1]
