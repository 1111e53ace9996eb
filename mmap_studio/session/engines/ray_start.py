"""The way to a Ray cluster: one of this computer alone, or one that the user names.

Ray listens on all networks unless a variable, read when it is imported, keeps it on this computer; a cluster without
token authentication runs the code of whoever reaches it; it reports its usage to its makers; and asked anything without
a cluster, it starts one. Here the first is only done for a cluster that the user names beyond this computer, the second
is refused, on the loopback address as well, which all users of a computer reach, and the others are switched off.
"""

import ctypes
import importlib
import importlib.util
import ipaddress
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmap_studio.data.paths import home
from mmap_studio.errors import InputError, StorageError
from mmap_studio.formatting import shown_value
from mmap_studio.storage import atomic

LOCAL = "local"
"""In place of an address: a cluster of this computer alone, which ends with the command."""
PORT = 6379
"""Ray's own, where an address has none."""
STORE = 80 << 20
"""Bytes of Ray's object store on this computer: events are small, and everything else is in the cache."""
PATIENCE = 5.0
"""Seconds for a cluster to answer at all."""
ASKING = 120.0
"""Seconds for the program that asks without a token, which imports Ray."""
NETWORKS, MODE, TOKEN, TOKEN_PATH = (
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH",
)  # fmt: skip
"""Variables of Ray's: whether it leaves this computer (on every system, in spite of the name), and who may join."""
SIGNALS = signal.SIGTERM, signal.SIGINT
"""Those that end a program in order."""
ACTION = 1024
"""Bytes that hold the C library's `struct sigaction` on every system."""
HOW = (
    "run `ray get-auth-token --generate` once, copy ~/.ray/auth_token to every computer of the cluster and to this one "
    "(chmod 600), and start Ray there with RAY_AUTH_MODE=token; docs/cluster.md has the commands"
)
ASK = """
import sys
from ray._raylet import GcsClient
from ray.exceptions import AuthenticationError
try:
    GcsClient(address=sys.argv[1])
except AuthenticationError:
    print("asks")
else:
    print("open")
"""
"""Whether a cluster asks for a token: a program, since a process has one answer for all its connections."""


@dataclass(frozen=True)
class Joined:
    """Ray, connected."""

    ray: Any
    session: Path | None = None
    """Folder of a cluster that ends with this process."""
    undo: ExitStack = field(default_factory=ExitStack)
    """What of this process is as before when it is closed."""

    def close(self) -> None:
        """Leave the cluster; one of this computer alone ends, and nothing of it is left."""
        with self.undo:
            _leave(self.ray)
            if self.session is not None:
                with suppress(StorageError):
                    atomic.remove(self.session, self.session.parent)


def joined(address: str, cores: int, gpus: int) -> Joined:
    """Ray, connected to the cluster; InputError in one sentence where that cannot be, or should not.

    cores, gpus : of this computer, for `LOCAL`
    """
    if address == LOCAL:
        with ExitStack() as undo:
            undo.enter_context(_own_variables())
            ray = _imported(beyond=False)
            found = _connected(ray, LOCAL, num_cpus=cores, num_gpus=gpus, object_store_memory=STORE)
            if not all(_is_here(node["NodeManagerAddress"]) for node in ray.nodes()):
                _leave(ray)
                raise InputError(
                    "A cluster of this computer alone must listen on its loopback address. Found another one: name the "
                    "cluster by its address instead of local."
                )
            return Joined(ray, Path(found.address_info["session_dir"]), undo.pop_all())
    host, port = parsed(address)
    here, where = _is_here(host), f"{host}:{port}"
    if not _answers(host, port):
        raise InputError(
            f"A Ray cluster must answer at {where}. Found none within {PATIENCE:.0f} s: start it with `ray start "
            "--head`, and give the address that this prints."
        )
    ray = _imported(beyond=not here)
    _check_token(ray, where)
    own = {"_node_ip_address": "127.0.0.1"} if here else {}
    _connected(ray, where, **own)
    return Joined(ray)


def parsed(address: str) -> tuple[str, int]:
    """Host and port; InputError for what is neither that nor `LOCAL`."""
    host, _, port = address.rpartition(":") if ":" in address else (address, "", str(PORT))
    fits = host and "/" not in address and port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16
    if not fits:
        client = ", on a computer that is itself a node of the cluster" * address.startswith("ray:")
        raise InputError(f"A cluster must be {LOCAL} or HOST:PORT{client}. Got {shown_value(address)} instead.")
    return host.strip("[]"), int(port)


def has_token() -> bool:
    """Whether this user has a token, wherever Ray looks for one."""
    path = os.environ.get(TOKEN_PATH) or home() / ".ray" / "auth_token"
    return bool(os.environ.get(TOKEN)) or os.path.isfile(path)


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), PATIENCE):
        return True
    return False


