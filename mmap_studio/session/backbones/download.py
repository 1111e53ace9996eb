"""Download pretrained weights: events while they arrive, a stop that takes effect at once, one sentence on failure.

A generator for the job and the command line alike. The line is served by a thread of its own, because a silent server
or a dead name service can block for half a minute, and a stop must not wait for that: the thread is then told to give
up and left behind. It writes nothing after that, and a lock keeps the next attempt off the file until it has ended.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from filelock import FileLock, Timeout

from mmap_studio.errors import BackboneError, CorruptError
from mmap_studio.session.backbones import hub
from mmap_studio.session.backbones.hub import DownloadError, FileMissingError, Remote, RetryPolicy
from mmap_studio.session.backbones.pretrained import Pretrained, installed, models_folder
from mmap_studio.session.events import Event
from mmap_studio.storage import atomic
from mmap_studio.storage.partial import Partial, received_in

TICK = 0.1
"""Seconds between two looks at the stop."""


@dataclass(frozen=True)
class Downloading(Event):
    """Bytes received so far."""

    name: str
    host: str
    received: int
    size: int
    """Bytes in all; 0 while the hub has not said."""
    coalesce: ClassVar[bool] = True


@dataclass(frozen=True)
class Downloaded(Event):
    """The weights are on this computer, complete and verified."""

    name: str
    path: Path


def download(
    one: Pretrained, stop: Callable[[], None] | None = None, retry: RetryPolicy | None = None
) -> Iterator[Downloading | Downloaded]:
    """Events until the weights are here, at once if they are; `stop` is called ten times a second and may raise.

    What came stays for the next attempt, which goes on from there. BackboneError says which host, why, and how to do
    it by hand; StorageError when the disk refuses.
    """
    found = installed(one)
    if found is not None:
        yield Downloaded(one.name, found)
        return
    hub.check_online()
    line = _DownloadThread(one, retry or RetryPolicy())
    line.start()
    try:
        while line.is_alive():
            if stop is not None:
                stop()
            line.join(TICK)
            yield line.progress
        yield line.result()
    finally:
        line.abandoned.set()


class _Abandoned(Exception):  # noqa: N818  (no error: the download was stopped)
    pass


class _DownloadThread(threading.Thread):
    """Receives the file; abandoned, not joined, on a stop."""

    def __init__(self, one: Pretrained, retry: RetryPolicy) -> None:
        super().__init__(name="mmap-download", daemon=True)
        self.one, self.retry = one, retry
        self.abandoned = threading.Event()
        self.progress = Downloading(one.name, hub.host(), 0, 0)
        self._path: Path | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """In the thread: whatever happens is kept for `result`."""
        try:
            with self._locked():  # another process may have fetched it while this one waited
                self._path = installed(self.one) or self._first_of_files()
        except BaseException as error:
            self._error = error

    def result(self) -> Downloaded:
        """After the end: the file, or what went wrong."""
        if self._error is not None:
            raise self._error
        assert self._path is not None
        return Downloaded(self.one.name, self._path)

    def _first_of_files(self) -> Path:
        for file in self.one.files:
            try:
                return self._fetch(file)
            except FileMissingError:
                continue
        raise BackboneError(self._message(f"it has neither of {', '.join(self.one.files)}"))

    def _fetch(self, file: str) -> Path:
        def partial_of(remote: Remote) -> Partial:
            return Partial(self.one.target(file), remote.sha256, remote.size, models_folder())

        try:
            partial = hub.fetch(self.one.repository, file, partial_of, self.retry, self._report, self._sleep)
            partial.finish(self._check_abandoned)
        except FileMissingError:
            raise
        except (DownloadError, CorruptError) as error:
            raise BackboneError(self._message(str(error).rstrip("."))) from None
        return partial.path

    def _message(self, why: str) -> str:
        file = self.one.files[0]
        return (
            f"{self.one.name} could not be downloaded from {hub.host()}: {why}; try again, which goes on from where it "
            f"ended, or get {file} of {self.one.repository} in a browser and put it at {self.one.target(file)}."
        )

    def _report(self, received: int, size: int) -> None:
        self._check_abandoned()
        self.progress = Downloading(self.one.name, hub.host(), received, size)

    def _sleep(self, seconds: float) -> None:
        self.abandoned.wait(seconds)
        self._check_abandoned()

    def _check_abandoned(self) -> None:
        if self.abandoned.is_set():
            raise _Abandoned

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock on the weights' folder; an attempt that was abandoned may hold it until its connection is dead.

        A process that holds it is waited for as long as its partial files grow.
        """
        folder = self.one.target(self.one.files[0]).parent
        atomic.make_folder(models_folder())
        atomic.make_folder(folder, models_folder())
        lock = FileLock(folder / ".download.lock", timeout=0, thread_local=False)
        there, since = received_in(folder), time.monotonic()
        while not lock.is_locked:
            try:
                lock.acquire()
            except Timeout:
                self._sleep(TICK)
                if (now := received_in(folder)) != there:
                    there, since = now, time.monotonic()
                if time.monotonic() > since + self.retry.read_timeout + self.retry.connect_timeout:
                    raise BackboneError(
                        f"{self.one.name} must be downloaded once at a time, but another process is at it and receives "
                        "nothing; end it, or try again later."
                    ) from None
        try:
            yield
        finally:
            lock.release()
