from dataclasses import dataclass
from typing import ClassVar

from mmap_studio.session.runtime.mailbox import Mailbox


@dataclass(frozen=True)
class Newest:
    coalesce: ClassVar[bool] = True
    phase: str
    value: int


def events(box: Mailbox) -> list:
    return [letter.event for letter in box.drain()]


def test_ordinary_events_keep_their_order():
    box = Mailbox()
    for i in range(5):
        box.post(1, i)
    assert events(box) == [0, 1, 2, 3, 4]
    assert events(box) == []


def test_newest_of_a_kind_takes_the_place_in_time():
    box = Mailbox()
    for event in (Newest("a", 1), "between", Newest("b", 1), Newest("a", 2)):
        box.post(1, event)
    assert events(box) == ["between", Newest("b", 1), Newest("a", 2)]


def test_runs_do_not_mix():
    box = Mailbox()
    box.post(1, Newest("a", 1))
    box.post(2, Newest("a", 2))
    assert [letter.run for letter in box.drain()] == [1, 2]


def test_a_flood_stays_bounded_and_keeps_the_last():
    box = Mailbox(limit=100)
    for i in range(100_000):
        box.post(1, i)
        box.post(1, Newest("a", i))
    told = events(box)
    assert len(told) == 100
    assert told[-1] == Newest("a", 99_999)
    assert box.dropped == 100_001 - 100
