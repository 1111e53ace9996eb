"""Writes go one after the other in a thread of their own; of those that wait the newest alone."""

import threading

import pytest

from mmap_studio.errors import StorageError
from mmap_studio.session.project.saver import Saver

PATIENCE = 30


@pytest.fixture
def saver():
    made = Saver()
    yield made
    made.settle()
    assert not [thread for thread in threading.enumerate() if thread.name == "mmap-saver" and thread.is_alive()]


def test_whoever_puts_does_not_wait_and_what_was_overtaken_is_left_out(saver):
    gate, begun, written = threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        assert gate.wait(PATIENCE)
        written.append("first")

    saver.put(slow)
    assert begun.wait(PATIENCE)
    for name in ("second", "third"):
        saver.put(lambda name=name: written.append(name))
    assert written == []
    gate.set()
    saver.settle()
    assert written == ["first", "third"]
    assert saver.told() == [None, None]
    assert saver.told() == []


def test_a_refusal_of_the_disk_is_told_and_the_next_write_has_its_turn(saver):
    refusal, written = StorageError("no room"), []

    def full():
        raise refusal

    saver.put(full)
    saver.settle()
    saver.put(lambda: written.append("again"))
    saver.settle()
    assert saver.told() == [refusal, None]
    assert written == ["again"]


def test_what_is_no_fault_of_the_disk_is_raised_and_not_lost(saver):
    refusal = StorageError("no room")

    def full():
        raise refusal

    for write in (full, lambda: 1 // 0):
        saver.put(write)
        saver.settle()
    with pytest.raises(ZeroDivisionError):
        saver.told()
    assert saver.told() == [refusal]
    assert saver.told() == []


def test_where_no_thread_can_be_had_nobody_waits_for_one(saver, monkeypatch):
    written = []

    def none(thread):
        raise RuntimeError("no more threads")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        with pytest.raises(RuntimeError):
            saver.put(lambda: written.append(1))
    saver.settle()
    saver.put(lambda: written.append(2))
    saver.settle()
    assert written == [2]


def test_whoever_waits_says_how_long(saver):
    gate = threading.Event()
    saver.put(lambda: gate.wait(PATIENCE))
    assert saver.settle(0.01) is False
    gate.set()
    assert saver.settle(PATIENCE) is True
