"""What a run makes of the data it is given: changed, unreadable, reworded, alone; and what it refuses."""

import shutil

import pytest

from mmap_studio.errors import DataError, InputError
from mmap_studio.session.dataset.classes import raw_classes, read_as, reworded
from mmap_studio.session.events import GroupReady, ImagesUnread, Notice, TasksReady
from mmap_studio.session.project.project import Project
from mmap_studio.storage.runs import list_runs
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.run.test_pipeline import of

with imported_later():
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions

pytestmark = pytest.mark.slow


def test_an_unreadable_image_is_skipped_and_counted(tmp_path):
    project = projects.make(tmp_path)
    (tmp_path / "data" / "art" / "fox" / "0.png").write_bytes(b"no image")
    events = list(run(project, RunOptions(groups="together"), MemoryStore()))
    assert any(" cannot be read and is left out (" in n.text and "fox/0.png" in n.text for n in of(Notice, events))
    assert of(ImagesUnread, events) == [ImagesUnread("art", 1, 24)]
    total = sum(len(of(TasksReady, events)[0].tasks[0].split(part)) for part in ("train", "val", "test"))
    assert total == 23


def test_a_new_image_does_not_move_the_others(tmp_path):
    project, store = projects.make(tmp_path), MemoryStore()
    before = of(TasksReady, run(project, RunOptions(only_affinity=True), store))[0].tasks[0]
    shutil.copy(tmp_path / "data" / "art" / "fox" / "1.png", tmp_path / "data" / "art" / "fox" / "0a.png")
    events = list(run(project, RunOptions(only_affinity=True), store))
    after = of(TasksReady, events)[0].tasks[0]
    assert [before.split(p).digest for p in ("train", "val", "test")] == [
        after.split(p).digest for p in ("train", "val", "test")
    ]
    assert any("split was saved 1 image came and is not used. Delete" in notice.text for notice in of(Notice, events))


def test_a_copied_project_is_not_trained_again(tmp_path):
    project, store = projects.make(tmp_path / "a"), MemoryStore()
    list(run(project, RunOptions(groups="together"), store))
    other = projects.make(tmp_path / "b")
    events = list(run(other, RunOptions(groups="together"), store))
    assert all(event.cached for event in of(GroupReady, events))


def one_task(tmp_path, **changes):
    project = projects.make(tmp_path)
    entries = [project.file.tasks[0].model_copy(update=changes), *project.file.tasks[1:]]
    return project.with_tasks(entries)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"template": "a photo"}, "template must contain {} once. Got 'a photo'"),
        ({"class_names": {"fox": " ".join(["very"] * 40)}}, "'art'.*has 40 tokens"),
        ({"class_names": {"fox": "Red Car"}}, "'art'"),
        ({"class_names": {"fox": ""}}, "reads as nothing"),
        ({"class_names": {"dog": "hound"}}, "dog is not one"),
        ({"folder": "nowhere"}, "must have its images in .*nowhere, but that is not there; `mmap-studio relocate"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path, changes, text):
    project = one_task(tmp_path, **changes)
    with pytest.raises(InputError, match=text.replace("{}", r"\{\}")):
        list(run(project, RunOptions(), MemoryStore()))
    assert list_runs(project.runs)[0].state == "failed"


@pytest.mark.parametrize(
    ("merged", "changes", "names"),
    [
        ({}, {"Alarm_Clock": "clock"}, ("clock", "fox", "red car")),
        ({"thing": ("Alarm_Clock", "red car")}, {"Alarm_Clock": "it", "red car": "it"}, ("it", "fox")),
        ({"thing": ("Alarm_Clock", "red car")}, {"red car": "red car"}, ("thing", "fox", "red car")),
    ],
)
def test_classes_reworded_as_they_are_shown_are_found_again_by_their_folders(tmp_path, merged, changes, names):
    def first(project):
        return of(TasksReady, run(project, RunOptions(only_affinity=True), MemoryStore()))[0].tasks[0]

    project = one_task(tmp_path, merged=merged)
    entry = project.file.tasks[0]
    raw = raw_classes(entry, first(project))
    assert raw == projects.CLASSES
    other = reworded(entry, read_as(entry, raw) | changes, raw)
    assert first(project.with_tasks([other, *project.file.tasks[1:]])).class_names == names


def test_refusals_before_anything_is_computed(tmp_path):
    project = projects.make(tmp_path)
    with pytest.raises(InputError, match="A control must be one of linear_probe"):
        list(run(project, RunOptions(controls=("nonsense",)), MemoryStore()))
    deep = project.with_settings(projects.quick_settings(**{"prompt.depth": 9}))
    wide = project.with_settings(projects.quick_settings(**{"prompt.source_columns": 7}))
    with pytest.raises(InputError, match=r"'prompt.source_columns' must divide the widths .* got 7\."):
        list(run(wide, RunOptions(), MemoryStore()))
    with pytest.raises(InputError, match=r"'prompt.depth' must be at most 3"):
        list(run(deep, RunOptions(), MemoryStore()))
    with pytest.raises(InputError, match="must have tasks"):
        list(run(project.with_tasks([]), RunOptions(), MemoryStore()))


def test_one_task_alone_works(tmp_path):
    project = projects.make(tmp_path, domains=("art",))
    document = list(run(project, RunOptions(), MemoryStore()))[-1].document
    assert document["affinity"] is None
    assert document["grouping"]["groups"] == [["art"]]


def test_project_files_come_back(tmp_path):
    project = projects.make(tmp_path)
    again = Project.open(project.folder)
    assert again == Project.open(project.folder / "project.toml")
    assert again.file == project.file
    with pytest.raises(InputError, match=r"has a project\.toml"):
        Project.new(project.folder, [])
    with pytest.raises(InputError, match="art is there twice"):
        project.with_tasks([project.file.tasks[0], project.file.tasks[0]])
    with pytest.raises(DataError, match="holds several"):
        list(run(one_task(tmp_path / "x", folder=str(tmp_path / "data")), RunOptions(), MemoryStore()))
