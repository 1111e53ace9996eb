"""The trash while other processes are at the same runs: none is moved away under somebody who works on it."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.runs import trash
from mmap_studio.session.runs.trash import discard, discarded, empty, restore
from mmap_studio.storage import atomic
from mmap_studio.storage.runs import LOCK, list_runs
from mmap_studio.storage.temporaries import host
from tests import projects
from tests.session.runs.recorded import START, run_of
from tests.storage.scenarios import dead_process


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


def test_only_the_runs_that_were_listed_are_deleted_for_good(project):
    first, second = run_of(project), run_of(project, 1)
    discard(project, first)
    listed, bin_ = discarded(project), project.folder / trash.TRASH
    discard(project, second)  # as another window does while somebody is asked
    (bin_ / "mine.txt").write_text("mine")
    (bin_ / "20260101T000000Z" / "notes").mkdir(parents=True)
    (bin_ / "20260101T000000Z" / "notes" / "mine.txt").write_text("mine")
    (bin_ / "20260102T000000Z").mkdir()  # of a deletion that was killed
    assert empty(project, listed) == [first.name]
    assert [one.name for one in discarded(project)] == [second.name]
    assert empty(project, listed) == []
    assert empty(project, discarded(project)) == [second.name]
    left = sorted(path.relative_to(bin_).as_posix() for path in bin_.rglob("*"))
    assert left == ["20260101T000000Z", "20260101T000000Z/notes", "20260101T000000Z/notes/mine.txt", "mine.txt"]


def test_what_a_killed_deletion_left_is_no_run_and_is_cleared_away(project):
    first, second = run_of(project), run_of(project, 1)
    thrown = [discard(project, run, START) for run in (first, second)]
    half = thrown[0].path.with_name(f".mmap-{host()}-{dead_process()}-0.tmp")
    thrown[0].path.rename(half)
    assert [one.name for one in discarded(project)] == [second.name]
    assert empty(project, discarded(project)) == [second.name]
    assert not half.exists()
    assert not (project.folder / trash.TRASH).exists()
