"""What is said of a run by several at once, and in signs that a terminal would obey."""

import threading

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.runs import about
from mmap_studio.session.runs.about import edit_about, read_about
from mmap_studio.storage import runs
from mmap_studio.storage.runs import ABOUT, editing, list_runs
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


@pytest.mark.parametrize(
    "said", [{"name": "a\x1b[31mred"}, {"name": "a\u202eb"}, {"tag": ["a\x07"]}, {"note": "a\x1b]0;title\x07"},
             {"note": "a\x00"}, {"name": "\ud800"}],
)  # fmt: skip
def test_signs_that_cannot_be_printed_are_refused(project, said):
    run = run_of(project)
    (what,) = said
    with pytest.raises(InputError, match=f"The {what} of run {run.name} must have only letters that can be pr") as seen:
        edit_about(run, **said)
    assert str(seen.value).isprintable()
    assert not (run.path / ABOUT).exists()


def test_a_note_has_line_ends_and_tabs_and_blanks_become_plain(project):
    run = run_of(project)
    edit_about(run, note="a\r\nb\tc\rd\u00a0e", name="caf\u00e9\u00a0\n1", tag=["two\u3000words"])
    said = read_about(run)
    assert (said.note, said.name, said.tags) == ("a\nb\tc\nd e", "caf\u00e9 1", ["two words"])
    edit_about(run, note="", untag=["two\nwords"])
    assert (read_about(run).note, read_about(run).tags) == ("", [])


def test_what_was_there_before_may_be_strange_and_be_taken_away(project):
    run = run_of(project)
    (run.path / ABOUT).write_text('{"tags": ["a\\u001bb"], "note": "\\u001b"}')
    edit_about(run, name="x")
    assert read_about(run).note == "\x1b"
    edit_about(run, untag=["a\x1bb"])
    assert read_about(run).tags == []
