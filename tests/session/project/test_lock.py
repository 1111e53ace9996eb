"""One window a project: processes that race for a lock, and owners that are killed."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.project.lock import HOLDER, ProjectLock

pytestmark = pytest.mark.slow

RACERS, RACES = 8, 20
TAKER = """
import sys, time
from pathlib import Path
from mmap_studio.errors import InputError
from mmap_studio.session.project.lock import ProjectLock

lock = None
for line in sys.stdin:
    moment, folder = line.rstrip("\\n").split(" ", 1)
    if lock is not None:
        lock.release()
    lock = ProjectLock(Path(folder))
    while time.monotonic() < float(moment):
        pass
    try:
        lock.acquire()
        print("got", flush=True)
    except InputError as error:
        print(error, flush=True)
"""


class Taker:
    """A process that takes the lock of a folder when it is told to."""

    def __init__(self) -> None:
        command, pipe = [sys.executable, "-c", TAKER], subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def ask(self, folder: Path, moment: float = 0.0) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{moment} {folder}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def takers(count: int):
    made = [Taker() for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.kill()


def test_of_processes_that_race_for_a_dead_owners_lock_one_gets_it(tmp_path):
    with takers(RACERS) as racers:
        for race in range(RACES):
            folder = tmp_path / str(race)
            with takers(1) as (owner,):
                owner.ask(folder)
                assert owner.answer() == "got"
            assert (folder / HOLDER).read_text() == str(owner.process.pid)  # killed: it could not clear up
            moment = time.monotonic() + 0.02
            for racer in racers:
                racer.ask(folder, moment)
            answers = [racer.answer() for racer in racers]
            assert answers.count("got") == 1, f"race {race}: {answers}"
            winner = racers[answers.index("got")].process.pid
            assert (folder / HOLDER).read_text() == str(winner)


def test_the_second_is_told_who_has_it_until_that_one_is_killed(tmp_path):
    lock = ProjectLock(tmp_path)
    with takers(1) as (owner,):
        owner.ask(tmp_path)
        assert owner.answer() == "got"
        with pytest.raises(InputError, match=f"process {owner.process.pid}"):
            lock.acquire()
    lock.acquire()
    assert lock.holder() == os.getpid()
    lock.release()


def test_released_it_is_anybodys(tmp_path):
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    first.acquire()
    with pytest.raises(InputError, match="is open in another"):
        second.acquire()
    first.release()
    assert first.holder() is None
    second.acquire()
    first.release()  # harmless: it is not the one that holds it
    with pytest.raises(InputError):
        first.acquire()
    second.release()


def test_a_folder_that_cannot_be_locked_is_refused_with_the_reason(tmp_path, monkeypatch):
    lock = ProjectLock(tmp_path)
    monkeypatch.setattr(os, "open", lambda *a, **k: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(InputError, match="Permission denied"):
        lock.acquire()
