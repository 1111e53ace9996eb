"""Against a server that behaves like the hub, and badly: the right file or one sentence, never a part taken for it."""

import hashlib
import threading
import time
from functools import partial

import pytest
from filelock import FileLock

from mmap_studio.errors import BackboneError, Interrupted
from mmap_studio.session.backbones.download import download
from mmap_studio.session.download import hub
from mmap_studio.session.download.hub import RetryPolicy
from mmap_studio.session.download.transfer import Downloaded, Downloading
from tests.clock import working_beside
from tests.session.backbones.download.fetching import CONTENT, QUICK, failed, fetched, parts, right

pytestmark = pytest.mark.slow


def test_a_hub_that_behaves(one, serve):
    server = serve(pace=0.02)
    path, progress = fetched(one)
    right(one, path)
    assert path == one.target("open_clip_model.safetensors")
    received = [event.received for event in progress if event.size]
    assert received == sorted(received)
    assert len(set(received)) > 3
    assert {event.size for event in progress} <= {0, len(CONTENT)}
    assert {event.host for event in progress} == {server.url.partition("//")[2]}
    assert server.do.requests[0][:2] == (
        "HEAD", "/timm/vit_base_patch32_clip_224.openai/resolve/main/open_clip_model.safetensors",
    )  # fmt: skip


