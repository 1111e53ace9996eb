"""A server on 127.0.0.1 that answers as the hub's resolve endpoint does, well or badly."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

PIECE = 1 << 14


@dataclass
class Behaviour:
    """What is served, and what goes wrong; every fault happens `times` times."""

    content: bytes = b""
    file: str = "open_clip_model.safetensors"
    times: int = 10**6
    status: int = 0
    """Answer this to GET."""
    head_status: int = 0
    """Answer this to HEAD."""
    headers: dict[str, str] = field(default_factory=dict)
    """With an error status."""
    drop_after: int | None = None
    """Close the connection after so many bytes of a body."""
    stall_after: int | None = None
    """Send nothing more after so many bytes of a body, and keep the line open."""
    wrong: Callable[[bytes], bytes] = bytes
    """Sends this of the content; the announced SHA-256 is the content's."""
    ranges: bool = True
    """Whether it knows the header Range."""
    shift: int = 0
    """A range begins so many bytes later than it was asked to."""
    elsewhere: str = ""
    """Redirect GET and HEAD to this address, as to a content network."""
    etag: str = ""
    """Announce this instead of the SHA-256."""
    pace: float = 0.0
    """Seconds between two pieces."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of all that were asked."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: stalled lines end."""

    def fault(self, is_fault: bool) -> bool:
        """Whether to misbehave now."""
        if is_fault and self.times > 0:
            self.times -= 1
            return True
        return False


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    do: Behaviour

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._note()
        if self.do.head_status and self.do.fault(True):
            self._error(self.do.head_status)
        elif self._is_missing():
            self._error(404, {"X-Error-Code": "EntryNotFound"})
        else:
            self.send_response(302 if self.do.elsewhere else 200)
            if self.do.elsewhere:
                self.send_header("Location", self.do.elsewhere + self.path)
            etag = self.do.etag or hashlib.sha256(self.do.content).hexdigest()
            for name, value in {
                "X-Repo-Commit": "c0ffee", "X-Linked-Size": str(len(self.do.content)), "X-Linked-Etag": f'"{etag}"',
                "ETag": '"other"', "Accept-Ranges": "bytes", "Content-Length": "0",
            }.items():  # fmt: skip
                self.send_header(name, value)
            self.end_headers()

    def do_GET(self) -> None:
        self._note()
        if self.do.status and self.do.fault(True):
            self._error(self.do.status)
        elif self._is_missing():
            self._error(404)
        else:
            self._body()

    def _body(self) -> None:
        asked = self.headers.get("Range", "")
        ranged = bool(asked) and self.do.ranges
        start = int(asked.removeprefix("bytes=").partition("-")[0] or 0) + self.do.shift if ranged else 0
        whole = self.do.wrong(self._content())
        if start >= len(whole):
            self._error(416)
            return
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(whole) - start))
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        self.end_headers()
        self._send(whole[start:])

    def _content(self) -> bytes:
        return self.do.content

    def _send(self, data: bytes) -> None:
        drop = self.do.fault(self.do.drop_after is not None)
        stall = self.do.fault(self.do.stall_after is not None)
        end = self.do.drop_after if drop else self.do.stall_after if stall else len(data)
        try:
            for start in range(0, min(end or 0, len(data)), PIECE):
                self.wfile.write(data[start : min(start + PIECE, end or 0)])
                self.wfile.flush()
                time.sleep(self.do.pace)
            if stall:
                self.do.over.wait(30)
        except OSError:
            pass
        if drop or stall:
            self.close_connection = True

    def _is_missing(self) -> bool:
        return not self.path.partition("?")[0].endswith(self.do.file)

    def _error(self, status: int, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**self.do.headers, **(more or {}), "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _note(self) -> None:
        headers = {name.lower(): text for name, text in self.headers.items()}
        path = urlsplit(self.path).path
        if not path.startswith("/api/"):  # what huggingface_hub asks for its own purposes
            self.do.requests.append((self.command, path, headers))


class Server:
    """Runs while inside; `url` is its address."""

    def __init__(self, behaviour: Behaviour, hub: type[Hub] = Hub) -> None:
        self.do = behaviour
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (hub,), {"do": behaviour}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Server":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.do.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def hubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Server, bool], Server]]:
    """What starts a server, and makes it the hub unless that is not wanted; in the end all are stopped, and nothing is
    still downloaded.
    """
    from huggingface_hub.utils import close_session

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    running = []

    def start(server: Server, hub: bool = True) -> Server:
        running.append(server.__enter__())
        if hub:
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
            template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
            monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
            monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", server.url, raising=False)
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
