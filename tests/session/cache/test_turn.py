"""One process at a time makes an artifact; the others wait, and find it."""

import subprocess
import sys
import time

import pytest

from mmap_studio.errors import Interrupted
from mmap_studio.session.cache.turn import Turn
from mmap_studio.storage import atomic
from mmap_studio.storage.store import FolderStore, MemoryStore

DIGEST = "0" * 16
OTHER = f"""
import sys, time
from mmap_studio.session.cache.turn import Turn
from mmap_studio.storage.store import FolderStore

with Turn(FolderStore(sys.argv[1]), "prompts", "{DIGEST}") as turn:
    assert list(turn.wait()) == []
    print("taken", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has the turn until a line is written to it."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "taken\n"
        yield process
        process.kill()


def let(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_who_waits_says_so_once_and_has_it_afterwards(tmp_path, other):
    with Turn(FolderStore(tmp_path), "prompts", DIGEST) as turn:
        looks = []

        def watch():
            looks.append(1)
            if len(looks) == 3:
                let(other)

        said = list(turn.wait("The training of a, b", watch))
    assert said == ["The training of a, b is in work in another process; its result will be used here when it is done."]
    assert len(looks) >= 3
    assert not list((tmp_path / "turns").iterdir()), "files that nobody needs any more"


def test_a_process_that_is_killed_gives_its_turn_back(tmp_path, other):
    other.kill()
    other.wait()
    with Turn(FolderStore(tmp_path), "prompts", DIGEST) as turn:
        began = time.monotonic()
        list(turn.wait("This"))
        assert time.monotonic() - began < 20


def test_waiting_can_be_stopped(tmp_path, other):
    def watch():
        raise Interrupted("stopped")

    with Turn(FolderStore(tmp_path), "prompts", DIGEST) as turn, pytest.raises(Interrupted):
        list(turn.wait("This", watch))


def test_another_artifact_has_a_turn_of_its_own(tmp_path, other):
    with Turn(FolderStore(tmp_path), "prompts", "1" * 16) as turn:
        assert list(turn.wait()) == []


def test_one_process_does_not_wait_for_itself(tmp_path):
    store = FolderStore(tmp_path)
    with Turn(store, "prompts", DIGEST) as one, Turn(store, "prompts", DIGEST) as two:
        assert [*one.wait(), *two.wait()] == []


def test_a_store_of_one_process_has_no_turns_and_a_disk_that_refuses_stops_nothing(tmp_path, monkeypatch):
    with Turn(MemoryStore(), "prompts", DIGEST) as turn:
        assert list(turn.wait()) == []

    def refuse(*_):
        raise PermissionError("read-only")

    monkeypatch.setattr(atomic, "make_folder", refuse)
    with Turn(FolderStore(tmp_path / "none"), "prompts", DIGEST) as turn:
        assert list(turn.wait()) == []
    assert not (tmp_path / "none").exists()
