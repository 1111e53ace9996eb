"""The transfer of files from the hub: events while they arrive, a stop that takes effect at once.

It is served by a thread of its own, because a silent server or a dead name service can block for half a minute, and a
stop must not wait for that: the thread is then told to give up and left behind. It writes nothing after that, and a
lock keeps the next attempt off the file until it has ended.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from filelock import FileLock, Timeout

from mmap_studio.errors import BackboneError
from mmap_studio.session.download import hub
from mmap_studio.session.download.hub import Remote, RetryPolicy
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
    """What was asked for is on this computer, complete and verified."""

    name: str
    path: Path


class _Abandoned(Exception):  # noqa: N818  (no error: the download was stopped)
    pass


class Transfer(threading.Thread):
    """Receives files, each through `receive`; abandoned, not joined, on a stop.

    name : what is downloaded, for events   folder : where it is put, and locked meanwhile   root : a folder above
    work : receives all there is, in the thread, and gives the path of the whole
    """

    def __init__(
        self, name: str, folder: Path, root: Path, work: "Callable[[Transfer], Path]", retry: RetryPolicy | None = None
    ) -> None:
        super().__init__(name="mmap-download", daemon=True)
        self.what, self.folder, self.root = name, folder, root
        self.retry = retry or RetryPolicy()
        self.abandoned = threading.Event()
        self.progress = Downloading(name, hub.host(), 0, 0)
        self._work = work
        self._path: Path | None = None
        self._error: BaseException | None = None

    def events(self, stop: Callable[[], None] | None) -> Iterator[Downloading | Downloaded]:
        """How far it is, ten times a second, and the end of it; errors are those of `work`."""
        self.start()
        try:
            while self.is_alive():
                if stop is not None:
                    stop()
                self.join(TICK)
                yield self.progress
            if self._error is not None:
                raise self._error
            assert self._path is not None
            yield Downloaded(self.what, self._path)
        finally:
            self.abandoned.set()

    def run(self) -> None:
        """In the thread: whatever happens is kept for whoever asks for events."""
        try:
            with self._locked():
                self._path = self._work(self)
        except BaseException as error:
            self._error = error

    def receive(self, ask: Callable[[], Remote], path: Path, before: int = 0, total: int | None = None) -> Path:
        """One file, whole and verified, under its name; DownloadError or CorruptError where it does not come.

        before, total : bytes of the files that are here already, and of all; without them those of this file
        """

        def report(received: int, size: int) -> None:
            self.check_abandoned()
            self.progress = Downloading(self.what, hub.host(), before + received, size if total is None else total)

        def partial_of(remote: Remote) -> Partial:
            return Partial(path, remote.digest, remote.size, self.root)

        made = hub.fetch(ask, partial_of, self.retry, report, self._sleep)
        made.finish(self.check_abandoned)
        return made.path

    def check_abandoned(self) -> None:
        """Ends the thread's work once nobody waits for it."""
        if self.abandoned.is_set():
            raise _Abandoned

    def _sleep(self, seconds: float) -> None:
        self.abandoned.wait(seconds)
        self.check_abandoned()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock on the folder; an attempt that was abandoned may hold it until its connection is dead.

        A process that holds it is waited for as long as its partial files grow.
        """
        atomic.make_folder(self.root)
        atomic.make_folder(self.folder, self.root)
        lock = FileLock(self.folder / ".download.lock", timeout=0, thread_local=False)
        there, since = received_in(self.folder), time.monotonic()
        while not lock.is_locked:
            try:
                lock.acquire()
            except Timeout:
                self._sleep(TICK)
                if (now := received_in(self.folder)) != there:
                    there, since = now, time.monotonic()
                if time.monotonic() > since + self.retry.read_timeout + self.retry.connect_timeout:
                    raise BackboneError(
                        f"{self.what} must be downloaded once at a time, but another process is at it and receives "
                        "nothing; end it, or try again later."
                    ) from None
        try:
            yield
        finally:
            lock.release()
