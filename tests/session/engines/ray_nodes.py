"""A Ray cluster of two nodes on this computer, for tests: on the loopback address alone, and it asks for a token."""

import importlib.util
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

NEEDS_RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install 'mmap-studio[ray]'")
TOKEN = os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
"""In the environment of everything that these tests start: it is found by it."""
KEPT_HERE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}
NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20}


@contextmanager
def two_nodes(**more):
    """The cluster; its `address` is to be joined, `nodes` are the head and the other."""
    os.environ.update(KEPT_HERE, RAY_worker_niceness="0")
    folder = tempfile.mkdtemp(prefix="mr", dir="/tmp")  # the names of sockets have 107 bytes at most
    before = os.environ.pop("RAY_TMPDIR", None)
    os.environ["RAY_TMPDIR"] = folder
    Path(folder, "ray").mkdir()
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE | more | {"include_dashboard": False})
    try:
        cluster.nodes = [cluster.head_node, cluster.add_node(**NODE, **more)]
        yield cluster
    finally:
        cluster.shutdown()
        os.environ.pop("RAY_TMPDIR")
        os.environ.update({"RAY_TMPDIR": before} if before else {})
        shutil.rmtree(folder, ignore_errors=True)


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
