"""No command but `download` opens a connection or asks for an address, whatever a project or a model says."""

import json
import sys

import pytest

from tests.cli.conftest import DOMAINS, settings

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


def test_no_command_asks(place, project, done, mmap, heard, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    image = next((place / "data" / DOMAINS[0]).glob("*/image*.png"))
    prompts = done["paths"]["prompts"]
    commands = [
        ("new", place / "another", "--data", place / "data", "--backbone", place / "tiny.json"),
        ("run", project, "--json", *settings("seed=2", "train.epochs=1")),
        ("affinity", project),
        ("compare", project, "--methods", "ridge,mmap_suggested", "--seeds", "1", *settings("train.epochs=1")),
        ("results", project),
        ("inspect", project), ("inspect", prompts), ("inspect", done["paths"]["run"]),
        ("export", project, "--out", place / "offline", "--csv", place / "offline tables"),
        ("predict", prompts, image, "--task", DOMAINS[0]),
        ("backbones",), ("backbones", "--json"), ("info",), ("info", "settings"), ("doctor",),
        ("cache",), ("cache", "verify"), ("cache", "prune", "--older-than", "30d"),
        ("run", project, "--groups", "9"),
        ("new", place / "no", "--data", place / "data", "--backbone", "ViT-B-16:openai"),
    ]  # fmt: skip
    for command in commands:
        result = mmap(*command)
        assert heard == [], command
        assert "Something unexpected" not in result.output, result.output


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
