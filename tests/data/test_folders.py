"""What a folder tree is read as."""

import os
import sys

import pytest

from mmap_studio.data.file_table import FileTable, ImageFile
from mmap_studio.data.folders import survey_folders
from mmap_studio.errors import DataError
from tests.data.trees import domain, grow, images, list_below


def table(found):
    """Domain name -> (classes, [(path, class, split)])."""
    return {d.name: (d.classes, [(f.path, d.classes[f.class_index], f.given_split) for f in d.files])
            for d in found.domains}  # fmt: skip


def test_domains_classes_and_files(tmp_path):
    grow(tmp_path, ["Art/dog/b.JPG", "Art/dog/a.png", "Art/cat/x.webp", "Clip/ant/1.bmp", "Clip/bee/2.Jpeg"])
    found = survey_folders(str(tmp_path))
    assert table(found) == {
        "Art": (("cat", "dog"), [("cat/x.webp", "cat", None), ("dog/a.png", "dog", None), ("dog/b.JPG", "dog", None)]),
        "Clip": (("ant", "bee"), [("ant/1.bmp", "ant", None), ("bee/2.Jpeg", "bee", None)]),
    }
    assert found.root == tmp_path
    assert found.domains[0].root == tmp_path / "Art"
    assert found.domains[0].labels.tolist() == [0, 1, 1]
    paths = found.domains[0].paths
    assert (paths[0], len(paths)) == (tmp_path / "Art/cat/x.webp", 3)
    assert list(paths) == [paths[i] for i in range(3)]
    assert found.skipped == ()


def test_classes_and_files_are_sorted_by_code_point(tmp_path):
    grow(tmp_path, [f"d/{name}/{file}.png" for name in ("b", "Z", "10", "9", "é") for file in ("10", "9", "a", "B")])
    files = table(survey_folders(tmp_path))["d"]
    assert files[0] == ("10", "9", "Z", "b", "é")
    assert [path for path, _, _ in files[1]][:4] == ["10/10.png", "10/9.png", "10/B.png", "10/a.png"]


@pytest.mark.parametrize("val", ["val", "valid", "validation", "Val"])
def test_a_split_level_is_recognised(val, tmp_path):
    grow(tmp_path, [*domain("Art/test"), *domain("Art/Train", ("cat", "dog")), *domain(f"Art/{val}", ("dog",))])
    assert table(survey_folders(tmp_path))["Art"] == (
        ("cat", "dog"),
        [
            ("Train/cat/0.jpg", "cat", "train"),
            ("test/cat/0.jpg", "cat", "test"),
            ("Train/dog/0.jpg", "dog", "train"),
            (f"{val}/dog/0.jpg", "dog", "val"),
            ("test/dog/0.jpg", "dog", "test"),
        ],
    )


def test_a_missing_val_folder_and_other_forms_side_by_side(tmp_path):
    grow(tmp_path, [*domain("Art/train"), *domain("Art/test"), "Art/lists/all.txt", *domain("Clip")])
    found = survey_folders(tmp_path)
    assert [set(d.given_splits) for d in found.domains] == [{"train", "test"}, {None}]


def test_vlcs_as_published_has_all_images_again_beside_the_splits_and_numbers_for_classes(tmp_path):
    names = [f"{home}/{part}" for home in ("CALTECH", "SUN") for part in ("crossval", "full", "test", "train")]
    grow(tmp_path, [path for name in names for path in domain(name, ("0", "1"))])
    found = survey_folders(tmp_path)
    assert [(d.name, len(d.files), set(d.given_splits)) for d in found.domains] == [
        (name, 6, {"train", "val", "test"}) for name in ("CALTECH", "SUN")
    ]
    assert {one.reason for one in found.skipped} == {"it is in 'full', which lies beside the splits"}
    assert len(found.skipped) == 4


def test_a_class_named_full_beside_splits_that_hold_images_is_a_class(tmp_path):
    grow(tmp_path, domain("Art", ("train", "test", "full")))
    assert survey_folders(tmp_path).domains[0].classes == ("full", "test", "train")


def test_a_class_named_train_is_a_class(tmp_path):
    grow(tmp_path, domain("Art", ("train", "test", "dog")))
    assert survey_folders(tmp_path).domains[0].classes == ("dog", "test", "train")
    grow(tmp_path, domain("Clip", ("train", "test")))
    assert survey_folders(tmp_path).domains[1].classes == ("test", "train")


@pytest.mark.parametrize("levels", [("",), ("train", "test"), ("train", "val", "test")])
def test_a_single_domain_is_read_as_one_task_and_said_so(levels, tmp_path):
    root = grow(tmp_path / "pets", [path for level in levels for path in domain(level)])
    found = survey_folders(root)
    assert [(d.name, d.root, d.classes) for d in found.domains] == [("pets", root, ("cat", "dog"))]
    assert len(found.domains[0].files) == 2 * len(levels)
    assert all(path.exists() for path in found.domains[0].paths)
    assert found.notices == (f"Folder '{root}' holds classes, not domains: it was read as one task 'pets'.",)


