"""Lists that say parts alone are known by their names and lines, and what they name twice or not at all is said."""

import pytest

from mmap_studio.data.survey import survey
from mmap_studio.data.tables.part_lists import part_of
from tests.data.test_survey import table
from tests.data.trees import domain, grow


@pytest.mark.parametrize(
    ("name", "part", "number"),
    [
        ("train.txt", "train", ""),
        ("labels/val10.txt", "val", "10"),
        ("Testing_01.txt", "test", "01"),
        ("TrainImages.txt", "train", ""),
        ("trainlist03.txt", "train", "03"),
        ("images_trainval.txt", "train", ""),
        ("train_files.lst", "train", ""),
        ("classes.txt", None, ""),
        ("constraint.txt", None, ""),
    ],
)
def test_part_and_number_of_a_name(name, part, number):
    assert part_of(name) == (part, number)


def written(root, **lists):
    grow(root, domain("images", count=3))
    for name, lines in lists.items():
        (root / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return root


def test_what_is_named_twice_or_is_not_there_is_said(tmp_path):
    train = ["cat/0", "dog/0", "cat/1", "cat/9"]
    found = survey(written(tmp_path, train=train, test=["cat/1", "dog/1", "dog/2"]))
    assert table(found) == {tmp_path.name: (("cat", "dog"), (3, 0, 2, 0))}
    assert "Lists of parts: 1 image of test are named for train too, and used for train alone." in found.notices
    assert "1 image is named nowhere, and not used." in found.notices
    assert [(one.path, one.reason) for one in found.skipped if "names it" in one.reason] == [
        ("images/cat/9", "List 'train.txt' names it, but no such image is there")
    ]


def test_a_line_that_leads_elsewhere_stops_no_other(tmp_path):
    found = survey(written(tmp_path, train=["cat/0", "dog/0", "../../x/cat/0"], test=["cat/1", "dog/1"]))
    assert table(found) == {tmp_path.name: (("cat", "dog"), (2, 0, 2, 0))}
    assert any(text.startswith("1 row is left out: List '") and "line 3: " in text for text in found.notices)


@pytest.mark.parametrize("lists", [{"train": ["cat/0", "dog/0"]}, {"val": ["cat/0"], "test": ["dog/0"]}])
def test_lists_without_training_or_another_part_are_none(lists, tmp_path):
    found = survey(written(tmp_path, **lists))
    assert (found.layout, found.others) == ("domains", ())


def test_a_domain_that_the_lists_leave_out_is_named(tmp_path):
    grow(tmp_path, [*domain("Art", count=2), *domain("masks", count=2)])
    written(tmp_path, train=["Art/cat/0.jpg", "Art/dog/0.jpg"], test=["Art/cat/1.jpg", "masks/cat/1.jpg"])
    found = survey(tmp_path)
    assert list(table(found)) == ["Art"]
    assert any(text.startswith("Domain 'masks' was left out: the lists name images of fewer") for text in found.notices)


def test_a_folder_called_otherwise_later_is_found_again(tmp_path):
    from mmap_studio.data.domain_finder import DomainFinder

    root = written(tmp_path / "food", train=["cat/0", "dog/0"], test=["cat/1", "dog/1"])
    (one,) = survey(root).domains
    again, _ = DomainFinder().find(root.rename(tmp_path / "moved"), "lists:.", one.name)
    assert again.files == one.files
