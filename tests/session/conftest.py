"""Nothing of the session's own tests may reach out."""

import socket

import pytest

from mmap_studio.session.project.places import HOME_VARIABLE


@pytest.fixture
def no_network(monkeypatch):
    """Opening a connection fails the test."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The starter's runs in a folder of the test's own."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path
