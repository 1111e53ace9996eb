"""Weights to be fetched, and a server that is the hub for a test."""

import threading

import pytest

from mmap_studio.session.backbones.pretrained import find_pretrained
from tests.session.backbones.download.fetching import CONTENT
from tests.session.backbones.hub_server import Behaviour, Server


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
    from huggingface_hub.utils import close_session

    running = []

    def start(hub=True, **how):
        server = Server(Behaviour(**({"content": CONTENT} | how)))
        server.__enter__()
        running.append(server)
        if hub:
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
            template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
            monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        return server

    yield start
    for server in running:
        server.do.over.set()
    for thread in threading.enumerate():
        if thread.name == "mmap-download":
            thread.join(10)
            assert not thread.is_alive()
    for server in running:
        server.__exit__()
    close_session()
