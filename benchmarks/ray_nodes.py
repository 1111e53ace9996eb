"""Two nodes of a Ray cluster on this computer, for benchmarks and tests: on the loopback address, with a token."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VARIABLES = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",
}  # fmt: skip
"""To be set before Ray is imported: it stays on this computer, asks for the token, reports to nobody, starts nothing
by itself."""
NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20}


@contextmanager
def two_nodes(**more: Any) -> Iterator[Any]:
    """The cluster, of a core each: its `address` is to be joined, `nodes` are the head and the other."""
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.update(VARIABLES, RAY_worker_niceness="0")
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
