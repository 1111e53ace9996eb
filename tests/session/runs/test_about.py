"""What is said of a run by several at once."""

import threading

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.runs import about
from mmap_studio.session.runs.about import edit_about, read_about
from mmap_studio.storage import runs
from mmap_studio.storage.runs import editing, list_runs
from tests import projects
from tests.session.runs.recorded import run_of

WRITERS, EDITS = 4, 8


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path)


def test_no_edit_of_several_writers_is_lost(project):
    run = run_of(project)
    failed: list[BaseException] = []

    def write(number):
        try:
            for edit in range(EDITS):
                edit_about(run, tag=[f"{number} {edit}"])
                if edit % 2:
                    edit_about(run, untag=[f"{number} {edit}"])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    kept = {f"{number} {edit}" for number in range(WRITERS) for edit in range(0, EDITS, 2)}
    assert set(read_about(run).tags) == kept
    assert list_runs(project.runs) == [run], "the lock beside the runs is none"


def test_an_edit_between_the_reading_and_the_writing_of_another_waits_for_it(project, monkeypatch):
    run, read = run_of(project), about.read_about
    other = threading.Thread(target=edit_about, args=(run,), kwargs={"note": "theirs"})

    def slowly(of):
        found = read(of)
        if threading.current_thread() is not other:
            other.start()
            other.join(0.3)
            assert other.is_alive()
        return found

    monkeypatch.setattr(about, "read_about", slowly)
    edit_about(run, name="mine")
    other.join()
    assert (read(run).name, read(run).note) == ("mine", "theirs")


def test_an_edit_that_waits_too_long_is_refused(project, monkeypatch):
    run = run_of(project)
    monkeypatch.setattr(runs, "PATIENCE", 0.05)
    with editing(project.runs), pytest.raises(InputError, match="must be edited by one program at a time"):
        edit_about(run, name="x")
    edit_about(run, name="x")
    assert read_about(run).name == "x"


def test_where_the_lock_is_a_link_nothing_outside_is_touched(project, tmp_path):
    run = run_of(project)
    (tmp_path / "diary").write_text("mine")
    (project.runs / runs.EDITS).symlink_to(tmp_path / "diary")
    edit_about(run, name="x")
    assert (read_about(run).name, (tmp_path / "diary").read_text()) == ("x", "mine")
