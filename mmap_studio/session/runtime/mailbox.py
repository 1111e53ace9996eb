"""The mailbox between the thread that works and whoever shows it: bounded, ordered, and never a reason to wait.

An event whose class says `coalesce` makes an unread one of the same kind superfluous, so a reader that comes twenty
times a second finds the newest of each and nothing grows. All others are kept in order; past `limit` the oldest
ordinary ones give way, counted in `dropped`, and the last letter of a run is never lost. `queue.Queue` was
considered: it can neither coalesce nor let the oldest give way.
"""

import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass

from mmap_studio.session.events import Event

LIMIT = 10_000
"""Letters that are kept unread; a reader at 20 Hz sees a few."""


@dataclass(frozen=True)
class Letter:
    """One event, and the run it belongs to: a reader drops what comes from an older run."""

    run: int
    event: Event
    when: float
    """When it was posted, in seconds of `time.monotonic`: the reader comes later, and to several at once."""


def kind(event: Event) -> Hashable:
    """What a newer event replaces: the same class, and the same phase where it has one."""
    return type(event), getattr(event, "phase", None)


class Mailbox:
    """Written by one thread, read by another."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._letters: dict[Hashable, Letter] = {}  # in order; coalescable ones under their kind
        self._count = 0
        self.dropped = 0
        """Ordinary letters that gave way because nobody read."""

    def post(self, run: int, event: Event) -> None:
        """Put an event in; never waits for a reader."""
        with self._lock:
            self._count += 1
            key: Hashable = (run, kind(event)) if event.coalesce else self._count
            self._letters.pop(key, None)  # the newer one takes its place in time, at the end
            self._letters[key] = Letter(run, event, time.monotonic())
            if len(self._letters) > self._limit:
                del self._letters[next(iter(self._letters))]
                self.dropped += 1

    def drain(self) -> list[Letter]:
        """Take everything out, oldest first."""
        with self._lock:
            letters, self._letters = self._letters, {}
        return list(letters.values())

    def take(self) -> Letter | None:
        """Take the oldest letter out; None where there is none."""
        with self._lock:
            return self._letters.pop(next(iter(self._letters))) if self._letters else None

    def __len__(self) -> int:
        return len(self._letters)