def _is_here(host: str) -> bool:
    """Whether a name or an address is the loopback address, and nothing else besides."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in found)


@contextmanager
def _own_variables() -> Iterator[None]:
    """A token for a cluster of this computer alone, unless the user has set one; afterwards all is as before."""
    own = {TOKEN: os.environ.get(TOKEN) or secrets.token_hex(32), "RAY_worker_niceness": "0"}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})
        if "ray" in sys.modules and before[TOKEN] != own[TOKEN]:  # it has kept the token as well
            inside: Any = importlib.import_module("ray._raylet")
            inside.AuthenticationTokenLoader.instance().reset_cache()


def _imported(beyond: bool) -> Any:
    """Ray, imported with the variables that it reads then; InputError without it, or where it was loaded otherwise."""
    if importlib.util.find_spec("ray") is None:
        raise InputError("A cluster needs Ray. Found none in this Python: pip install 'mmap-studio[ray]'.")
    if not has_token():
        raise InputError(f"A cluster must ask for a token. Found none of this user's: {HOW}.")
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_ENABLE_AUTO_CONNECT="0")
    logging.getLogger("ray").setLevel(logging.ERROR)
    loaded = "ray" in sys.modules
    if not loaded:
        os.environ.update({NETWORKS: str(int(beyond)), MODE: "token"})
    ray: Any = importlib.import_module("ray")
    constants: Any = importlib.import_module("ray._private.ray_constants")
    inside: Any = importlib.import_module("ray._raylet")
    asks = inside.get_authentication_mode() == inside.AuthenticationMode.TOKEN
    if beyond != constants.ENABLE_RAY_CLUSTER or not asks:
        raise InputError(
            "Ray must be loaded for either this computer alone or a cluster beyond it. Found it loaded for the "
            "other in this program: start the program again."
        )
    if ray.is_initialized():
        raise InputError("A program can use one Ray cluster at a time. Found one in use: end that work first.")
    return ray


def _check_token(ray: Any, where: str) -> None:
    """InputError where the cluster refuses this user's token, or asks nobody for one."""
    inside: Any = importlib.import_module("ray._raylet")
    try:
        inside.GcsClient(address=where)
    except ray.exceptions.AuthenticationError:
        raise InputError(
            f"The cluster at {where} must be given its own token. Found another, or none: {HOW}."
        ) from None
    except Exception as error:
        raise InputError(f"A Ray cluster must answer at {where}. Found something else: {_line(error)}.") from None
    if not _asks(where):
        raise InputError(
            f"The cluster at {where} must ask for a token: without one, whoever reaches it runs code on it. Found that "
            f"it does not: {HOW}."
        )


def _asks(where: str) -> bool:
    """Whether the cluster refuses who has no token."""
    with suppress(subprocess.TimeoutExpired):
        ask = [sys.executable, "-c", ASK, where]
        answer = subprocess.run(ask, env=_without_token(), capture_output=True, text=True, check=False, timeout=ASKING)
        return answer.stdout.strip() == "asks"
    return False


def _without_token() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in (TOKEN, TOKEN_PATH)} | {MODE: "disabled"}


def _connected(ray: Any, address: str, **more: Any) -> Any:
    quiet = {"include_dashboard": False} if address == LOCAL else {}
    try:
        with _own_signals():
            worker: Any = importlib.import_module("ray._private.worker")
            worker._worker_logs_enabled = False  # they would go to standard output
            return ray.init(
                address, log_to_driver=False, logging_level="ERROR", configure_logging=False, **quiet, **more
            )
    except Exception as error:
        _leave(ray)
        if address == LOCAL:
            raise InputError(f"Ray must start on this computer. Found that it cannot: {_line(error)}.") from None
        remedy = f"`ray start --address={address}` makes it one"
        if _is_here(parsed(address)[0]):  # Ray gives a head that was told this address the computer's own
            remedy = "name the cluster by the address that `ray start --head` printed"
        raise InputError(
            f"This computer must be a node of the cluster at {address}. Found that it cannot join ({_line(error)}): "
            f"{remedy}."
        ) from None


def _leave(ray: Any) -> None:
    with _own_signals():
        ray.shutdown()


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@contextmanager
def _own_signals() -> Iterator[None]:
    """What a signal does stays as it was: Ray would have SIGTERM end the process its own way.

    Ray sets handlers of Python, and of the C library, which a window that joins in another thread keeps as well: there
    Python itself may set none.
    """
    here = threading.current_thread() is threading.main_thread()
    before = {one: signal.getsignal(one) for one in SIGNALS} if here else {}
    library: Any = ctypes.CDLL(None) if os.name == "posix" else None
    actions = {one: ctypes.create_string_buffer(ACTION) for one in SIGNALS} if library else {}
    for one, action in actions.items():
        library.sigaction(one, None, action)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for one, action in actions.items():
            library.sigaction(one, action, None)
