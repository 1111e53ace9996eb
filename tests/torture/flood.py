"""More events than anybody can show, through the mailbox between the thread that works and the window."""

import threading
import time
from pathlib import Path

from mmap_studio.session.events import Notice, Progress
from mmap_studio.session.runtime.mailbox import LIMIT, Mailbox
from tests.torture.outcome import Outcome

HZ = 20


def events(folder: Path, count: int) -> Outcome:
    """`count` events from a thread, read twenty times a second: the mailbox stays small, the last value arrives."""
    box, done, largest, last = Mailbox(), threading.Event(), 0, -1

    def post() -> None:
        for number in range(count):
            box.post(1, Notice(str(number)) if number % 100 == 0 else Progress("train", number, count))
        done.set()

    thread = threading.Thread(target=post)
    thread.start()
    while True:
        ended = done.wait(1 / HZ)
        began = time.monotonic()
        largest = max(largest, len(box))
        for letter in box.drain():
            if isinstance(letter.event, Progress):
                last = letter.event.done
        if ended:
            break
    thread.join()
    outcome = Outcome(
        count, notes=[f"at most {largest} letters waited; reading the last took {time.monotonic() - began:.4f} s"]
    )
    if last < count - 2 or largest > LIMIT:
        outcome.lost += 1
        outcome.notes.append(f"last value {last}, largest {largest}")
    return outcome
