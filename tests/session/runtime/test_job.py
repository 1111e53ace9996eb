import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmap_studio.errors import InputError, Interrupted
from mmap_studio.session.events import Notice
from mmap_studio.session.runtime.job import BUSY, BackgroundJob, Finished, State, StateChanged, Stop

LAST = {State.DONE, State.FAILED, State.CANCELLED}


def job() -> BackgroundJob:
    return BackgroundJob(on_thread=lambda: None)


def counting(n: int, seconds: float = 0.0):
    def work(stop):
        for i in range(n):
            time.sleep(seconds)
            yield Notice(str(i))

    return work


def letters(j: BackgroundJob) -> list:
    return [letter.event for letter in j.mailbox.drain()]


def test_walks_the_states_and_ends_with_one_last_letter():
    j = job()
    assert j.start(counting(3))
    assert j.join(5)
    told = letters(j)
    assert [e.state for e in told if isinstance(e, StateChanged)] == [State.PREPARING, State.RUNNING, State.DONE]
    assert [e for e in told if isinstance(e, Notice)] == [Notice("0"), Notice("1"), Notice("2")]
    assert told[-1] == Finished(State.DONE)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("boom"),
        MemoryError(),
        KeyboardInterrupt(),
        SystemExit(3),
        ValueError("x"),
        InputError("No such task."),
    ],
)
def test_whatever_is_raised_ends_in_failed_and_start_works_again(error):
    def work(stop):
        yield Notice("1")
        raise error

    j = job()
    j.start(work)
    assert j.join(5)
    end = letters(j)[-1]
    assert end.state is State.FAILED
    assert end.message
    assert "Traceback" in end.details
    assert j.start(counting(1))
    assert j.join(5)
    assert j.state is State.DONE


def test_out_of_memory_names_the_remedy():
    def work(stop):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        yield

    j = job()
    j.start(work)
    j.join(5)
    assert "batch size" in letters(j)[-1].message


def test_paused_does_not_ask_for_more():
    j, asked = job(), []

    def work(stop):
        for i in range(1000):
            asked.append(i)
            time.sleep(0.001)
            yield Notice(str(i))

    j.start(work)
    while not j.pause():
        time.sleep(0.001)
    time.sleep(0.02)
    before = len(asked)
    time.sleep(0.05)
    assert len(asked) == before
    assert j.resume()
    assert j.stop()
    assert j.join(5)
    assert j.state is State.CANCELLED


def test_stop_reaches_into_a_long_step_and_closes_the_work():
    closed = threading.Event()

    def work(stop):
        try:
            yield Notice("1")
            while True:
                stop()
                time.sleep(0.001)
        finally:
            closed.set()

    j = job()
    j.start(work)
    assert j.stop()
    assert j.join(5)
    assert j.state is State.CANCELLED
    assert letters(j)[-1].state is State.CANCELLED


def test_one_run_at_a_time_and_a_new_number_for_each():
    j = job()
    j.start(counting(50, 0.01))
    assert not j.start(counting(1))
    j.stop()
    j.join(5)
    run = j.run
    j.start(counting(1))
    j.join(5)
    assert j.run == run + 1


def test_interrupted_inside_is_cancelled():
    def work(stop):
        yield Notice("1")
        raise Interrupted("stopped")

    j = job()
    j.start(work)
    j.join(5)
    assert j.state is State.CANCELLED


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["start", "pause", "resume", "stop", "wait"]), max_size=12), st.booleans())
def test_any_sequence_of_commands_ends_well(commands, fails):
    def work(stop):
        for i in range(30):
            stop()
            yield Notice(str(i))
        if fails:
            raise RuntimeError("boom")

    j, told = job(), []
    for command in commands:
        if command == "wait":
            time.sleep(0.001)
        else:
            getattr(j, command)(*([work] if command == "start" else []))
        assert isinstance(j.state, State)
    j.stop()
    assert j.join(5)
    told = letters(j)
    assert (j.state in LAST) == (j.run > 0)
    assert j.state not in BUSY
    assert sum(isinstance(e, Finished) for e in told) == j.run


def test_a_rest_of_the_work_ends_with_it():
    stop, begun = Stop(), time.monotonic()
    stop.rest(0)
    threading.Timer(0.05, stop.raise_flag).start()
    with pytest.raises(Interrupted):
        stop.rest(60)
    assert time.monotonic() - begun < 30
