"""Classes of the data and classes of a task: there and back through what a user edits."""

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.task import SPLITS, Geometry
from mmap_studio.session.dataset.classes import read_as, reworded, task_classes
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from tests.lazy import imported_later

with imported_later():
    from tests.session.dataset.one_task import read_task


RAW = ("Cat_Fish", "cup", "dog", "horse", "mug")
ENTRIES = (
    {},
    {"class_names": {"dog": "hound"}},
    {"left_out": ("cup", "mug")},
    {"merged": {"animal": ("dog", "horse")}, "class_names": {"cup": "tea cup"}, "left_out": ("mug",)},
)


def entry(**words) -> TaskEntry:
    return TaskEntry(name="art", folder="art", **words)


@pytest.mark.parametrize("words", ENTRIES)
def test_what_is_shown_and_not_edited_changes_nothing(words):
    before = entry(**words)
    assert reworded(before, read_as(before, RAW), set(RAW) - set(before.left_out)) == before


def test_equal_texts_become_one_class_and_part_again():
    texts = {**read_as(entry(), RAW), "cup": "vessel", "mug": "vessel"}
    merged = reworded(entry(), texts, RAW)
    assert merged.merged == {"vessel": ("cup", "mug")}
    assert task_classes(merged, RAW)[0] == ("cat fish", "vessel", "dog", "horse")
    assert reworded(merged, {**texts, "mug": "mug"}, RAW) == entry(class_names={"cup": "vessel"})


def test_a_class_left_out_keeps_no_other_name():
    made = reworded(entry(), {**read_as(entry(), RAW), "dog": "hound"}, set(RAW) - {"dog"})
    assert (made.left_out, made.class_names) == (("dog",), {})
    task_classes(made, RAW)


def test_fewer_than_two_classes_are_refused():
    with pytest.raises(InputError, match=r"at least 2 classes.*leaves 'dog'"):
        reworded(entry(), read_as(entry(), RAW), {"dog"})


def starter_task(**words):
    return read_task(Project.starter(), TaskEntry(name="Noto", folder="starter:Noto", **words), Geometry(64))


def test_a_starter_task_merges_and_leaves_out_classes_too():
    whole = starter_task()
    first, second, third, *rest = whole.class_names
    words = {"merged": {"both": (first, second)}, "left_out": (third,)}
    task = starter_task(**words)
    assert task.class_names == ("both", *rest)
    for part in SPLITS:
        before, after = whole.split(part).labels, task.split(part).labels
        kept = np.flatnonzero(before != 2)
        assert np.array_equal(after, np.maximum(before[kept] - 1, 0) - (before[kept] > 2))
        assert np.array_equal(task.split(part).pixels([0, len(kept) - 1]), whole.split(part).pixels(kept[[0, -1]]))
