"""Where the splits of tasks are saved: every task's under a name of its own."""

import json

import pytest

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.folders import survey_folders
from mmap_studio.errors import CorruptError
from mmap_studio.session.dataset.saved_splits import chosen_split
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry
from tests import projects
from tests.data import drawn

ALIKE = [("A B", "a-b"), ("狗 1", "猫 1"), ("Art", "art")]


def two_tasks(tmp_path, names):
    """A project with two tasks of these names, of differing images."""
    entries = []
    for number, name in enumerate(names):
        root = tmp_path / f"data{number}"
        for label, kind in enumerate(("cat", "dog")):
            for image in range(8):
                made = drawn.image("sketch", label, 10 * number + image, 20)
                drawn.write(root / "one" / kind / f"{number}{image}.png", made)
        entries.append(TaskEntry(name=name, folder=str(root / "one")))
    project = projects.make(tmp_path / "p").with_tasks(entries)
    setting = SplitSettings(kind="shots", shots=2)
    return project.__class__(project.folder, project.file.model_copy(update={"split": setting})), entries


def chosen(project, entry):
    return chosen_split(project, entry, survey_folders(project.folder_of(entry)).domains[0])


@pytest.mark.parametrize("names", ALIKE)
def test_tasks_of_similar_names_keep_their_own_split(tmp_path, names):
    project, entries = two_tasks(tmp_path, names)
    first = [chosen(project, entry) for entry in entries]
    for entry in entries:
        drawn.write(project.folder_of(entry) / "cat" / "00000.png", drawn.image("photo", 0, 99, 20))
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
    drawn.write(project.folder_of(entry) / "cat" / "00000.png", drawn.image("photo", 0, 99, 20))
    assert chosen(project, entry).digest == first.digest
    chosen(project, other)
    assert chosen(project, entry).digest == first.digest


@pytest.mark.parametrize("split", [SplitSettings(kind="shots", shots=2), SplitSettings(kind="share", share=0.4)])
def test_a_draw_from_lists_follows_them_and_moves_nothing_else(tmp_path, split):
    project, entry, lists = with_lists(tmp_path, split)
    first = names(project, entry)
    gone, stays = first["train"][0], set(first["train"][1:])
    lists["train"].remove(gone)
    lists["test"].append(gone)
    write_lists(tmp_path, lists)
    assert [("1 of test" in text, "of train" in text) for text in notices_of(project, entry)] == [(True, True)]
    drawn_again = names(project, entry)
    assert gone in drawn_again["test"]
    assert stays < set(drawn_again["train"])
    assert len(drawn_again["train"]) == len(first["train"])
    assert set(first["test"]) | {gone} == set(drawn_again["test"])
    assert not notices_of(project, entry)  # told once: it is saved
    assert names(project, entry) == drawn_again


def with_lists(tmp_path, split):
    lists = {"train": [], "test": []}
    for label, kind in enumerate(("cat", "dog")):
        for image in range(8):
            drawn.write(tmp_path / "set" / "one" / kind / f"{image}.png", drawn.image("sketch", label, image, 20))
            lists["train" if image < 6 else "test"].append(f"one/{kind}/{image}.png")
    write_lists(tmp_path, lists)
    entry = TaskEntry(name="one", folder=str(tmp_path / "set"), layout="lists", part="one")
    project = Project.new(tmp_path / "p", [entry], split=split)
    return project, entry, lists


def write_lists(tmp_path, lists):
    for part, paths in lists.items():
        lines = (f"{path} {int('dog' in path)}" for path in paths)
        (tmp_path / "set" / f"one_{part}.txt").write_text("\n".join(lines))


def drawn_of(project, entry):
    domain, _ = DomainFinder().find(project.folder_of(entry), entry.layout, entry.part)
    return domain, chosen_split(project, entry, domain).split


def names(project, entry):
    domain, split = drawn_of(project, entry)
    return {part: [domain.files.path(row) for row in split.part(part)] for part in ("train", "val", "test")}


def notices_of(project, entry):
    return [text for text in drawn_of(project, entry)[1].notices if "changed since" in text]


def test_a_merged_class_has_the_shots_of_one(tmp_path):
    project, (entry, _) = two_tasks(tmp_path, ("A", "B"))
    for label, kind in enumerate(("fox", "hen")):
        for image in range(8):
            drawn.write(project.folder_of(entry) / kind / f"{image}.png", drawn.image("sketch", label, image, 20))
    assert len(chosen(project, entry).split.train) == 4 * 2
    merged = entry.model_copy(update={"merged": {"beast": ("cat", "dog", "fox")}})
    split = chosen(project, merged).split
    assert (len(split.train), len(split.val), len(split.test)) == (2 * 2, 2 * 2, 32 - 8)
    assert chosen(project, merged).split == split
    assert len(chosen(project, entry).split.train) == 4 * 2