def test_an_archive_that_unpacked_into_its_own_folder(tmp_path):
    grow(
        tmp_path, ["PACS/kfold/readme.txt", *domain("PACS/kfold/art"), *domain("PACS/kfold/photo"), "PACS/splits/a.txt"]
    )
    found = survey_folders(tmp_path / "PACS")
    assert [d.name for d in found.domains] == ["art", "photo"]
    assert found.root == tmp_path / "PACS" / "kfold"
    assert found.notices[0] == "The domains are in folder 'kfold', which was opened instead."


def test_a_stray_image_makes_no_class_of_a_domain_nor_thumbnails_a_domain_of_a_class(tmp_path):
    grow(tmp_path / "a", [*domain("Art"), "Art/preview.png", *domain("Clip"), *images("loose", 3)])
    found = survey_folders(tmp_path / "a")
    assert [d.name for d in found.domains] == ["Art", "Clip"]
    assert [s.path for s in found.skipped] == ["Art/preview.png", *(f"loose/{i}.jpg" for i in range(3))]
    grow(tmp_path / "b", [*images("cat", 3), *images("cat/thumbs", 3), *images("dog", 3)])
    found = survey_folders(tmp_path / "b")
    assert [(d.name, d.classes) for d in found.domains] == [("b", ("cat", "dog"))]
    assert len(found.skipped) == 3


def test_everything_left_out_is_listed_and_counted(tmp_path):
    odd = ["notes.txt", "Art/info.csv", "Art/cat/movie.mp4", "Art/cat/no-suffix", "Art/cat/deep/x.jpg", "Art/a.jpg"]
    grow(tmp_path, [*domain("Art", count=3), *domain("Clip"), *odd, ".hidden/cat/0.jpg", "Art/cat/.x.jpg", ".DS_Store"])
    found = survey_folders(tmp_path)
    assert {s.path: s.reason for s in found.skipped} == {
        "notes.txt": "not an image file (.txt)",
        "Art/info.csv": "not an image file (.csv)",
        "Art/cat/movie.mp4": "not an image file (.mp4)",
        "Art/cat/no-suffix": "not an image file",
        "Art/cat/deep/x.jpg": "it lies in a folder below a class folder",
        "Art/a.jpg": "the image is in no class folder",
    }
    assert "1 entry left out, the image is in no class folder: 'Art/a.jpg'." in found.skipped_notices
    assert "1 entry left out, not an image file (.mp4): 'Art/cat/movie.mp4'." in found.skipped_notices


def test_folders_that_are_too_deep_are_listed(tmp_path):
    grow(tmp_path, [*domain("Art/train"), *domain("Art/test"), "Art/train/cat/a/b.jpg"])
    assert [(s.path, s.reason) for s in survey_folders(tmp_path).skipped] == [
        ("Art/train/cat/a", "folders this deep are not read")
    ]


