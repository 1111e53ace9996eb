"""Class names that no text tower can tell apart or read are told with folders and options."""

import pytest

from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.ingest.text_options import TextOptions
from tests.session.ingest.published import NFC, NFD, domains, write

CAFE = NFC("café"), NFD("café")


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (("Cat", "cat", "dog"), "'Cat', 'cat' are read as 'cat'; name one otherwise with --class cat=NAME, or"),
        (("sun_glasses", "Sun-Glasses"), "--merge 'sun glasses=Sun-Glasses+sun_glasses'."),
        ((*CAFE, "dog"), "are read as 'café' (the names differ in their Unicode form alone); name one"),
        (
            ("_", "-", "dog"),
            "but '_' reads as nothing; name it with --class _=NAME, or leave it out with --leave-out _",
        ),
        (("_", "__", "dog"), "but '_', '__' read as nothing; name it with --class __=NAME"),
        (("TV", "tv", "dog"), "'TV', 'tv' are read as 'tv'; name one otherwise with --class tv=NAME"),
    ],
)
def test_they_are_told_once_for_all_tasks(classes, said, tmp_path):
    report = import_report([str(write(tmp_path / "d", domains("Art", "Clip", classes=classes)))])
    (problem,) = report.problems
    assert problem.startswith("Task 'Art' and 1 other task: ")
    assert said in problem
    assert "1 class name to fix" in report.sentence


def test_what_is_named_merged_or_left_out_is_put_right(tmp_path):
    classes = ("Cat", "cat", "_", "dog")
    report = import_report([str(write(tmp_path / "d", domains("Art", classes=classes)))])
    assert len(report.problems) == 2
    for options in (
        TextOptions(class_names={"cat": "kitten", "_": "rest"}),
        TextOptions(merged={"cat": ("Cat", "cat")}, left_out=("_",)),
    ):
        assert report.with_texts(options).problems == ()
    (again,) = report.with_texts(TextOptions(class_names={"cat": "Dog"}, left_out=("_",))).problems
    assert "'cat', 'dog' are read as 'dog'" in again
    (again,) = report.with_texts(TextOptions(merged={"dog": ("Cat", "cat")}, left_out=("_",))).problems
    assert "'Cat', 'cat', 'dog' are read as 'dog'" in again


def test_a_tokenizer_is_asked_of_the_rest_alone(tmp_path):
    report = import_report([str(write(tmp_path / "d", domains("Art", classes=("Cat", "cat", "_", "dog"))))])
    asked = []
    checked = report.with_names_checked(lambda task, names, template: asked.append(names) or ["more"])
    assert asked == [["cat", "dog"]]
    assert checked.problems == (*report.problems, "more")
