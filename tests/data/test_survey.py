"""Every layout is recognised by looking, can be asked for by name, and what does not fit is refused in one sentence."""

import shutil

import pytest

from mmap_studio.data.layouts import LAYOUTS
from mmap_studio.data.survey import survey
from mmap_studio.errors import DataError, InputError
from tests.data import drawn
from tests.data.trees import domain, grow, images


def table(found):
    """Domain name -> (classes, images of each part)."""
    return {
        d.name: (d.classes, tuple(d.given_splits.count(part) for part in ("train", "val", "test", None)))
        for d in found.domains
    }


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith((".", "?"))
    return text


@pytest.mark.parametrize(
    ("paths", "layout", "why"),
    [
        ([*domain("Art"), *domain("Clip")], "domains", "of 2 names 2 are in all of them"),
        ([*domain("pets"), *domain("cars", ("audi", "bmw"))], "tasks", "of 4 names they share none"),
        ([*domain("Art/train"), *domain("Art/crossval"), *domain("Art/test")], "domain-splits", "named after splits"),
        ([*domain("train/Art"), *domain("train/Clip"), *domain("test/Art")], "split-domains", "'Art', 'Clip'"),
        (domain(""), "one-task", "2 class folders hold images"),
        ([*domain("train"), *domain("test")], "one-task", "2 class folders"),
    ],
)
def test_trees(paths, layout, why, tmp_path):
    root = grow(tmp_path / "root", paths)
    found = survey(root)
    assert found.layout == layout
    assert why in found.why
    again = survey(root, layout)
    assert (again.layout, table(again)) == (layout, table(found))


def test_splits_above_domains(tmp_path):
    grow(tmp_path, [*domain("train/Art", count=2), *domain("val/Art"), *domain("test/Art"), *domain("train/Clip"),
                    *domain("Test/Clip", ("dog",))])  # fmt: skip
    found = survey(tmp_path)
    assert table(found) == {"Art": (("cat", "dog"), (4, 2, 2, 0)), "Clip": (("cat", "dog"), (2, 0, 1, 0))}
    assert [str(path.relative_to(tmp_path)) for path in found.domains[1].paths] == [
        "train/Clip/cat/0.jpg", "train/Clip/dog/0.jpg", "Test/Clip/dog/0.jpg"]  # fmt: skip
    assert len({domain.place for domain in found.domains}) == 2


def test_a_layout_that_is_asked_for_wins_over_what_it_looks_like(tmp_path):
    root = drawn.pacs(tmp_path, 1, 1)
    assert survey(root).layout == "lists:."
    found = survey(root, "domains")
    assert (found.layout, table(found)["photo"]) == ("domains", (tuple(sorted(drawn.PACS_CLASSES)), (0, 0, 0, 14)))


@pytest.mark.parametrize("layout", ["split-domains", "lists", "manifest", "lists:nowhere"])
def test_a_layout_that_does_not_fit_is_refused_with_what_is_there(layout, tmp_path):
    with pytest.raises(DataError, match="cannot be read as layout") as error:
        survey(grow(tmp_path, [*domain("Art"), *domain("Clip")]), layout)
    one_sentence(error)


@pytest.mark.parametrize("layout", ["folders", "domains:x", "", "lists/x"])
def test_an_unknown_layout_is_refused_with_all_there_are(layout, tmp_path):
    with pytest.raises(InputError, match="A layout must be auto, domains,") as error:
        survey(tmp_path, layout)
    assert all(name in one_sentence(error) for name in LAYOUTS)


