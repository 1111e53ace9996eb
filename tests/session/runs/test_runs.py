"""Runs side by side: named, told apart, thrown away and brought back, and nothing that was said of one is lost."""

import json
from datetime import timedelta

import pytest

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.session.results.past_curves import curves_of
from mmap_studio.session.results.results import recorded_results
from mmap_studio.session.runs.about import LONGEST_NOTE, RunAbout, edit_about, read_about, tags_of
from mmap_studio.session.runs.differences import differences
from mmap_studio.session.runs.listing import entry_of, find_entry, runs_of
from mmap_studio.session.runs.trash import TRASH, discard, discarded, empty, restore
from mmap_studio.storage.runs import ABOUT, LOCK, list_runs
from tests import projects
from tests.session.runs.recorded import START, run_of


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path)


def test_what_is_said_of_a_run_changes_after_its_end_and_the_run_still_verifies(project):
    run = run_of(project)
    assert read_about(run) == RunAbout()
    edit_about(run, name=" The  best\n one ", tag=["seed", "paper", "seed"])
    edit_about(run, note="line one\nline two", pinned=True)
    assert read_about(run) == RunAbout(
        name="The best one", note="line one\nline two", tags=["seed", "paper"], pinned=True
    )
    assert (run.verify(), run.state) == ([], "finished")
    edit_about(run, name="", untag=["paper", "seed"])
    assert (read_about(run).name, read_about(run).tags, read_about(run).pinned) == ("", [], True)


def test_a_run_that_is_named_while_it_works_does_not_list_what_may_change(project):
    run = run_of(project, state="running")
    edit_about(run, name="now")
    run.finish("finished")
    edit_about(run, name="later")
    assert (run.verify(), read_about(run).name) == ([], "later")


def test_what_another_version_adds_stays(project):
    run = run_of(project)
    (run.path / ABOUT).write_text(json.dumps({"name": "a", "stars": 5}))
    edit_about(run, note="b")
    assert json.loads((run.path / ABOUT).read_text()) == {
        "name": "a", "note": "b", "tags": [], "pinned": False, "stars": 5,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["{", "[]", '{"name": 3}', '{"tags": "a"}', '{"tags": ["a,b"]}', '{"pinned": "yes"}'])
def test_a_file_that_cannot_be_read_is_told_and_not_written_over(project, text):
    run = run_of(project)
    (run.path / ABOUT).write_text(text)
    with pytest.raises(CorruptError, match=ABOUT):
        edit_about(run, name="mine")
    assert (run.path / ABOUT).read_text() == text
    entry = entry_of(run)
    assert (entry.about, entry.mean) == (RunAbout(), 0.5)
    assert ABOUT in entry.problem


