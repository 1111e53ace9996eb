"""What `project.toml` keeps of a layout is what the next opening reads."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.split import UNVALIDATED
from mmap_studio.errors import DataError, InputError, Interrupted
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.ingest.text_options import TextOptions
from mmap_studio.session.project.project import Project
from tests.data import drawn
from tests.data.trees import domain, grow, images


def test_a_file_is_what_its_link_is_called(tmp_path):
    """As the Hugging Face cache keeps a data set: links in a snapshot to blobs without a suffix."""
    grow(tmp_path / "set", [*domain("Art"), *domain("Clip")])
    path = Path(shutil.make_archive(str(tmp_path / "x"), "zip", tmp_path / "set"))
    path.rename(tmp_path / "blob")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "set.zip").symlink_to(tmp_path / "blob")
    report = import_report([str(tmp_path / "link" / "set.zip")])
    assert [one.name for one in report.tasks] == ["Art", "Clip"]
    project = Project.new(tmp_path / "p", report.entries)
    for entry in project.file.tasks:
        assert DomainFinder().find(project.folder_of(entry), entry.layout, entry.part)[0].name == entry.name


@pytest.mark.parametrize("layout", ["auto", "one-task"])
def test_one_task_is_kept_as_one_whatever_comes_into_its_folder_or_becomes_of_its_name(layout, tmp_path):
    root = str(grow(tmp_path / "mine", domain("")))
    (entry,) = import_report([root], layouts={root: layout}).entries
    assert (entry.layout, entry.part) == ("one-task", "")
    grow(tmp_path / "mine", [*images("cat/kittens", 4), *images("dog/puppies", 4)])
    moved = (tmp_path / "mine").rename(tmp_path / "yours")
    for kept in (entry, entry.model_copy(update={"part": "mine"})):
        found, _ = DomainFinder().find(moved, kept.layout, kept.part)
        assert (found.classes, len(found.files)) == (("cat", "dog"), 2)


def test_an_entry_without_a_part_means_the_only_one(tmp_path):
    root = drawn.mini_domainnet(tmp_path, ("clipart",))
    assert DomainFinder().find(root, "lists")[0].name == "clipart"
    drawn.mini_domainnet(tmp_path)
    with pytest.raises(DataError, match=r"Task 'mine' needs a `part` in project.toml: .* holds 'clipart', 'real'"):
        DomainFinder().find(root, "lists", task="mine")
    with pytest.raises(InputError, match="A layout must be auto, domains"):
        DomainFinder().find(root, "onetask")


def test_a_look_into_folders_is_counted_and_can_be_ended(tmp_path):
    roots = [str(grow(tmp_path / name, domain("", count=4))) for name in ("art", "photo")]
    counts = []
    import_report(roots, tick=counts.append)
    assert counts == sorted(counts)
    assert counts[-1] == 16

    def enough(images):
        raise Interrupted("enough")

    for look in (lambda: import_report(roots, tick=enough),
                 lambda: DomainFinder(enough).find(Path(roots[0]))):  # fmt: skip
        with pytest.raises(Interrupted):
            look()


def test_links_are_followed_out_of_the_folder_where_that_is_asked_for_and_by_runs(tmp_path):
    grow(tmp_path / "store", [*domain("Art"), *domain("Clip")])
    (tmp_path / "d" / "Photo").mkdir(parents=True)
    for name in ("Art", "Clip"):
        (tmp_path / "d" / name).symlink_to(tmp_path / "store" / name)
    for name in ("cat", "dog"):
        (tmp_path / "d" / "Photo" / name).mkdir()
        (tmp_path / "d" / "Photo" / name / "1.png").symlink_to(next((tmp_path / "store" / "Art" / name).iterdir()))
    with pytest.raises(DataError, match=r"the link leaves the folder .*; --follow-links reads what"):
        import_report([str(tmp_path / "d")])
    report = import_report([str(tmp_path / "d")], follow=True)
    assert [one.name for one in report.tasks] == ["Art", "Clip", "Photo"]
    assert report.skipped == ()
    project = Project.new(tmp_path / "p", report.entries)
    for entry, task in zip(Project.open(project.folder).file.tasks, report.tasks, strict=True):
        assert entry.follow_links
        where = project.folder_of(entry), entry.layout, entry.part, entry.name
        assert DomainFinder().find(*where, entry.follow_links)[0].fingerprint == task.domain.fingerprint


def test_tasks_that_get_no_validation_image_are_said_with_what_follows(tmp_path):
    grow(
        tmp_path / "d", [f"{task}/{name}/{task}{n}.png" for task in ("Art", "Clip") for name in "ab" for n in range(3)]
    )
    report = import_report([str(tmp_path / "d")])
    assert "2 tasks without a validation image" in report.sentence
    (said,) = (one for one in report.notes if "validation" in one)
    assert said == f"'Art', 'Clip' have no validation image: {UNVALIDATED}."


def test_numbers_and_ids_are_said_until_every_class_is_named(tmp_path):
    grow(tmp_path / "d", [path for name in ("CALTECH", "SUN") for path in domain(name, ("0", "1"))])
    grow(tmp_path / "ids", [path for name in ("Art", "Photo") for path in domain(name, ("n01443537", "n01484850"))])
    numbers, ids = (import_report([str(tmp_path / name)]) for name in ("d", "ids"))
    said = [one for one in numbers.notes if "CLIP" in one]
    assert said == [
        "The classes of 'CALTECH', 'SUN' have numbers for names; say what CLIP should read with --class NUMBER=NAME or "
        "in project.toml."
    ]
    assert any(one.startswith("The classes have WordNet ids for names ('n01443537', 'n01484850')") for one in ids.notes)
    for report, names in ((numbers, ("0", "1")), (ids, ("n01443537", "n01484850"))):
        named = report.with_texts(TextOptions(class_names=dict(zip(names, ("bird", "car"), strict=True))))
        assert not [one for one in named.notes if "CLIP" in one]


def test_a_validation_part_that_becomes_the_test_is_said(tmp_path):
    report = import_report([str(drawn.pacs(tmp_path))])
    said = "no test images are given, so the validation images are the test."
    assert f"'art_painting', 'cartoon', 'photo', 'sketch': {said}" in report.notes
    assert not any(said in one for one in import_report([str(drawn.mini_domainnet(tmp_path / "mini"))]).notes)


def test_the_first_sentence_counts_the_images_that_cannot_be_read(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "art" / name).mkdir(parents=True)
        for n in range(5):
            Image.new("RGB", (8, 8), (n, 0, len(name))).save(tmp_path / "art" / name / f"{n}.png")
    (tmp_path / "art" / "cat" / "empty.png").touch()
    assert "; 1 image left out, which cannot be read" in import_report([str(tmp_path)]).sentence