class TestPublishedTrees:
    def test_pacs_as_published(self, tmp_path):
        found = survey(drawn.pacs(tmp_path, 2, 1))
        assert (found.layout, found.others) == ("lists:.", ("domains",))
        assert table(found)["cartoon"] == (drawn.PACS_CLASSES, (14, 7, 0, 0))
        (gone,) = found.skipped
        assert gone.path == "sketch/dog/n02103406_4068-1.png"
        assert gone.reason == "List 'sketch_*.txt' names it, but no such image is there"
        assert "Task 'photo': 14 images of test are named for train too, and used for train alone." in found.notices

    @pytest.mark.parametrize(
        ("inner", "lists", "layout"),
        [("images", "../splits", "lists:splits"), ("a/b", "../../lists/pacs", "lists:lists/pacs")],
    )
    def test_lists_beside_the_images_find_where_their_paths_start(self, inner, lists, layout, tmp_path):
        drawn.pacs(tmp_path / inner, 2, 1, lists, drawn.PACS_CLASSES[:2])
        found = survey(tmp_path)
        assert found.layout == layout
        assert table(found)["photo"] == (("dog", "elephant"), (4, 2, 0, 0))
        assert all(path.is_file() for path in found.domains[0].paths)

    def test_mini_domainnet_leaves_out_what_no_list_names(self, tmp_path):
        root = drawn.mini_domainnet(tmp_path)
        grow(root, domain("quickdraw"))
        found = survey(root)
        assert list(table(found)) == ["clipart", "real"]
        assert found.domains[0].classes == ("aircraft_carrier", "The_Great_Wall_of_China", "zebra")
        assert "2 images are named nowhere, and not used." in found.notices

    def test_two_folders_of_lists_are_not_guessed_between(self, tmp_path):
        root = drawn.mini_domainnet(tmp_path)
        grow(root, ["splits/clipart_train.txt"])
        found = survey(root)
        assert found.layout == "domains"
        assert set(found.others) == {"lists:splits", "lists:splits_mini"}
        assert "ask for one with --layout" in found.notices[0]
        assert list(table(survey(root, "lists:splits_mini"))) == ["clipart", "real"]
        with pytest.raises(DataError, match="'lists:splits', 'lists:splits_mini'"):
            survey(root, "lists")

    def test_names_with_blanks_and_underscores(self, tmp_path):
        grow(tmp_path, ["Real World/Alarm Clock/1.jpg", "Real World/Bed/2.jpg"])
        (tmp_path / "Real_World_train.txt").write_text("Real World/Alarm Clock/1.jpg 0\n./Real World/Bed/2.jpg\t1\n\n")
        assert table(survey(tmp_path, "lists")) == {"Real_World": (("Alarm Clock", "Bed"), (2, 0, 0, 0))}


LINES = ["Art/cat/0.jpg 0", "Art/dog/0.jpg 1"]


