from mmap_studio.session.events import Notice, Progress
from mmap_studio.session.runtime.mailbox import Mailbox


def newest(phase: str, value: int) -> Progress:
    return Progress(phase, value, 1)


def events(box: Mailbox) -> list:
    return [letter.event for letter in box.drain()]


def test_ordinary_events_keep_their_order():
    box = Mailbox()
    for i in range(5):
        box.post(1, Notice(str(i)))
    assert events(box) == [Notice(str(i)) for i in range(5)]
    assert events(box) == []


def test_newest_of_a_kind_takes_the_place_in_time():
    box = Mailbox()
    for event in (newest("a", 1), Notice("between"), newest("b", 1), newest("a", 2)):
        box.post(1, event)
    assert events(box) == [Notice("between"), newest("b", 1), newest("a", 2)]


def test_runs_do_not_mix():
    box = Mailbox()
    box.post(1, newest("a", 1))
    box.post(2, newest("a", 2))
    assert [letter.run for letter in box.drain()] == [1, 2]


def test_a_flood_stays_bounded_and_keeps_the_last():
    box = Mailbox(limit=100)
    for i in range(100_000):
        box.post(1, Notice("flood"))
        box.post(1, newest("a", i))
    told = events(box)
    assert len(told) == 100
    assert told[-1] == newest("a", 99_999)
    assert box.dropped == 100_001 - 100
