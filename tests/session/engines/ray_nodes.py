"""Who belongs to a Ray cluster on this computer, and where it listens."""

import importlib.util
import os
import secrets
from pathlib import Path

import pytest

NEEDS_RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install 'mmap-studio[ray]'")
TOKEN = os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
"""In the environment of everything that these tests start: it is found by it."""


def family():
    """Processes that have the token in their environment, this one among them."""
    found = {os.getpid()}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if TOKEN.encode() in (place / "environ").read_bytes():
                found.add(int(place.name))
        except OSError:
            continue
    return found


def listening(pids):
    """Addresses on which these processes listen: hexadecimal, as the kernel writes them, with the port."""
    sockets = set()
    for pid in pids:
        try:
            sockets |= {os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir()}
        except OSError:
            continue
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


LOOPBACK = ("0100007F:", "0000000000000000FFFF00000100007F:", "00000000000000000000000001000000:")
"""127.0.0.1, the same as IPv6 writes it, and ::1."""
