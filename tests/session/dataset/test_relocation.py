"""Where tasks are looked for below a folder, and what counts as found."""

import pytest
from PIL import Image

from mmap_studio.errors import InputError
from mmap_studio.session.dataset.relocation import find_moved, relocated
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry


def write(folder, classes=("cup", "fox"), images=3):
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for image in range(images):
            Image.new("RGB", (8, 8), (40 * number, 60 * image, 0)).save(folder / name / f"{image}.png")
    return folder


def made(home, *folders):
    return Project.new(home, [TaskEntry(name=folder.name, folder=str(folder)) for folder in folders])


def test_folders_are_found_as_before_below_what_they_had_in_common(tmp_path):
    art, photo = write(tmp_path / "old" / "set" / "art"), write(tmp_path / "old" / "more" / "photo")
    project = made(tmp_path / "projects" / "one", art, photo)
    (tmp_path / "old").rename(tmp_path / "new")
    moved = find_moved(project, tmp_path / "new")
    assert [one.folder for one in moved] == [tmp_path / "new" / "set" / "art", tmp_path / "new" / "more" / "photo"]
    assert [entry.folder for entry in relocated(project, moved).file.tasks] == [str(one.folder) for one in moved]


def test_only_the_missing_ones_are_looked_for(tmp_path):
    art, photo = write(tmp_path / "old" / "art"), write(tmp_path / "old" / "photo")
    project = made(tmp_path / "projects" / "one", art, photo)
    here = photo.rename(tmp_path / "photo")
    (one,) = find_moved(project, here)
    assert (one.entry.name, one.folder, one.lost) == ("photo", here, 0)
    new = relocated(project, [one])
    assert new.folder_of(new.file.tasks[0]) == art
    assert new.folder_of(new.file.tasks[1]) == here


def test_a_folder_without_classes_is_not_taken(tmp_path):
    project = made(tmp_path / "projects" / "one", write(tmp_path / "old" / "art"))
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "empty" / "art").mkdir(parents=True)
    with pytest.raises(InputError, match="must hold the images of 'art'"):
        find_moved(project, tmp_path / "empty")


def test_data_beside_the_project_is_named_by_its_relative_path_and_no_other(tmp_path):
    inside, beside = write(tmp_path / "home" / "one" / "data"), write(tmp_path / "home" / "art")
    far = write(tmp_path / "far")
    project = made(tmp_path / "home" / "one", inside, beside, far)
    assert [entry.folder for entry in project.file.tasks] == ["data", "../art", str(far)]
    (tmp_path / "home").rename(tmp_path / "moved")
    opened = Project.open(tmp_path / "moved" / "one")
    assert not any(opened.is_missing(entry) for entry in opened.file.tasks)


def test_an_old_entry_is_written_as_it_was(tmp_path):
    """Its split is saved under its folder."""
    beside = write(tmp_path / "art")
    project = made(tmp_path / "one", beside)
    old = project.file.model_copy(update={"tasks": (TaskEntry(name="art", folder=str(beside)),), "made_in": ""})
    opened = Project(project.folder, old)
    added = opened.with_tasks([*old.tasks, TaskEntry(name="art 2", folder=str(beside))])
    assert [entry.folder for entry in added.file.tasks] == [str(beside), "../art"]
