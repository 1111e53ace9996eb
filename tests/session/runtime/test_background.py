"""Work beside the run: nothing holds anything up, and closing waits for written files alone."""

import threading
import time

import pytest

from mmap_studio.session.runtime.background import BackgroundRunner, raise_if_dropped


@pytest.fixture
def aside():
    made = BackgroundRunner()
    yield made
    made.close()
    assert not [t for t in threading.enumerate() if t.name == "mmap-aside"]


def settle(aside):
    while aside.busy:
        aside.poll()
        time.sleep(0.001)


def endless():
    while True:
        time.sleep(0.001)


def endless_with_tick():
    while True:
        time.sleep(0.001)
        raise_if_dropped(1)


def test_results_and_errors_come_by_polling_in_the_callers_thread(aside):
    heard = []
    aside.run(lambda: 6 * 7, lambda value: heard.append((value, threading.current_thread())), heard.append)
    settle(aside)
    assert heard == [(42, threading.main_thread())]
    aside.run(lambda: 1 // 0, heard.append, lambda error: heard.append(type(error)))
    settle(aside)
    assert heard[1:] == [ZeroDivisionError]


def test_long_work_holds_nothing_up(aside):
    let = threading.Event()
    heard = []
    aside.run(let.wait, lambda _: heard.append("long"), heard.append)
    aside.run(lambda: "short", heard.append, heard.append)
    while not heard:
        aside.poll()
        time.sleep(0.001)
    assert heard == ["short"]
    let.set()
    settle(aside)
    assert heard == ["short", "long"]


def test_closing_breaks_off_what_would_never_end_and_nobody_hears_of_it():
    aside, heard = BackgroundRunner(), []
    aside.run(endless, heard.append, heard.append, interruptible=True)
    aside.run(endless_with_tick, heard.append, heard.append)
    aside.close()
    aside.poll()
    assert heard == []
    assert not [t for t in threading.enumerate() if t.name == "mmap-aside"]


def test_closing_waits_for_what_writes():
    aside, let, written = BackgroundRunner(), threading.Event(), []

    def write():
        let.wait()
        time.sleep(0.05)
        written.append("whole")

    aside.run(write, written.append, written.append, whole=True)
    let.set()
    aside.close()
    assert written == ["whole"]


def test_what_is_ready_outlives_somebody_who_raises():
    aside, heard = BackgroundRunner(), []

    def refuse(result) -> None:
        raise ValueError("not now")

    aside.run(lambda: 1, refuse, heard.append)
    aside.run(lambda: 2, heard.append, heard.append)
    for work in aside._works:
        work.join()
    with pytest.raises(ValueError, match="not now"):
        aside.poll()
    aside.poll()
    assert heard == [2]
    aside.close()


def test_an_answer_that_nobody_waits_for_any_more_is_not_given(aside):
    heard = []
    drop = aside.run(lambda: "late", heard.append, heard.append)
    never = aside.run(endless, heard.append, heard.append, interruptible=True)
    drop()
    never()
    assert not aside.busy
    aside.poll()
    assert heard == []
    drop()
    while any(t.name == "mmap-aside" for t in threading.enumerate()):
        time.sleep(0.001)


def test_work_that_may_not_be_interrupted_ends_by_itself_and_its_answer_is_not_given(aside):
    let, ended, heard = threading.Event(), [], []

    def work():
        while not let.is_set():
            time.sleep(0.001)
        ended.append("whole")

    aside.run(work, heard.append, heard.append)()
    time.sleep(0.05)
    assert ended == []
    let.set()
    while any(t.name == "mmap-aside" for t in threading.enumerate()):
        time.sleep(0.001)
    aside.poll()
    assert (ended, heard) == (["whole"], [])


def test_work_that_looks_at_a_tick_ends_when_it_is_dropped(aside):
    heard = []
    drop = aside.run(endless_with_tick, heard.append, heard.append)
    other = aside.run(lambda: raise_if_dropped() or "there", heard.append, heard.append)
    drop()
    while sum(t.name == "mmap-aside" for t in threading.enumerate()):
        time.sleep(0.001)
    settle(aside)
    assert heard == ["there"]
    other()
    raise_if_dropped()  # elsewhere than in such a thread, nothing