@pytest.mark.parametrize(
    "said", [{"name": "x" * 1001}, {"note": "x" * (LONGEST_NOTE + 1)}, {"tag": ["x" * 61]}, {"tag": ["a,b"]},
             {"tag": [str(number) for number in range(51)]}],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_in_a_sentence(project, said):
    run = run_of(project)
    with pytest.raises(InputError, match=f"What is said of run {run.name} cannot be used"):
        edit_about(run, **said)
    assert not (run.path / ABOUT).exists()


def test_a_link_in_the_place_of_the_file_is_not_followed(project, tmp_path):
    run, diary = run_of(project), tmp_path / "diary"
    diary.write_text("mine")
    (run.path / ABOUT).symlink_to(diary)
    with pytest.raises(StorageError, match="link"):
        edit_about(run, name="x")
    assert diary.read_text() == "mine"


def test_tags_are_typed_with_commas():
    assert tags_of(" seed , for the  paper,seed,, ") == ["seed", "for the paper"]


def test_the_list_has_pinned_runs_first_and_then_the_newest(project):
    first, second, third = (run_of(project, number, mean) for number, mean in enumerate((0.5, 0.75, None)))
    edit_about(first, pinned=True, name="First")
    entries = runs_of(project)
    assert [entry.run for entry in entries] == [first, third, second]
    began = [(START + timedelta(minutes=number)).astimezone() for number in (2, 1)]
    assert [entry.title for entry in entries] == ["First", *(f"{when:%Y-%m-%d %H:%M:%S}" for when in began)]
    assert [entry.mean for entry in entries] == [0.5, None, 0.75]
    assert entries[2].gain == 50.0
    assert entries[0].groups is not None
    assert entries[1].groups is None
    assert entries[0].seed == project.settings.seed


def test_a_run_is_found_by_the_users_name_its_folder_or_the_beginning_of_that(project):
    first, second = run_of(project), run_of(project, 1)
    edit_about(first, name="best")
    entries = runs_of(project)
    assert find_entry(entries, "best").run == first
    assert find_entry(entries, second.name).run == second
    assert find_entry(entries, second.name[:14]).run == second
    assert find_entry(entries, "latest").run == second
    for wrong in ("2026", "nothing", ""):
        with pytest.raises(InputError, match="A run must be named"):
            find_entry(entries, wrong)
    with pytest.raises(InputError, match="runs: none"):
        find_entry([], "latest")


def test_two_runs_differ_in_the_settings_that_their_configs_say(project):
    settings = project.settings
    other = settings.model_copy(update={"seed": 7, "train": settings.train.model_copy(update={"epochs": 3})})
    first, second = run_of(project), run_of(project.with_settings(other), 1)
    assert [(one.setting, one.first, one.second) for one in differences(first, second)] == [
        ("seed", str(settings.seed), "7"), ("train.epochs", str(settings.train.epochs), "3"),
    ]  # fmt: skip
    assert differences(first, first) == ()


def test_a_deleted_run_is_whole_in_the_trash_and_comes_back(project):
    first, second = run_of(project), run_of(project, 1)
    edit_about(first, name="dear", note="kept")
    before = {path.name: path.read_bytes() for path in first.path.iterdir()}
    thrown = discard(project, first)
    assert list_runs(project.runs) == [second]
    assert {result.run for result in recorded_results(project)[0]} == {second.name}
    assert {path.name: path.read_bytes() for path in thrown.path.iterdir() if path.name != LOCK} == before
    assert [one.name for one in discarded(project)] == [first.name]
    back = restore(project, first.name)
    assert back == first
    assert {path.name: path.read_bytes() for path in first.path.iterdir() if path.name != LOCK} == before
    assert (discarded(project), first.verify(), read_about(first).note) == ([], [], "kept")
    assert list((project.folder / TRASH).iterdir()) == []


def test_a_run_comes_back_beside_another_of_its_name(project):
    run = run_of(project)
    discard(project, run)
    other = run_of(project, mean=0.75)
    assert other.name == run.name
    back = restore(project, run.name)
    assert back.name == f"{run.name}-2"
    assert (entry_of(back).mean, entry_of(other).mean) == (0.5, 0.75)


def test_a_run_under_way_is_not_deleted_nor_one_that_is_gone(project):
    run = run_of(project, state="running")
    with pytest.raises(InputError, match="is under way; stop it first"):
        discard(project, run)
    run.finish("cancelled")
    discard(project, run)
    with pytest.raises(InputError, match="deleted already"):
        discard(project, run)
    with pytest.raises(InputError, match="deleted meanwhile"):
        edit_about(run, name="x")
    assert not run.path.exists()
    with pytest.raises(InputError, match="must be in the trash"):
        restore(project, "nothing")


def test_the_trash_is_emptied_when_somebody_says_so(project):
    runs = [run_of(project, number) for number in range(3)]
    for run in runs[:2]:
        discard(project, run)
    assert sorted(empty(project, discarded(project))) == sorted(run.name for run in runs[:2])
    assert discarded(project) == []
    assert list_runs(project.runs) == runs[2:]


def test_curves_of_any_run_are_read(project):
    found = curves_of(run_of(project, 1))
    assert found is not None
    assert found.losses["training", "", "art"].tolist() == [[1, 2], [2, 2]]
    assert found.accuracies["training", "", "ink"].tolist() == [[1], [0.25]]
