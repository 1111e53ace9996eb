"""Download one file from a Hugging Face hub into a `Partial`, with resume and retries. Blocks; see `transfer`.

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
from types import ModuleType
from typing import Protocol
from urllib.parse import urlsplit

from mmap_studio.errors import BackboneError
from mmap_studio.storage.partial import Partial

TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
"""HTTP statuses after which another attempt may succeed."""


@dataclass(frozen=True)
class RetryPolicy:
    """Timeouts, and how often to try again without having received a byte."""

    connect_timeout: float = 10.0
    """Seconds."""
    read_timeout: float = 20.0
    """Seconds without a byte before the line counts as dead."""
    attempts: int = 5
    unreached: int = 2
    """Attempts where the hub was never reached: without a network, more would only take longer to say so."""
    delay: float = 1.0
    """Seconds before the second attempt; doubled each time."""
    longest_delay: float = 30.0
    """Seconds, also for a server that asks for more."""


@dataclass(frozen=True)
class Remote:
    """What the hub says of a file."""

    url: str
    """Where its bytes are now: signed and short-lived, or where the hub sends whoever asks for it."""
    digest: str
    """SHA-256; of a small file git's own digest, where the hub says no other."""
    size: int


class _Answer(Protocol):
    """What is read of an HTTP response, httpx's or httpx2's."""

    status_code: int

    @property
    def headers(self) -> Mapping[str, str]: ...


class DownloadError(Exception):
    """The server, the connection or the answer is at fault; whoever asked makes a sentence of it."""

    def __init__(self, why: str, transient: bool = False, retry_after: float = 0.0, unreached: bool = False) -> None:
        super().__init__(why)
        self.transient, self.retry_after, self.unreached = transient, retry_after, unreached


class FileMissingError(DownloadError):
    """There is no such file."""


def request_metadata(repository: str, file: str, retry: RetryPolicy) -> Remote:
    """URL, SHA-256 and size of a file; FileMissingError where there is none, DownloadError where it is not said."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(repository, file, endpoint=constants.ENDPOINT)
    with refusing():
        found = get_hf_file_metadata(url, timeout=retry.connect_timeout)
    digest = (found.etag or "").lower()
    if not re.fullmatch("[0-9a-f]{64}", digest) or not found.size:
        raise DownloadError("it does not say the file's size and SHA-256, so what it sends could not be checked")
    return Remote(found.location, digest, found.size)


def receive(remote: Remote, partial: Partial, retry: RetryPolicy, report: Callable[[int], None]) -> None:
    """Append what is missing; `report` gets the bytes received so far after every piece, and what it raises ends it."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, but lazily

    own = urlsplit(remote.url).netloc == urlsplit(constants.ENDPOINT).netloc
    headers = build_hf_headers() if own else build_hf_headers(token=False)  # a token is for the hub alone
    headers |= {"Accept-Encoding": "identity", "Range": f"bytes={partial.received}-"}
    library = _library()
    timeout = library.Timeout(retry.read_timeout, connect=retry.connect_timeout)
    with (
        refusing(),
        get_session().stream("GET", remote.url, headers=headers, timeout=timeout, follow_redirects=True) as answer,
    ):
        _check_answer(answer, partial)
        with partial.appending() as append:
            there = partial.received
            for piece in answer.iter_raw():
                report(there)
                there += len(piece)
                if there > remote.size:
                    raise DownloadError(f"it sent more than the {remote.size:,} bytes of the file")
                append(piece)
                report(there)
    if partial.received < remote.size:
        raise DownloadError(f"it sent {partial.received:,} of {remote.size:,} bytes and ended", transient=True)


def _check_answer(answer: _Answer, partial: Partial) -> None:
    """Continue the partial file, or restart it for a server without ranges; DownloadError for any other answer."""
    status, there = answer.status_code, partial.received
    if status == 206:
        if not answer.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            raise DownloadError(
                f"it sent another part of the file than was asked for, {answer.headers.get('Content-Range')}"
            )
    elif (status == 200 and there) or status == 416:
        partial.restart()
    if status == 416:
        raise DownloadError("it has no more of the file than was received", transient=True)
    if status not in (200, 206):
        raise _status_error(status, answer.headers)


def _status_error(status: int, headers: Mapping[str, str]) -> DownloadError:
    if status == 404:
        return FileMissingError("it has no such file (404)")
    if status in (401, 403):
        return DownloadError(
            f"it refused ({status}): the licence must be accepted on its page, or a token set in HF_TOKEN"
        )
    wait = headers.get("Retry-After", "")
    why = {429: "it asks for fewer requests"}.get(status, "it has a fault")
    return DownloadError(f"{why} ({status})", status in TRANSIENT, float(wait) if wait.isdecimal() else 0.0)


class refusing:  # noqa: N801  (used as a statement)
    """Turns what the HTTP library raises into DownloadError."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

        if isinstance(error, OfflineModeIsEnabled):
            raise DownloadError("HF_HUB_OFFLINE forbids it") from None
        if isinstance(error, HfHubHTTPError):
            raise _status_error(error.response.status_code, error.response.headers) from None
        library = _library()
        if isinstance(error, (library.ConnectError, library.ConnectTimeout)):
            why = str(error).strip() or "no answer"
            raise DownloadError(f"the connection failed ({why})", transient=True, unreached=True) from None
        if isinstance(error, library.TimeoutException):
            raise DownloadError("nothing came for too long", transient=True) from None
        if isinstance(error, (library.TransportError, library.InvalidURL, library.TooManyRedirects)):
            text = str(error).strip() or type(error).__name__
            raise DownloadError(f"the connection failed ({text})", isinstance(error, library.TransportError)) from None


def _library() -> ModuleType:
    """The HTTP library of huggingface_hub's sessions: httpx in its version 1, httpx2 in version 2."""
    from huggingface_hub import get_session

    return importlib.import_module(type(get_session()).__module__.partition(".")[0])


def fetch(
    ask: Callable[[], Remote],
    partial_of: Callable[[Remote], Partial],
    retry: RetryPolicy,
    report: Callable[..., None],
    sleep: Callable[[float], None] = time.sleep,
) -> Partial:
    """The whole file, not yet under its name; `report(received, size=...)` is called often, and what it raises ends it.

    ask : what the hub says of the file; asked again before every attempt

    Raises DownloadError when it did not come in `attempts` attempts without a byte.
    """
    remote: Remote | None = None
    failures, best = 0, -1
    while True:
        try:
            remote = ask()
            partial, size = partial_of(remote), remote.size
            report(partial.received, size=size)
            if partial.received < size:
                receive(remote, partial, retry, functools.partial(report, size=size))
            return partial
        except DownloadError as error:
            now = 0 if remote is None else partial_of(remote).received
            failures, best = (1, now) if now > best else (failures + 1, best)
            if not error.transient or failures >= (
                retry.unreached if error.unreached and remote is None else retry.attempts
            ):
                raise
            pause = max(error.retry_after, retry.delay * 2 ** (failures - 1))
        sleep(min(pause, retry.longest_delay))


def host() -> str:
    """The hub that is asked: Hugging Face's, or the mirror in HF_ENDPOINT."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).netloc


def check_online() -> None:
    """BackboneError where the variable HF_HUB_OFFLINE forbids the network."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise BackboneError("HF_HUB_OFFLINE must be unset to download, but is set; unset it, or use a local file.")
