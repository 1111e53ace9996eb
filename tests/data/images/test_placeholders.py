"""Files that are called like images and are none are told before a run."""

import pytest

from mmap_studio.errors import DataError
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.ingest.text_options import TextOptions
from tests.session.ingest.published import domains, tree, write, zipped

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


def test_some_are_told_with_what_they_are_and_are_in_no_part(tmp_path):
    files = domains("Art", "Clip", n=3) | {"Art/cat/0.png": POINTER, "Art/dog/0.png": POINTER, "Art/dog/1.png": b""}
    files |= {"Clip/cat/0.png": "<!DOCTYPE html>", "Clip/cat/1.png": b"x"}
    report = import_report([str(write(tmp_path / "d", files))])
    pointer = "it is a Git LFS pointer in place of the file, which `git lfs pull` gets"
    assert [text for text in report.notices if "cannot be read" in text] == [
        f"Task 'Art': 3 of 6 images cannot be read and are left out ('cat/0.png': {pointer}; 'dog/0.png': {pointer}; "
        "'dog/1.png': the file is empty).",
        "Task 'Clip': 1 of 6 images cannot be read and is left out ('cat/0.png': it is a web page (HTML) in place of "
        "the file; download it again).",
    ]
    assert [(task.images, sum(task.parts)) for task in report.tasks] == [(6, 3), (6, 5)]
    (art, _) = report.with_texts(TextOptions(class_names={"cat": "kitten"})).tasks
    assert sum(art.parts) == 3


def test_a_class_without_an_image_that_can_be_read_is_named(tmp_path):
    files = domains("Art", n=2) | {"Art/dog/0.png": b"", "Art/dog/1.png": b""}
    report = import_report([str(write(tmp_path / "d", files))])
    assert "Task 'Art': 1 class has no training image: 'dog'." in report.notes


def test_pointers_behind_many_sound_files_are_counted_once_one_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("mmap_studio.data.images.placeholders.MOST", 2)
    files = domains("Art", n=3) | dict.fromkeys(("Art/cat/1.png", "Art/dog/2.png"), POINTER)
    (said,) = (one for one in import_report([str(write(tmp_path, files))]).notices if "cannot be read" in one)
    assert said.startswith("Task 'Art': 2 of 6 images cannot be read and are left out ('cat/1.png': it is")


def test_where_all_are_none_nothing_is_made(tmp_path):
    files = dict.fromkeys(domains("Art", "Clip"), POINTER)
    with pytest.raises(
        DataError, match=r"must hold images, but all 8 files are none: 'cat/0.png', it is a Git LFS pointer"
    ):
        import_report([str(write(tmp_path / "d", files))])


def test_sound_images_and_those_in_archives_are_left_alone(tmp_path):
    write(tmp_path / "d", {"x.zip": zipped(tree("Art/cat", "Art/dog") | {"Art/dog/9.png": POINTER})})
    assert not any("cannot be read" in text for text in import_report([str(tmp_path / "d")]).notices)
    assert not any(
        "cannot be read" in text for text in import_report([str(write(tmp_path / "e", domains("Art")))]).notices
    )