def test_a_file_that_is_here_asks_nobody(one, no_network, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    path = one.target(one.files[1])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert list(download(one)) == [Downloaded(one.name, path)]


def test_what_another_process_fetched_meanwhile_is_used(one, serve):
    server, path = serve(), one.target(one.files[0])
    path.parent.mkdir(parents=True)
    other = FileLock(path.parent / ".download.lock")
    with other:
        events = download(one, retry=QUICK)
        assert isinstance(next(events), Downloading)
        path.write_bytes(CONTENT)
    assert list(events)[-1] == Downloaded(one.name, path)
    assert server.do.requests == []


def test_another_process_is_waited_for_as_long_as_it_receives(one, serve):
    serve()
    folder = one.target("x").parent
    folder.mkdir(parents=True)
    with FileLock(folder / ".download.lock"):
        # a busy machine may stall for a moment
        events = download(one, retry=RetryPolicy(connect_timeout=0.1, read_timeout=2))
        for received, _ in zip(range(45), events, strict=False):  # more than twice its timeouts
            (folder / "x.part").write_bytes(b"x" * received)
        one.target(one.files[0]).write_bytes(CONTENT)
    assert list(events)[-1] == Downloaded(one.name, one.target(one.files[0]))
    one.target(one.files[0]).unlink()
    with FileLock(folder / ".download.lock"), pytest.raises(BackboneError, match="is at it and receives nothing"):
        list(download(one, retry=RetryPolicy(connect_timeout=0.1, read_timeout=0.2)))


def test_offline_is_offline(one, no_network, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    failed(one, "HF_HUB_OFFLINE", "use a local file")


def test_a_repository_that_has_only_the_bin(one, serve):
    serve(file="open_clip_pytorch_model.bin")
    path, _ = fetched(one)
    right(one, path)
    assert path == one.target("open_clip_pytorch_model.bin")


def test_a_redirect_elsewhere_gets_the_bytes_but_not_the_token(one, serve, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    cdn = serve(hub=False)
    hub = serve(elsewhere=cdn.url)
    right(one, fetched(one)[0])
    assert [method for method, *_ in cdn.do.requests] == ["GET"]
    assert "hf_secret" not in str(cdn.do.requests)
    assert hub.do.requests[0][2]["authorization"] == "Bearer hf_secret"


@pytest.mark.parametrize("after", [0, 1, 100_000, len(CONTENT) - 1])
def test_a_line_that_drops_is_taken_up_where_it_ended(one, serve, after):
    server = serve(drop_after=after, times=2)
    right(one, fetched(one)[0])
    starts = [int(headers["range"].removeprefix("bytes=")[:-1]) for method, _, headers in server.do.requests
              if method == "GET"]  # fmt: skip
    assert len(starts) == 2 if after == len(CONTENT) - 1 else 3
    assert starts[1] == after


@pytest.mark.parametrize("after", [0, 200_000])
def test_a_line_that_falls_silent_is_taken_up_again(one, serve, after):
    serve(stall_after=after, times=1)
    right(one, fetched(one)[0])


def test_a_line_that_drops_on_a_server_without_ranges_starts_again(one, serve):
    serve(drop_after=100_000, times=2, ranges=False)
    right(one, fetched(one)[0])


def test_a_line_that_stays_silent_is_given_up(one, serve):
    serve(stall_after=0)
    failed(one, "nothing came for too long", "127.0.0.1", "in a browser", str(one.target(one.files[0])))


def test_progress_renews_the_attempts(one, serve):
    serve(drop_after=60_000, times=8)  # more drops than attempts, each after some bytes
    right(one, fetched(one)[0])


def test_what_came_before_a_failure_is_kept_for_the_next_attempt(one, serve):
    server = serve(drop_after=100_000, times=1)
    failed(one, "127.0.0.1", retry=RetryPolicy(read_timeout=1, attempts=1, delay=0))
    assert len(parts(one)) == 1
    right(one, fetched(one)[0])
    assert server.do.requests[-1][2]["range"] == "bytes=100000-"


@pytest.mark.parametrize("how", [{"stall_after": 150_000}, {"pace": 0.05}, {"head_status": 503}], ids=str)
def test_a_stop_is_heard_at_once_and_resumed_later(one, serve, how):
    server = serve(**how)
    asked = threading.Event()

    def stop():
        if asked.is_set():
            raise Interrupted("stopped")

    events = download(one, stop, RetryPolicy(read_timeout=5, attempts=9, delay=5))
    for event in events:
        if event.received >= 100_000 or "head_status" in how:
            break
    asked.set()
    with working_beside() as seconds, pytest.raises(Interrupted):
        next(events)
    assert seconds[0] < 1.0  # the promise itself, with a tenth of it needed
    assert not one.target(one.files[0]).exists()
    server.do.stall_after, server.do.pace, server.do.head_status = None, 0.0, 0
    server.do.over.set()
    right(one, fetched(one)[0])
    if "head_status" not in how:
        assert int(server.do.requests[-1][2]["range"].removeprefix("bytes=")[:-1]) > 0


def test_closing_the_generator_stops_it(one, serve):
    serve(pace=0.05)
    events = download(one, retry=QUICK)
    while next(events).received < 50_000:
        pass
    events.close()
    time.sleep(0.2)
    (name,) = parts(one)
    size = one.target(name).stat().st_size
    time.sleep(0.2)
    assert one.target(name).stat().st_size == size


def test_a_process_killed_in_the_middle_leaves_a_part_and_the_next_goes_on(one, serve):
    """What `kill -9` leaves is a part whose last bytes may be missing; any length of it must do."""
    server = serve()
    digest = hashlib.sha256(CONTENT).hexdigest()
    for length in (0, 1, 300_000, len(CONTENT)):
        part = one.target(f"{one.files[0]}.{digest[:16]}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(CONTENT[:length])
        right(one, fetched(one)[0])
        one.target(one.files[0]).unlink()
    assert [method for method, *_ in server.do.requests][-1] == "HEAD"  # nothing was missing of the last


def test_a_proxy_in_the_environment_is_used(one, serve, monkeypatch):
    proxy = serve(hub=False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://hub.invalid")
    template = "http://hub.invalid/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    from huggingface_hub.utils import close_session

    close_session()
    right(one, fetched(one)[0])
    assert proxy.do.requests[0][2]["host"] == "hub.invalid"


def test_events_name_the_weights(one, serve):
    serve()
    first = next(download(one, retry=QUICK))
    assert isinstance(first, Downloading)
    assert first.name == "ViT-B-32-quickgelu:openai"


def test_without_a_network_it_says_so_soon(one, monkeypatch):
    """Its host has no address: two attempts, a second between them."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://no-such-host.invalid")
    slept, quick = [], hub.RetryPolicy()
    ask = partial(hub.request_metadata, "owner/name", "file", quick)
    with pytest.raises(hub.DownloadError, match="the connection failed"):
        hub.fetch(ask, lambda _: None, quick, lambda *_, **__: None, slept.append)
    assert sum(slept) <= 1.0
