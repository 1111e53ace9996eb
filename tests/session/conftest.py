"""Nothing of the session's own tests may reach out."""

import socket

import pytest


@pytest.fixture
def no_network(monkeypatch):
    """Opening a connection fails the test."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
