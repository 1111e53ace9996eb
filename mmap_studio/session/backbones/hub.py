"""Download one file from a Hugging Face hub into a `Partial`, with resume and retries. Blocks; see `download`.

huggingface_hub resolves addresses, mirrors, tokens, proxies, certificates and headers. The bytes are received here:
its `http_get` was considered (version 2.4), but it writes pieces of 10 MB (a fixed size; what came of a piece before
the line dropped is lost, and a stop waits for the next one), does not check which range a 206 answer holds, stops at
nothing when too much comes, and sleeps and times out by settings of the whole process. It compares no SHA-256.
"""

import functools
import importlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mmap_studio.errors import BackboneError
from mmap_studio.storage.partial import Partial

PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers that may be another one in a moment."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, and how often to begin again without having received a byte."""

    connect: float = 10.0
    """Seconds."""
    silence: float = 20.0
    """Seconds without a byte before the line counts as dead."""
    attempts: int = 5
    pause: float = 1.0
    """Seconds before the second attempt; doubled each time."""
    longest_pause: float = 30.0
    """Seconds, also for a server that asks for more."""


@dataclass(frozen=True)
class Remote:
    """What the hub says of a file."""

    url: str
    """Where its bytes are now: signed and short-lived."""
    sha256: str
    size: int


class Refused(Exception):  # noqa: N818  (becomes a sentence)
    """The server, the line or the answer is at fault; `passing` if it may be better in a moment."""

    def __init__(self, why: str, passing: bool = False, wait: float = 0.0) -> None:
        super().__init__(why)
        self.passing, self.wait = passing, wait


class Missing(Refused):
    """There is no such file."""


def ask(repository: str, file: str, patience: Patience) -> Remote:
    """The hub's word on a file; Refused when there is none, and Missing when there is no such file."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(repository, file, endpoint=constants.ENDPOINT)
    with _refusing():
        found = get_hf_file_metadata(url, timeout=patience.connect)
    digest = (found.etag or "").lower()
    if not re.fullmatch("[0-9a-f]{64}", digest) or not found.size:
        raise Refused("it does not say the file's size and SHA-256, so what it sends could not be checked")
    return Remote(found.location, digest, found.size)


def receive(remote: Remote, partial: Partial, patience: Patience, heard: Callable[[int], None]) -> None:
    """Append what is missing; `heard` gets the bytes there so far after every piece, and what it raises ends it."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, but lazily

    own = urlsplit(remote.url).netloc == urlsplit(constants.ENDPOINT).netloc
    headers = build_hf_headers() if own else build_hf_headers(token=False)  # a token is for the hub alone
    headers |= {"Accept-Encoding": "identity", "Range": f"bytes={partial.received}-"}
    library = _library()
    timeout = library.Timeout(patience.silence, connect=patience.connect)
    with (
        _refusing(),
        get_session().stream("GET", remote.url, headers=headers, timeout=timeout, follow_redirects=True) as answer,
    ):
        _check_answer(answer, partial)
        with partial.appending() as append:
            there = partial.received
            for piece in answer.iter_raw():
                heard(there)
                there += len(piece)
                if there > remote.size:
                    raise Refused(f"it sent more than the {remote.size:,} bytes of the file")
                append(piece)
                heard(there)
    if partial.received < remote.size:
        raise Refused(f"it sent {partial.received:,} of {remote.size:,} bytes and ended", passing=True)


def _check_answer(answer: Any, partial: Partial) -> None:
    """Go on where we are, or begin again for a server that does not know ranges."""
    status, there = answer.status_code, partial.received
    if status == 206:
        if not answer.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            raise Refused(f"it sent another part of the file than was asked for, {answer.headers.get('Content-Range')}")
    elif (status == 200 and there) or status == 416:
        partial.restart()
    if status == 416:
        raise Refused("it has no more of the file than was received", passing=True)
    if status not in (200, 206):
        raise _answered(status, answer.headers)


def _answered(status: int, headers: Mapping[str, str]) -> Refused:
    """What an error status means to a user."""
    if status == 404:
        return Missing("it has no such file (404)")
    if status in (401, 403):
        return Refused(f"it refused ({status}): the licence must be accepted on its page, or a token set in HF_TOKEN")
    wait = headers.get("Retry-After", "")
    why = {429: "it asks for fewer requests"}.get(status, "it has a fault")
    return Refused(f"{why} ({status})", status in PASSING, float(wait) if wait.isdigit() else 0.0)


class _refusing:  # noqa: N801  (used as a statement)
    """What the library and the line raise becomes Refused; our own errors pass."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

        if isinstance(error, OfflineModeIsEnabled):
            raise Refused("HF_HUB_OFFLINE forbids it") from None
        if isinstance(error, HfHubHTTPError):
            raise _answered(error.response.status_code, error.response.headers) from None
        library = _library()
        if isinstance(error, library.TimeoutException):
            raise Refused("nothing came for too long", passing=True) from None
        if isinstance(error, (library.TransportError, library.InvalidURL, library.TooManyRedirects)):
            text = str(error).strip() or type(error).__name__
            raise Refused(f"the connection failed ({text})", isinstance(error, library.TransportError)) from None


def _library() -> Any:
    """The HTTP library of huggingface_hub's sessions: httpx in its version 1, httpx2 in version 2."""
    from huggingface_hub import get_session

    return importlib.import_module(type(get_session()).__module__.partition(".")[0])


def fetch(
    repository: str,
    file: str,
    partial_of: Callable[[Remote], Partial],
    patience: Patience,
    heard: Callable[..., None],
    rest: Callable[[float], None] = time.sleep,
) -> Partial:
    """The whole file, not yet under its name; `heard(received, size=...)` is called often, and what it raises ends it.

    Raises Refused when it did not come in `attempts` attempts without a byte.
    """
    remote: Remote | None = None
    failures, best = 0, -1
    while True:
        try:
            remote = ask(repository, file, patience)
            partial, size = partial_of(remote), remote.size
            heard(partial.received, size=size)
            if partial.received < size:
                receive(remote, partial, patience, functools.partial(heard, size=size))
            return partial
        except Refused as error:
            now = 0 if remote is None else partial_of(remote).received
            failures, best = (1, now) if now > best else (failures + 1, best)
            if not error.passing or failures >= patience.attempts:
                raise
            pause = max(error.wait, patience.pause * 2 ** (failures - 1))
        rest(min(pause, patience.longest_pause))


def host() -> str:
    """The hub that is asked: Hugging Face's, or the mirror in HF_ENDPOINT."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).netloc


def check_online() -> None:
    """BackboneError where the variable HF_HUB_OFFLINE forbids the network."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise BackboneError("HF_HUB_OFFLINE must be unset to download, but is set; unset it, or use a local file.")
