"""The trash while other processes are at the same runs: none is moved away under somebody who works on it."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.runs import trash
from mmap_studio.session.runs.trash import discard, discarded, restore
from mmap_studio.storage import atomic
from mmap_studio.storage.runs import LOCK, list_runs
from tests import projects
from tests.session.runs.recorded import run_of


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path)


def test_a_run_that_somebody_has_just_claimed_is_not_deleted(project):
    run = run_of(project, state="failed")
    claim = run.claim()  # as a process that goes on with it does, before it says so in the record
    with pytest.raises(InputError, match="another one is at it"):
        discard(project, run)
    assert list_runs(project.runs) == [run]
    claim.release()
    discard(project, run)
    assert list_runs(project.runs) == []


def test_nobody_can_go_on_with_a_run_while_it_is_moved_nor_after(project, monkeypatch):
    run, tried = run_of(project, state="failed"), []

    def moved(*places):
        with pytest.raises(InputError, match="another one is at it"):
            run.claim()
        tried.append(move(*places))

    move = atomic.move
    monkeypatch.setattr(trash.atomic, "move", moved)
    discard(project, run)
    assert tried == [None]
    with pytest.raises(InputError, match="it was moved or deleted"):
        run.claim()
    assert not run.path.exists(), "a claim must not make the folder again"
    monkeypatch.undo()
    claim = restore(project, run.name).claim()
    assert claim is not None, "the lock is given back with the run"
    claim.release()


def test_a_claim_that_is_refused_leaves_the_trash_as_it_was(project):
    run = run_of(project, state="cancelled")
    claim = run.claim()
    with pytest.raises(InputError):
        discard(project, run)
    assert discarded(project) == []
    claim.release()
    assert (run.path / LOCK).is_file()
