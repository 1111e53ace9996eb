"""Who may join what: every refusal says in one sentence what was required, what was found and what to do."""

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.ray_nodes import VARIABLES, two_nodes
from mmap_studio.errors import InputError
from mmap_studio.session.engines import ray_start
from tests.session.engines.ray_nodes import NEEDS_RAY

ROOT = Path(__file__).parents[3]
JOINS = "import sys; from mmap_studio.session.engines.ray_start import joined; print(joined(sys.argv[1], 1, 0))"
PUTS = "from mmap_studio.session.engines import ray_start; ray_start._imported(beyond=False).put(1)"
TWICE = """
import os
from mmap_studio.session.engines.ray_start import joined
for _ in range(2):
    found = joined("local", 1, 0)
    print(found.ray.cluster_resources()["CPU"])
    found.close()
    print(os.environ.get("RAY_AUTH_TOKEN"))
"""
HEARS = """
import os, signal, sys, threading
from mmap_studio.session.engines.ray_start import joined
signal.signal(signal.SIGTERM, lambda *given: print("heard", file=sys.stderr))
one = threading.Thread(target=lambda: joined(sys.argv[1], 1, 0).close())
one.start()
one.join()
os.kill(os.getpid(), signal.SIGTERM)
"""
JUDGES = """
import sys
from mmap_studio.session.engines import ray_start
ray_start._check_token(ray_start._imported(beyond=False), sys.argv[1])
print("accepted")
"""


def said_by(program, address, **variables):
    """The last line of a program that uses Ray its own way, to the end of what it says."""
    env = os.environ | VARIABLES | {"PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(
        [sys.executable, "-c", program, address], env=env, capture_output=True, text=True, timeout=120
    )
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("given", "found"),
    [("head", ("head", 6379)), ("10.0.0.1:1234", ("10.0.0.1", 1234)), ("[::1]:7", ("::1", 7))],
)
def test_an_address_is_a_host_and_a_port(given, found):
    assert ray_start.parsed(given) == found


@pytest.mark.parametrize("given", ["ray://head:1", "head:", "head:0", "head:65536", ":1", "head:١", "http://head"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(InputError, match="must be local or HOST:PORT"):
        ray_start.parsed(given)


def test_without_ray_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'mmap-studio\[ray\]'"):
        ray_start.joined("local", 1, 0)


def test_where_nobody_answers_nothing_is_waited_for():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"must answer at {address}. Found none"):
            ray_start.joined(address, 1, 0)


@NEEDS_RAY
@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("127.0.0.1:6379", "name the cluster by the address that `ray start --head` printed"),
        ("10.0.0.1:6379", "`ray start --address=10.0.0.1:6379` makes it one"),
    ],
)
def test_who_cannot_join_is_told_what_helps(address, remedy):
    def fails(*given, **more):
        raise ConnectionError("no node here")

    with pytest.raises(InputError, match=rf"Found that it cannot join \(no node here\): {remedy}"):
        ray_start._connected(SimpleNamespace(init=fails, shutdown=lambda: None), address)


@pytest.mark.parametrize("own", [None, "the user's"])
def test_the_token_of_a_cluster_of_this_computer_alone_ends_with_it(monkeypatch, own):
    monkeypatch.delenv(ray_start.TOKEN)
    if own:
        monkeypatch.setenv(ray_start.TOKEN, own)
    before = dict(os.environ)
    with ray_start._own_variables():
        token = os.environ[ray_start.TOKEN]
        assert token == own or (own is None and len(token) == 64)
    assert dict(os.environ) == before


@NEEDS_RAY
@pytest.mark.slow
def test_one_program_has_two_clusters_of_its_own_one_after_the_other_and_no_token_is_left(tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    env.pop(ray_start.TOKEN)
    done = subprocess.run([sys.executable, "-c", TWICE], env=env, capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines() == ["1.0", "None", "1.0", "None"], done.stderr


@NEEDS_RAY
def test_a_user_without_a_token_joins_no_cluster(monkeypatch, tmp_path):
    for name in (ray_start.TOKEN, ray_start.TOKEN_PATH):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(InputError, match="Found none of this user's: run `ray get-auth-token --generate` once"):
        ray_start._imported(beyond=True)
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("secret")
    assert ray_start.has_token()


@NEEDS_RAY
@pytest.mark.slow
def test_a_window_that_has_used_a_cluster_in_another_thread_hears_sigterm():
    assert said_by(HEARS, "local") == "heard"


@NEEDS_RAY
@pytest.mark.slow
def test_ray_starts_nothing_that_it_was_not_told_to():
    """As a thread would have it do that still waits for events when the program ends."""
    assert "Ray has not been started yet" in said_by(PUTS, "", RAY_ENABLE_AUTO_CONNECT="")


@NEEDS_RAY
@pytest.mark.slow
def test_a_cluster_that_asks_takes_its_own_token_and_no_other():
    with two_nodes() as cluster:
        assert said_by(JUDGES, cluster.address) == "accepted"
        assert "must be given its own token. Found another, or none" in said_by(
            JOINS, cluster.address, RAY_AUTH_TOKEN="no"
        )


@NEEDS_RAY
@pytest.mark.slow
def test_a_cluster_that_asks_nobody_is_refused_on_the_loopback_address_too():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", f"--port={port}", "--block", "--num-cpus=1"]
    with tempfile.TemporaryDirectory(prefix="mr", dir="/tmp") as folder:
        Path(folder, "ray").mkdir()
        env = os.environ | VARIABLES | {"RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": folder}
        head = [*ray, "--node-ip-address=127.0.0.1", "--include-dashboard=False"]
        with subprocess.Popen(head, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                until = time.monotonic() + 60
                while not ray_start._answers("127.0.0.1", port):
                    assert time.monotonic() < until
                told = said_by(JOINS, f"127.0.0.1:{port}")
                assert "must ask for a token: without one, whoever reaches it runs code" in told
            finally:
                process.terminate()
                process.wait()
