"""Work for engines to do: what a job of a test names."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from mmap_studio.errors import DataError


def counts(site, number):
    yield from range(number)


def environment(site, *names):
    yield tuple(os.environ.get(name) for name in names)


def niceness(site):
    yield os.nice(0)


def prints(site):
    print("on standard output")
    yield 1


def refuses(site, sentence):
    yield 1
    raise DataError(sentence)


def breaks(site):
    yield 1
    raise KeyError("nobody expected this")


def is_killed(site, folder, times):
    """Its process is killed after a word, so many times; how often is counted in a folder."""
    yield "begun"
    tries = len(list(Path(folder).iterdir()))
    (Path(folder) / str(tries)).touch()
    if tries < times:
        os.kill(os.getpid(), signal.SIGKILL)
    yield "done"


def is_killed_at_once(site):
    os.kill(os.getpid(), signal.SIGKILL)
    yield "never"


def watches(site, folder):
    """Looks at the stop, and says in a folder that it heard it."""
    try:
        yield os.getpid()
        while True:
            site.watch()
            time.sleep(0.01)
    finally:
        (Path(folder) / "cleared").touch()


def is_deaf(site, folder):
    """Says nothing and looks at nothing any more, once its process's number is the name of a file."""
    yield "begun"
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)


def tells_when(site, folder, name):
    """Files that say when it began and ended, among others."""
    (Path(folder) / f"{time.monotonic_ns()} {name} begins").touch()
    yield name
    time.sleep(0.05)
    (Path(folder) / f"{time.monotonic_ns()} {name} ends").touch()


def ends_without_a_word(site):
    os._exit(7)
    yield 1


def site(site):
    yield site.device


def hears_no_interrupt(site, folder):
    """As a library that keeps an interrupt to itself."""
    yield "begun"
    (Path(folder) / str(os.getpid())).touch()
    while True:
        with suppress(KeyboardInterrupt):
            time.sleep(600)


def sleeps_on_the_second(site, node):
    """On that node it waits for its end."""
    import ray

    if ray.get_runtime_context().get_node_id() == node:
        yield "on the second"
        time.sleep(600)
    yield "elsewhere"
