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
from functools import partial
from pathlib import Path
from typing import ClassVar

from filelock import FileLock, Timeout

from mmap_studio.errors import BackboneError, CorruptError
from mmap_studio.session.backbones import hub
from mmap_studio.session.backbones.hub import DownloadError, FileMissingError, Remote, RetryPolicy
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.places import models_folder, own_folder
from mmap_studio.session.backbones.pretrained import Pretrained, installed, weights_of
from mmap_studio.session.backbones.tokens import wanted
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
    folder = one.target(one.files[0]).parent
    yield from Line(one.name, folder, models_folder(), partial(_fetch, one), retry).events(stop)


class _Abandoned(Exception):  # noqa: N818  (no error: the download was stopped)
    pass


class Line(threading.Thread):
    """Receives files, each through `receive`; abandoned, not joined, on a stop.

    name : what is downloaded, for events   folder : where it is put, and locked meanwhile   root : a folder above
    work : receives all there is, in the thread, and gives the path of the whole
    """

    def __init__(
        self, name: str, folder: Path, root: Path, work: "Callable[[Line], Path]", retry: RetryPolicy | None = None
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


def _fetch(one: Pretrained, line: Line) -> Path:
    """The weights, and the tokenizer that they need; another process may have fetched them while this one waited."""
    if (there := installed(one)) is not None:
        return there
    for repository, files, must in wanted(
        configs()[one.architecture]
    ):  # small: whoever has them has all but the weights
        _first(one, line, repository, files, must)
    there = weights_of(one) or _first(one, line, one.repository, one.files)
    assert there is not None
    return there


def _first(one: Pretrained, line: Line, repository: str, files: tuple[str, ...], must: bool = True) -> Path | None:
    """The first of these files that the hub has; None where it has none, if none `must` be there."""
    for file in files:
        target = own_folder(repository) / file
        if target.is_file():
            return target
        try:
            return line.receive(partial(hub.request_metadata, repository, file, line.retry), target)
        except FileMissingError:
            continue
        except (DownloadError, CorruptError) as error:
            raise BackboneError(_message(one, repository, file, str(error).rstrip("."))) from None
    if must:
        raise BackboneError(_message(one, repository, files[0], f"it has neither of {', '.join(files)}"))
    return None


def _message(one: Pretrained, repository: str, file: str, why: str) -> str:
    return (
        f"{one.name} could not be downloaded from {hub.host()}: {why}; try again, which goes on from where it "
        f"ended, or get {file} of {repository} in a browser and put it at {own_folder(repository) / file}."
    )