class TestLists:
    def lists(self, tmp_path, lines, name="Art_train.txt"):
        grow(tmp_path, domain("Art", count=2))
        (tmp_path / name).write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
        return tmp_path

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            ("/etc/passwd 0", "line 3: a path must be relative, but '/etc/passwd' is absolute"),
            ("C:/x.jpg 0", "is absolute"),
            ("Art/../../x.jpg 0", "line 3: a path must stay inside the data's folder, but 'Art/../../x.jpg' leaves it"),
            ("..\\x.jpg 0", "leaves it"),
            ("Art/cat/1.jpg", "a line must be `path label` with a whole number at its end"),
            ("Art/cat/1.jpg dog", "Got 'Art/cat/1.jpg dog' instead"),
            ("Art/cat/1.jpg -1", "whole number"),
            ("Art/cat/1.jpg ٣", "whole number"),
            ("Art/\0.jpg 0", "zero byte"),
            ("Art/caf\udce9.jpg 0", "line 3: a list must be UTF-8 text"),
            ("x" * 70_000 + " 0", "must have at most 65,536 bytes"),
            ("Art/cat/0.jpg 1", "must give every image of 'Art' one class, but gives two to 'Art/cat/0.jpg'"),
        ],
    )  # fmt: skip
    def test_most_lines_are_refused(self, line, text, tmp_path):
        with pytest.raises(DataError) as error:
            survey(self.lists(tmp_path, [*LINES, *[line] * 3]), "lists")
        assert text in one_sentence(error)

    @pytest.mark.parametrize("line", ["/etc/passwd 0", "Art/../../x.jpg 0", "Art/cat/1.jpg", "Art/cat/1.jpg dog"])
    def test_a_line_that_cannot_be_used_stops_no_other(self, line, tmp_path):
        found = survey(self.lists(tmp_path, [*LINES, line]))
        assert (found.layout, table(found)) == ("lists:.", {"Art": (("cat", "dog"), (2, 0, 0, 0))})
        assert found.notices[0].startswith("1 row is left out: List '")
        assert "line 3: " in found.notices[0]

    def test_a_bad_list_is_named_where_folders_will_do(self, tmp_path):
        found = survey(self.lists(tmp_path, [*LINES, *["/etc/passwd 0"] * 3]))
        assert found.layout in ("domains", "tasks")
        assert found.notices[0].startswith("lists:. was not used: List")

    def test_missing_files_are_counted_and_skipped(self, tmp_path):
        found = survey(self.lists(tmp_path, [*LINES, "Art/cat/gone.jpg 0", "Art/cat/notes.txt 0"]), "lists")
        assert [one.path for one in found.skipped] == ["Art/cat/gone.jpg", "Art/cat/notes.txt"]
        assert any(
            notice.startswith("2 entries left out, List 'Art_*.txt' names it") for notice in found.skipped_notices
        )

    @pytest.mark.parametrize("packed", [True, False])
    def test_a_domain_that_does_not_lie_open_stops_no_other(self, packed, tmp_path):
        root = drawn.mini_domainnet(tmp_path)
        if packed:
            shutil.make_archive(str(root / "real"), "zip", root, "real")
        shutil.rmtree(root / "real")
        for layout in ("auto", "lists"):
            found = survey(root, layout)
            assert found.layout == "lists:splits_mini"
            assert [d.name for d in found.domains] == (["clipart", "real"] if packed else ["clipart"])
            left_out = "'real' was left out: List 'real_*.txt' names 18 images"
            assert any(left_out in notice for notice in found.notices) is not packed

    def test_lists_beside_the_classes_of_their_domain(self, tmp_path):
        root = drawn.mini_domainnet(tmp_path, ("clipart",))
        for path in (root / "splits_mini").iterdir():
            path.rename(root / "clipart" / path.name)
        assert table(survey(root / "clipart"))["clipart"][1] == (12, 0, 6, 0)

    def test_lists_of_other_files_alone_are_refused(self, tmp_path):
        with pytest.raises(
            DataError, match=r"at least 2 classes for 'Art'; found none; 2 files it names are not there"
        ):
            survey(self.lists(tmp_path, ["a/b.jpg 0", "c/d.jpg 1"]), "lists")

    def test_a_line_that_comes_twice_counts_once(self, tmp_path):
        found = survey(self.lists(tmp_path, [*LINES, LINES[0]]), "lists")
        assert len(found.domains[0].files) == 2
        assert "Task 'Art': 1 image named twice for train; each is used once." in found.notices

    def test_numbers_without_folders_stay_numbers(self, tmp_path):
        grow(tmp_path, ["images/1.jpg", "images/2.jpg"])
        (tmp_path / "pets_train.txt").write_text("1.jpg 0\n2.jpg 7\n")
        found = survey(tmp_path, "lists")
        assert found.domains[0].classes == ("0", "7")

    def test_a_link_out_of_the_folder_is_no_image_of_it(self, tmp_path):
        root = self.lists(tmp_path / "root", [*LINES, "Art/cat/out.jpg 0"])
        grow(tmp_path, ["secret.jpg", "root/Art/cat/out.jpg -> ../../../secret.jpg"])
        assert [one.path for one in survey(root, "lists").skipped] == ["Art/cat/out.jpg"]


def test_the_count_is_told_while_looking(tmp_path):
    counts: list[int] = []
    survey(drawn.mini_domainnet(tmp_path), tick=counts.append)
    assert max(counts) == 36


@pytest.mark.parametrize("name", ["pets_train.txt", "pets.csv"])
def test_reading_lists_and_tables_is_told_too_and_looks_into_folders_once(name, tmp_path, monkeypatch):
    monkeypatch.setattr("mmap_studio.data.tables.rows.EVERY", 2)
    grow(tmp_path, images("images", 5))
    lines = [f"images/{n}.jpg{' ' if name.endswith('txt') else ','}{n % 2}" for n in range(5)]
    (tmp_path / name).write_text("\n".join(lines if name.endswith("txt") else ["path,class", *lines]))
    counts: list[int] = []
    found = survey(tmp_path, tick=counts.append)
    assert (found.layout.partition(":")[0], len(found.domains[0].files)) in {("lists", 5), ("manifest", 5)}
    assert counts == [5, 5] + 6 * [5]  # folder and root, then twice rows 0, 2 and 4


def test_the_count_is_told_within_a_large_folder_and_after_the_last(tmp_path, monkeypatch):
    monkeypatch.setattr("mmap_studio.data.listing.EVERY", 2)
    grow(tmp_path, domain("Art", count=5))
    counts: list[int] = []
    survey(tmp_path, tick=counts.append)
    assert counts == [2, 4, 5, 7, 9, 10, 10, 10, 10, 10]  # within and after each folder, then understanding them
