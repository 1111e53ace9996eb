"""Disks that fail, die or are watched at the n-th call, and children to die in."""

import ctypes
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from mmap_studio.storage import disk


def disk_calls() -> tuple[str, ...]:
    """Names of the calls of `disk.System`, read when used: a mutant may have replaced the class."""
    return tuple(item.name for item in fields(disk.System))


@dataclass
class Watched:
    """Counts and notes every call, and asks `before` what to do first. Flushing is skipped unless `flush`: it cannot
    matter to a killed process (the page cache survives), and it is what makes thousands of trials slow."""

    before: Callable[[int, str, tuple[Any, ...]], None] = lambda number, name, arguments: None
    flush: bool = False
    trace: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    results: dict[int, Any] = field(default_factory=dict)
    """What call number n, counted from 1, returned."""

    def system(self) -> disk.System:
        return disk.System(**{name: self._call(name) for name in disk_calls()})

    def _call(self, name: str) -> Callable[..., Any]:
        real = getattr(disk.System(), name)

        def call(*arguments: Any, **place: Any) -> Any:
            self.trace.append((name, arguments))
            number = len(self.trace)
            try:
                self.before(number, name, arguments)
            except OSError:
                if name == "close":  # a failed close has closed
                    real(*arguments, **place)
                raise
            self.results[number] = None if name == "fsync" and not self.flush else real(*arguments, **place)
            return self.results[number]

        return call


def killing(at: int, arrived: float = 0.0) -> Watched:
    """SIGKILL instead of call number `at`; of a write, this share of the bytes arrives first (at least one)."""

    def before(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if number == at:
            if arrived and name == "write":
                os.write(arguments[0], arguments[1][: max(1, int(len(arguments[1]) * arrived))])
            os.kill(os.getpid(), signal.SIGKILL)

    return Watched(before)


def failing(at: int, code: int, forever: bool, torn: bool = True) -> Watched:
    """OSError `code` at call `at`, once or from then on. A failing write has written half when `torn`.

    Closing works again after it failed once, as it does in reality: a handle that was given back is gone.
    """

    def before(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if number == at or (forever and number > at and name != "close"):
            if torn and name == "write" and number == at:
                os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise OSError(code, os.strerror(code))

    return Watched(before)


def in_child(work: Callable[[Callable[[], None]], None]) -> tuple[int, int]:
    """Run `work(acknowledge)` in a forked child. Returns (signal, or 256 + exit code; acknowledgements that came)."""
    process, pipe = start_child(work)
    return end_child(process, pipe)


def start_child(work: Callable[[Callable[[], None]], None]) -> tuple[int, int]:
    """Fork; (process id, reading end of the pipe). The child never returns into pytest, and dies with its parent."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on fork warns of other tests' threads
        process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    code = 1
    try:
        os.close(reading)
        die_with_parent()
        work(lambda: os.write(writing, b"."))  # type: ignore[arg-type, return-value]
        code = 0
    except AssertionError:
        code = 3
    finally:
        os._exit(code)


def end_child(process: int, pipe: int) -> tuple[int, int]:
    """Wait; see `in_child`."""
    acknowledged = sum(len(piece) for piece in _pieces(pipe))
    os.close(pipe)
    _, status = os.waitpid(process, 0)
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 256 + os.WEXITSTATUS(status)), acknowledged


def _pieces(pipe: int) -> Iterator[bytes]:
    while piece := os.read(pipe, 65536):
        yield piece


def die_with_parent() -> None:
    """Linux: no orphan is left behind when the test run itself is killed."""
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
