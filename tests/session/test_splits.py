"""Where the splits of tasks are saved: every task's under a name of its own."""

import json

import pytest

from mmap_studio.data.folders import scan
from mmap_studio.errors import CorruptError
from mmap_studio.session.projectfile import SplitSettings, TaskEntry
from mmap_studio.session.splits import chosen_split
from tests import projects
from tests.data import drawn

ALIKE = [("A B", "a-b"), ("狗 1", "猫 1"), ("Art", "art")]


def two_tasks(tmp_path, names):
    """A project with two tasks of these names, of differing pictures."""
    entries = []
    for number, name in enumerate(names):
        root = tmp_path / f"data{number}"
        for label, kind in enumerate(("cat", "dog")):
            for image in range(8):
                picture = drawn.picture("sketch", label, 10 * number + image, 20)
                drawn.write(root / "one" / kind / f"{number}{image}.png", picture)
        entries.append(TaskEntry(name=name, folder=str(root / "one")))
    project = projects.make(tmp_path / "p").with_tasks(entries)
    setting = SplitSettings(kind="shots", shots=2)
    return project.__class__(project.folder, project.file.model_copy(update={"split": setting})), entries


def chosen(project, entry):
    return chosen_split(project, entry, scan(project.folder_of(entry)).domains[0])


@pytest.mark.parametrize("names", ALIKE)
def test_tasks_of_similar_names_keep_their_own_split(tmp_path, names):
    project, entries = two_tasks(tmp_path, names)
    first = [chosen(project, entry) for entry in entries]
    for entry in entries:
        drawn.write(project.folder_of(entry) / "cat" / "00000.png", drawn.picture("photo", 0, 99, 20))
    again = [chosen(project, entry) for entry in entries]
    assert [one.digest for one in again] == [one.digest for one in first]
    assert len({path.name.lower() for path in (project.folder / "splits").glob("*.json")}) == 2


@pytest.mark.parametrize("files", [{"train": ["a"], "val": ["a"], "test": []}, {"train": [1], "val": [], "test": []}])
def test_a_saved_split_with_an_image_in_two_parts_is_refused(tmp_path, files):
    project, (entry, _) = two_tasks(tmp_path, ("A B", "a-b"))
    chosen(project, entry)
    path = next((project.folder / "splits").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": files}))
    with pytest.raises(CorruptError, match="must hold a saved split"):
        chosen(project, entry)


def test_a_split_saved_under_the_earlier_name_is_kept_and_moved(tmp_path):
    project, (entry, other) = two_tasks(tmp_path, ("A B", "a-b"))
    first = chosen(project, entry)
    saved = next((project.folder / "splits").glob("*.json"))
    saved.rename(saved.with_name("a-b.json"))
    drawn.write(project.folder_of(entry) / "cat" / "00000.png", drawn.picture("photo", 0, 99, 20))
    assert chosen(project, entry).digest == first.digest
    chosen(project, other)
    assert chosen(project, entry).digest == first.digest
