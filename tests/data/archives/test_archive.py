"""Images inside zip and tar: read where they are, never unpacked; what an archive says of itself is not believed."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.data.archives.archive import members
from mmap_studio.data.file_kinds import is_archive, without_archive_suffix
from mmap_studio.data.images.sources import sources, split_path
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.survey import survey
from mmap_studio.errors import DataError
from mmap_studio.session.ingest.report import entry_for
from tests.data import drawn
from tests.data.archives.packed import KINDS, RUST, TREE, colours, different, pack, reasons
from tests.data.trees import list_below


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapper", ["", "OfficeHome/"])
def test_an_archive_is_read_as_its_folder_would_be(kind, wrapper, tmp_path):
    pack(tmp_path / f"office.{kind}", different([wrapper + name for name in TREE]))
    before = list_below(tmp_path)
    for root in (tmp_path / f"office.{kind}", tmp_path):
        found = survey(root)
        assert [(d.name, d.classes, len(d.files)) for d in found.domains] == [
            ("Art", ("cat", "dog"), 4), ("Clip", ("cat", "dog"), 4)]  # fmt: skip
        assert colours(found.domains[1])["dog/1.png"] == (140, 10, 60)
    assert list_below(tmp_path) == before


@pytest.mark.parametrize(
    "archives",
    ["Art/cat Art/dog Clip/cat Clip/dog", "cat dog", "Art/train Art/test Clip/train Clip/test", "train test"],
    ids=["classes of domains", "classes", "splits of domains", "splits"],
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archives_that_are_classes_or_splits_can_be_decoded_and_found_again(kind, archives, tmp_path):
    inside = [f"{c}/{n}.png" for c in ("cat", "dog") for n in range(2)] if "train" in archives else ["0.png", "1.png"]
    for name in archives.split():
        pack(tmp_path / "set" / f"{name}.{kind}", different(inside))
    found = survey(tmp_path / "set")
    for domain in found.domains:
        assert domain.classes == ("cat", "dog")
        assert len(colours(domain)) == len(domain.files)
        entry = entry_for(tmp_path / "set", found, domain)
        again = survey(Path(entry.folder), layout=entry.layout or "auto")
        assert [one.files for one in again.domains if one.name == (entry.part or domain.name)] == [domain.files]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_a_domain_with_list_files_beside_them(kind, tmp_path):
    root = drawn.mini_domainnet(tmp_path / "made")
    for name in ("clipart", "real"):
        files = {f"{name}/{one.relative_to(root / name)}": one.read_bytes() for one in (root / name).rglob("*.jpg")}
        pack(tmp_path / "net" / f"{name}.{kind}", dict(sorted(files.items(), reverse=True)))
    (root / "splits_mini").rename(tmp_path / "net" / "splits_mini")
    found = survey(tmp_path / "net")
    assert found.layout == "lists:splits_mini"
    assert [(d.name, len(d.classes), len(d.files)) for d in found.domains] == [("clipart", 3, 18), ("real", 3, 18)]
    assert len(colours(found.domains[0])) == 18
    assert [d.name for d in survey(tmp_path / "net", "domains").domains] == ["clipart", "real"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(("old", "new"), [("/", "//"), ("/", "/./"), ("/", "\\")])
def test_members_written_another_way_are_found_and_read(kind, old, new, tmp_path):
    if kind == "tar" and new == "\\":
        pytest.skip("a letter like any other in a tar")
    path = pack(tmp_path / f"x.{kind}", different([name.replace(old, new) for name in TREE]))
    found = survey(path)
    assert [(d.name, d.classes) for d in found.domains] == [("Art", ("cat", "dog")), ("Clip", ("cat", "dog"))]
    assert colours(found.domains[1])["dog/1.png"] == (140, 10, 60)


def test_a_tar_with_backslashes_between_folders_is_refused_by_what_is_wrong(tmp_path):
    path = pack(tmp_path / "x.tar", different([name.replace("/", "\\") for name in TREE]))
    with pytest.raises(DataError, match=r"x.tar' must .* backslashes, .* \('Art\\cat\\0.png' and .* more\); pack"):
        survey(path)


def test_archives_that_hold_all_in_one_folder_keep_their_own_names(tmp_path):
    inside = different([f"data/v1/raw/train/{c}/{n}.png" for c in ("cat", "dog") for n in range(2)])
    for name in ("art", "photo"):
        pack(tmp_path / "set" / f"{name}.zip", inside)
    for root, names in ((tmp_path / "set", ["art", "photo"]), (tmp_path / "set" / "art.zip", ["art"])):
        found = survey(root)
        assert [d.name for d in found.domains] == names
        assert len(colours(found.domains[0])) == 4


@pytest.mark.parametrize("above", ["", "Art/"])
def test_archives_that_differ_in_their_suffix_alone_are_refused(above, tmp_path):
    for name in ("photo.zip", "photo.tar", "other.zip"):
        pack(tmp_path / above / name, different(TREE))
    with pytest.raises(DataError, match=r"'(Art/)?photo.tar', '(Art/)?photo.zip' .* rename or remove all but one\.$"):
        survey(tmp_path)


def test_an_archive_beside_its_unpacked_folder_is_left_alone(tmp_path):
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(RUST)
    pack(tmp_path / "all.zip", different(TREE))
    found = survey(tmp_path)
    assert [one.path for one in found.skipped] == ["all.zip"]
    assert not any(domain.packed for domain in found.domains)


def test_names_of_other_encodings_and_of_the_system(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in ("caf\udce9.png", "good.png", "__MACOSX/._good.png", ".DS_Store"):
            archive.addfile(tarfile.TarInfo(name))
    assert reasons(tmp_path / "x.tar") == {"caf\udce9.png": "its name is not valid Unicode"}
    assert [one.path for one in members(tmp_path / "x.tar") if not isinstance(one, Skipped)] == ["good.png"]


def test_an_archive_that_changed_is_noticed_at_the_member(tmp_path):
    path = pack(tmp_path / "x.zip", different(TREE))
    (art, _) = survey(path).domains
    pack(path, different(TREE[1:]))
    found = dict(sources(art, range(4)))
    assert found[0] == Skipped("Art/cat/0.png", "it is no longer in the archive")
    stamps = survey(path).domains[1].files.stamps
    assert len(np.unique(stamps)) == 4  # checksums: a member that changes is another one


def test_a_tar_that_was_written_again_has_other_members(tmp_path):
    """Even with members of the same name, size and second."""
    path = pack(tmp_path / "x.tar", {name: bytes(512) for name in TREE})
    before = {one.path: one.stamp for one in members(path)}
    assert {one.path: one.stamp for one in members(path)} == before
    first = path.stat().st_mtime_ns
    pack(path, dict.fromkeys(TREE, b"1" * 512))
    os.utime(path, ns=(first, first + 1000))
    assert all(one.stamp != before[one.path] for one in members(path))


@pytest.mark.parametrize("time", [-1, 1e11, float("inf"), float("nan")])
def test_no_time_of_a_member_is_too_much_for_a_tar(time, tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, pax_headers={}) as archive:
        for name, data in different(TREE).items():
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(data), {"mtime": str(time)}
            archive.addfile(info, io.BytesIO(data))
    assert [len(domain.files) for domain in survey(path).domains] == [4, 4]


def test_archives_are_known_by_their_names():
    assert [is_archive(name) for name in ("a.zip", "A.TAR.GZ", "b.tgz", "c.rar", "zip")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [without_archive_suffix(name) for name in ("a.zip", "b.tar.gz", "c.d")] == ["a", "b", "c.d"]


def test_a_folder_may_be_called_like_an_archive(tmp_path):
    path = pack(tmp_path / "old.zip" / "x.tar", {"a/b.png": RUST})
    assert split_path(path / "a/b.png") == (path, "a/b.png")
    assert split_path(tmp_path / "old.zip" / "b.png") is None
