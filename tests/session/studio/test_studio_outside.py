"""project.toml, edited by another program while a window has it open: nothing of either is lost."""

import re

import pytest

from mmap_studio.errors import StorageError, StudioError
from mmap_studio.session.events import Notice
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import FILE_NAME, TaskEntry, read_project_file
from mmap_studio.session.runtime.job import BackgroundJob
from mmap_studio.session.studio import studio as module
from mmap_studio.session.studio.events import NotSaved, ProjectEdited
from mmap_studio.session.studio.studio import OURS, THEIRS, Studio
from tests.ui.scripted import ScriptedEngine

NAMES = ["a", "b"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    Project.new(tmp_path / "p", [TaskEntry(name=name, folder=name) for name in NAMES])
    return tmp_path / "p"


@pytest.fixture
def studio(folder):
    made = Studio(ScriptedEngine(), BackgroundJob(on_thread=lambda: None))
    made.said = []
    made.listen(made.said.append)
    made.open(folder)
    made.job.join()
    made.poll()
    yield made
    made.close()


def add_task(folder, name, comment="# mine\n"):
    """As an editor does."""
    path = folder / FILE_NAME
    old = '{ name = "b", folder = "b" },'
    text = path.read_text()
    assert old in text
    path.write_text(comment + text.replace(old, f'{old} {{ name = "{name}", folder = "{name}" }},'))


def names(file):
    return [entry.name for entry in file.tasks]


def learning_rate(studio, value):
    project = studio.project
    train = project.settings.train.model_copy(update={"learning_rate": value})
    studio.set_settings(project.settings.model_copy(update={"train": train}))


def test_what_another_program_wrote_is_read_and_its_comments_stay(studio, folder):
    add_task(folder, "c")
    studio.poll()
    assert names(studio.project.file) == ["a", "b", "c"]
    assert set(studio.board.tasks) == {"a", "b", "c"}
    assert any(isinstance(one, Notice) and "read again" in one.text for one in studio.said)
    studio.settle()
    assert (folder / FILE_NAME).read_text().startswith("# mine")
    studio.board.undo()
    studio.settle()
    assert names(read_project_file(folder / FILE_NAME)) == ["a", "b"]


def edit_both(studio, folder):
    add_task(folder, "c")
    learning_rate(studio, 0.05)
    studio.settle()


def test_an_edit_of_ours_does_not_overwrite_a_task_of_theirs(studio, folder):
    edit_both(studio, folder)
    assert names(read_project_file(folder / FILE_NAME)) == ["a", "b", "c"]
    assert studio.project.settings.train.learning_rate == 0.05
    (told,) = [one for one in studio.said if isinstance(one, NotSaved)]
    assert told.outside
    assert re.search(r"project\.toml was changed by another program .* was left as it is", told.sentence)
    studio.poll()
    assert names(studio.project.file) == ["a", "b"], "asked first"


def test_theirs_is_taken_and_ours_stays_beside_it(studio, folder):
    edit_both(studio, folder)
    studio.take_outside()
    studio.poll()
    assert (names(studio.project.file), studio.unsaved) == (["a", "b", "c"], "")
    assert read_project_file(folder / OURS).settings.train.learning_rate == 0.05
    learning_rate(studio, 0.07)
    studio.settle()
    kept = read_project_file(folder / FILE_NAME)
    assert (names(kept), kept.settings.train.learning_rate) == (["a", "b", "c"], 0.07)


def test_ours_is_kept_and_theirs_stays_beside_it(studio, folder):
    edit_both(studio, folder)
    studio.keep_ours()
    assert studio.unsaved == ""
    kept = read_project_file(folder / FILE_NAME)
    assert (names(kept), kept.settings.train.learning_rate) == (["a", "b"], 0.05)
    assert names(read_project_file(folder / THEIRS)) == ["a", "b", "c"]


def test_closing_does_not_overwrite_it_either(studio, folder):
    edit_both(studio, folder)
    studio.close()
    assert names(read_project_file(folder / FILE_NAME)) == ["a", "b", "c"]


def test_a_file_that_cannot_be_read_changes_nothing_and_is_told_once(studio, folder):
    before = studio.project.file
    (folder / FILE_NAME).write_text("tasks = [")
    for _ in range(3):
        studio.poll()
    assert studio.project.file == before
    assert len([one for one in studio.said if isinstance(one, Notice) and one.level == "warning"]) == 1
    learning_rate(studio, 0.05)
    studio.settle()
    assert (folder / FILE_NAME).read_text() == "tasks = ["
    with pytest.raises(StudioError):
        studio.take_outside()
    studio.keep_ours()
    assert (folder / THEIRS).read_text() == "tasks = ["
    assert read_project_file(folder / FILE_NAME).settings.train.learning_rate == 0.05


def test_touching_it_changes_nothing(studio, folder):
    path = folder / FILE_NAME
    path.write_text(f"# a comment\n{path.read_text()}")
    studio.poll()
    assert not [one for one in studio.said if isinstance(one, Notice | NotSaved | ProjectEdited)]
    learning_rate(studio, 0.05)
    studio.settle()
    assert (studio.unsaved, read_project_file(path).settings.train.learning_rate) == ("", 0.05)


def test_the_error_is_one_of_the_disk(studio, folder):
    add_task(folder, "c")
    keeper = studio._autosave
    with pytest.raises(StorageError, match="left as it is"):
        keeper._write(studio.project.with_backbone("ViT-B-16:random"), {}, None)