class TestDatasetFaults:
    """In both shapes: with and without a split level."""

    @pytest.fixture(params=["", "/train"])
    def level(self, request):
        return request.param

    def grow(self, root, level, domains, extra=()):
        """Domains name -> classes, each with one image; with a split level also in test."""
        places = [level, "/test"] if level else [""]
        return grow(root, [*(p for n, c in domains.items() for at in places for p in domain(n + at, c)), *extra])

    def test_an_empty_class_is_dropped_with_a_notice(self, level, tmp_path):
        found = survey_folders(
            self.grow(tmp_path, level, {"Art": ("cat", "dog")}, [f"Art{level}/bird/", f"Art{level}/ant/"])
        )
        assert found.domains[0].classes == ("cat", "dog")
        assert found.notices == ("Domain 'Art': 2 class folders without images left out: 'ant', 'bird'.",)

    def test_classes_of_only_some_domains_are_named(self, level, tmp_path):
        domains = {"Art": ("Alarm_Clock", "dog"), "Clip": ("alarm clock", "dog", "fox"), "Real": ("cat", "dog")}
        found = survey_folders(self.grow(tmp_path, level, domains))
        assert found.notices == (
            "3 classes only in some domains: 'alarm clock' in 'Art', 'Clip'; 'cat' in 'Real'; 'fox' in 'Clip'.",
        )

    def test_many_differing_classes_are_counted(self, level, tmp_path):
        both = ["x", "y"]
        domains = {"A": [*(f"a{i:02}" for i in range(9)), *both], "B": ["b0", "b1", *both]}
        found = survey_folders(self.grow(tmp_path, level, domains))
        assert found.notices[0].startswith("11 classes only in some domains: 'a00' in 'A';")
        assert found.notices[0].endswith("; and 6 more.")

    def test_a_domain_of_one_class_is_left_out(self, level, tmp_path):
        found = survey_folders(self.grow(tmp_path, level, {"Art": ("cat", "dog"), "Clip": ("cat",)}))
        assert [d.name for d in found.domains] == ["Art"]
        assert found.notices[0] == "Domain 'Clip' was left out: at least 2 classes are required, found 'cat'."

    def test_one_class_in_all_is_refused(self, level, tmp_path):
        with pytest.raises(DataError, match=r"must hold at least 2 classes with images, .*: Domain 'Art' was left"):
            survey_folders(self.grow(tmp_path, level, {"Art": ("cat",), "Clip": ("cat",)}))

    def test_one_task_and_fifty_tasks(self, level, tmp_path):
        assert len(survey_folders(self.grow(tmp_path / "1", level, {"Art": ("cat", "dog")})).domains) == 1
        domains = {f"{i:02}": ("cat", "dog") for i in range(50)}
        assert [d.name for d in survey_folders(self.grow(tmp_path / "50", level, domains)).domains] == list(domains)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "holds no images .*: required <domain>/<class>/<image> with .jpg, .*; found 0 folders and 0 other files"),
        (["a.txt", "b.csv", "x/"], "found 1 folder and 2 other files"),
        (["0.jpg", "1.png"], "holds 2 images and no class folders; sort them as <domain>/<class>/<image>"),
        (
            [*domain("x/Art"), *domain("x/Clip"), *domain("y/Art")],
            r"several folders of domains \('x', 'y'\); open one of them",
        ),
        (["cat/0.jpg"], "at least 2 classes with images"),
        ([f"{'deep/' * 6}0.jpg"], "at least 2 classes with images"),
        ([f"{n}/{'deep/' * 6}0.jpg" for n in "ab"], "found 2 folders and 2 other files"),
        (["a/b.parquet -> /etc/passwd"], r"1 other file \('a/b.parquet': the link leaves the folder that was opened"),
    ],
)
def test_a_root_without_domains_is_refused(paths, message, tmp_path):
    with pytest.raises(DataError, match=message):
        survey_folders(grow(tmp_path / "root", paths))


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file.txt").touch()
    for name, message in (
        ("gone", "was not found"),
        ("file.txt", r"is neither an archive \(\.zip.* folder of <domain>"),
        ("x\0y", "was not found"),
        ("x" * 300, "long"),
    ):
        with pytest.raises(DataError, match=f"(Folder|File) '.*{message}"):
            survey_folders(tmp_path / name)


def test_progress_is_told_and_can_stop_the_scan(tmp_path):
    grow(tmp_path, [*domain("Art", count=3), *domain("Clip", count=2)])
    counts: list[int] = []
    survey_folders(tmp_path, tick=counts.append)
    assert counts == sorted(counts)
    assert counts[-1] == 10

    def stop(images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey_folders(tmp_path, tick=stop)


def test_the_fingerprint_changes_with_the_folder_and_only_then(tmp_path):
    grow(tmp_path, domain("Art", count=2))
    first = survey_folders(tmp_path).domains[0].fingerprint
    assert survey_folders(tmp_path).domains[0].fingerprint == first
    os.utime(tmp_path / "Art/cat/0.jpg", ns=(1, 1))
    touched = survey_folders(tmp_path).domains[0].fingerprint
    (tmp_path / "Art/cat/0.jpg").write_bytes(b"x")
    os.utime(tmp_path / "Art/cat/0.jpg", ns=(1, 1))
    longer = survey_folders(tmp_path).domains[0].fingerprint
    (tmp_path / "Art/cat/1.jpg").rename(tmp_path / "Art/dog/2.jpg")
    moved = survey_folders(tmp_path).domains[0].fingerprint
    assert len({first, touched, longer, moved}) == 4


def test_a_scan_writes_nothing_and_opens_no_image(tmp_path, monkeypatch):
    grow(tmp_path, domain("Art"))
    before = list_below(tmp_path)
    monkeypatch.setattr("builtins.open", lambda *a, **k: pytest.fail("opened a file"))
    survey_folders(tmp_path)
    assert list_below(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_whose_own_name_is_no_unicode_is_refused_in_one_sentence(tmp_path):
    root = tmp_path / "caf\udce9"
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        (root / name / "0.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"'.*caf\\udce9' must have a path of valid Unicode") as error:
        survey_folders(root)
    str(error.value).encode()


def test_a_time_beyond_64_bits_still_says_that_a_file_changed():
    first, second = (FileTable.of([ImageFile("a.png", 0, 1, stamp)]) for stamp in (2**63 + 5, 2**63 + 6))
    assert first != second
