"""Example images of an import are of the classes that tasks share, and none stops the others."""

import tarfile
from collections import Counter

import pytest

from mmap_studio.errors import Interrupted
from mmap_studio.session.ingest.examples import CLASSES, PACKED, chosen, examples
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.ingest.text_options import TextOptions
from tests.session.ingest.published import domains, write, zipped


def found(report):
    return {(one.task, one.text): None if one.pixels is None else one.pixels.shape for one in examples(report)}


def test_classes_are_those_that_most_tasks_have_from_all_over_the_list():
    letters = tuple("abcdefghijkl")
    assert chosen(letters, Counter(letters)) == list("acegik")
    assert len(chosen(letters, Counter(letters))) == CLASSES
    assert chosen(("x", "b", "a"), Counter({"a": 3, "b": 3, "x": 1})) == ["x", "b", "a"]
    assert chosen(letters, Counter({**Counter(letters), "l": 2})) == list("abcdel")


@pytest.mark.parametrize("packed", [False, True])
def test_an_image_of_each_class_of_each_task(packed, tmp_path):
    files = domains("Art", "Clip") | domains("Own", classes=("cat", "yak"))
    if packed:
        files = {"all.zip": zipped(files)}
    report = import_report([str(write(tmp_path / "d", files))])
    shapes = found(report)
    assert list(shapes) == [(task.name, text) for task in report.tasks for text in task.class_texts]
    assert None not in shapes.values()


def test_what_cannot_be_read_says_why_and_classes_that_are_left_out_are_none(tmp_path):
    files = domains("Art", classes=("cat", "dog", "fox")) | {"Art/cat/0.png": b"<!DOCTYPE html>"}
    report = import_report([str(write(tmp_path / "d", files))]).with_texts(TextOptions(left_out=("fox",)))
    first, second = examples(report)
    assert (first.text, first.pixels) == ("cat", None)
    assert "web page" in first.said
    assert (second.text, second.said) == ("dog", "")


def test_a_packed_tar_is_not_unpacked_for_a_look(tmp_path):
    write(tmp_path / "x", domains("Art"))
    with tarfile.open(tmp_path / "d.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "x", "d")
    report = import_report([str(tmp_path / "d.tar.gz")])
    assert [(one.pixels, one.said) for one in examples(report)] == [(None, PACKED)] * 2


def test_it_can_be_ended(tmp_path):
    report = import_report([str(write(tmp_path / "d", domains("Art")))])

    def enough():
        raise Interrupted("enough")

    with pytest.raises(Interrupted):
        examples(report, enough)
