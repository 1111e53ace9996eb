"""Weights to be fetched, and a server that is the hub for a test."""

import pytest

from mmap_studio.session.backbones.pretrained import find_pretrained
from tests.session.backbones.download.fetching import CONTENT
from tests.session.backbones.hub_server import Behaviour, Server, hubs


@pytest.fixture
def one(tmp_path, monkeypatch):
    """Weights to download, into folders of their own."""
    monkeypatch.setenv("MMAP_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return find_pretrained("ViT-B-32", "openai")


@pytest.fixture
def serve(monkeypatch):
    """Start a server and make it the hub."""
    with hubs(monkeypatch) as run:
        yield lambda hub=True, **how: run(Server(Behaviour(**({"content": CONTENT} | how))), hub)
