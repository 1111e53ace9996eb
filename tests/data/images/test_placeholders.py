"""Files that are called like images and are none are told before a run."""

import pytest

from mmap_studio.errors import DataError
from mmap_studio.session.ingest.report import import_report
from tests.session.ingest.published import domains, tree, write, zipped

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


def test_some_are_told_with_what_they_are(tmp_path):
    files = domains("Art", "Clip", n=3) | {"Art/cat/0.png": POINTER, "Art/dog/0.png": POINTER, "Art/dog/1.png": b""}
    files |= {"Clip/cat/0.png": "<!DOCTYPE html>", "Clip/cat/1.png": b"x"}
    report = import_report([str(write(tmp_path / "d", files))])
    assert [text for text in report.notices if "a run leaves" in text] == [
        "Domain 'Art': 2 of 6 images, such as 'cat/0.png', are each a Git LFS pointer in place of the file, which `git "
        "lfs pull` gets; a run leaves them out.",
        "Domain 'Art': 1 of 6 images, such as 'dog/1.png', is empty; a run leaves it out.",
        "Domain 'Clip': 1 of 6 images, such as 'cat/0.png', is a web page (HTML) in place of the file; download it "
        "again; a run leaves it out.",
    ]


def test_where_all_are_none_nothing_is_made(tmp_path):
    files = dict.fromkeys(domains("Art", "Clip"), POINTER)
    with pytest.raises(
        DataError, match=r"must hold images, but all 8 files are none: 'cat/0.png' is a Git LFS pointer"
    ):
        import_report([str(write(tmp_path / "d", files))])


def test_sound_images_and_those_in_archives_are_left_alone(tmp_path):
    write(tmp_path / "d", {"x.zip": zipped(tree("Art/cat", "Art/dog") | {"Art/dog/9.png": POINTER})})
    assert not any("a run leaves" in text for text in import_report([str(tmp_path / "d")]).notices)
    assert not any(
        "a run leaves" in text for text in import_report([str(write(tmp_path / "e", domains("Art")))]).notices
    )
