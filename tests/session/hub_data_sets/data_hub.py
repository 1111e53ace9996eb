"""A server on 127.0.0.1 that answers as the hub does of a data set."""

import hashlib
import json

from mmap_studio.session.download.hub import RetryPolicy
from tests.session.backbones.hub_server import Behaviour, Hub, Server, hubs

COMMIT = "c0ffee" + 34 * "0"
QUICK = RetryPolicy(connect_timeout=2, read_timeout=0.4, attempts=3, delay=0.01, longest_delay=0.05)
API, FILES = "/api/datasets/owner/pets", f"/datasets/owner/pets/resolve/{COMMIT}/"
PLAIN = (".txt", ".csv", ".json", ".md")
"""Files that are not in large storage, of which the hub says git's digest alone."""


def git(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sibling(path, data):
    one = {"rfilename": path, "size": len(data), "blobId": git(data)}
    if not path.endswith(PLAIN):
        one["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return one


class DataHub(Hub):
    """`do.content` is a dict of path -> bytes here; `do.file` the card's licence."""

    def do_GET(self):  # noqa: N802
        path = self.path.partition("?")[0]
        if path.partition("/revision/")[0] == API:
            self._note_all()
            self._tell()
        else:
            super().do_GET()

    def _tell(self):
        if self.do.head_status and self.do.fault(True):
            self._error(self.do.head_status)
            return
        made = {"id": "owner/pets", "sha": self.commit, "cardData": {"license": self.do.file},
                "siblings": [*(sibling(path, data) for path, data in self.do.content.items()), *self.odd]}  # fmt: skip
        body = json.dumps(made).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    odd, commit = (), COMMIT

    def _note_all(self):
        self.do.requests.append((self.command, self.path, {name.lower(): text for name, text in self.headers.items()}))

    def _is_missing(self):
        return self._name() not in self.do.content

    def _content(self):
        return self.do.content[self._name()]

    def _name(self):
        return self.path.removeprefix(FILES.replace(COMMIT, self.commit))


def serving(tmp_path, monkeypatch):
    """For a fixture: what starts a hub that has a data set; folders of their own."""
    monkeypatch.setenv("MMAP_STUDIO_DATA", str(tmp_path / "kept"))

    def start(files, odd=(), licence="cc-by-4.0", commit=COMMIT, **how):
        hub = type("Pets", (DataHub,), {"odd": odd, "commit": commit})
        return run(Server(Behaviour(content=files, file=licence, **how), hub))

    with hubs(monkeypatch) as run:
        yield start
