"""Images inside zip and tar: read where they are, never unpacked; what an archive says of itself is not believed."""

import bz2
import gzip
import io
import itertools
import lzma
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmap_studio.data import archive_rules, archive_zip
from mmap_studio.data.archives import is_archive, members, read, split_path, stem
from mmap_studio.data.decode_all import decode_many
from mmap_studio.data.recognise import look
from mmap_studio.data.reports import Skipped
from mmap_studio.data.sources import sources
from mmap_studio.errors import DataError
from mmap_studio.method.task import Geometry
from mmap_studio.session.layouts import entry_for
from tests.data import drawn
from tests.data import pictures as p
from tests.data.trees import list_below

KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")
RUST = p.save(p.solid())
TREE = [f"{d}/{c}/{n}.png" for d in ("Art", "Clip") for c in ("cat", "dog") for n in range(2)]


def pack(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def different(names):
    """Every picture of a colour of its own."""
    return {name: p.save(p.solid("RGB", (20 * n, 10, 200 - 20 * n))) for n, name in enumerate(names)}


def reasons(path):
    return {one.path: one.reason for one in members(path) if isinstance(one, Skipped)}


def colours(domain):
    """Path -> colour of the decoded picture."""
    order, found = [], {}

    def noted():
        for row, source in sources(domain, range(len(domain.files))):
            order.append(row)
            yield source

    for done, pixels in decode_many(noted(), Geometry(4), 2):
        found[domain.files.path(order[done])] = tuple(int(v) for v in pixels[0, 0])
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapper", ["", "OfficeHome/"])
def test_an_archive_is_read_as_its_folder_would_be(kind, wrapper, tmp_path):
    pack(tmp_path / f"office.{kind}", different([wrapper + name for name in TREE]))
    before = list_below(tmp_path)
    for root in (tmp_path / f"office.{kind}", tmp_path):
        found = look(root)
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
    found = look(tmp_path / "set")
    for domain in found.domains:
        assert domain.classes == ("cat", "dog")
        assert len(colours(domain)) == len(domain.files)
        entry = entry_for(tmp_path / "set", found, domain)
        again = look(Path(entry.folder), layout=entry.layout or "auto")
        assert [one.files for one in again.domains if one.name == (entry.part or domain.name)] == [domain.files]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_a_domain_with_list_files_beside_them(kind, tmp_path):
    root = drawn.mini_domainnet(tmp_path / "made")
    for name in ("clipart", "real"):
        files = {f"{name}/{one.relative_to(root / name)}": one.read_bytes() for one in (root / name).rglob("*.jpg")}
        pack(tmp_path / "net" / f"{name}.{kind}", dict(sorted(files.items(), reverse=True)))
    (root / "splits_mini").rename(tmp_path / "net" / "splits_mini")
    found = look(tmp_path / "net")
    assert found.layout == "lists:splits_mini"
    assert [(d.name, len(d.classes), len(d.files)) for d in found.domains] == [("clipart", 3, 18), ("real", 3, 18)]
    assert len(colours(found.domains[0])) == 18
    assert [d.name for d in look(tmp_path / "net", "domains").domains] == ["clipart", "real"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(("old", "new"), [("/", "//"), ("/", "/./"), ("/", "\\")])
def test_members_written_another_way_are_found_and_read(kind, old, new, tmp_path):
    if kind == "tar" and new == "\\":
        pytest.skip("a letter like any other in a tar")
    path = pack(tmp_path / f"x.{kind}", different([name.replace(old, new) for name in TREE]))
    found = look(path)
    assert [(d.name, d.classes) for d in found.domains] == [("Art", ("cat", "dog")), ("Clip", ("cat", "dog"))]
    assert colours(found.domains[1])["dog/1.png"] == (140, 10, 60)


def test_a_tar_with_backslashes_between_folders_is_refused_by_what_is_wrong(tmp_path):
    path = pack(tmp_path / "x.tar", different([name.replace("/", "\\") for name in TREE]))
    with pytest.raises(DataError, match=r"x.tar' must .* backslashes, .* \('Art\\cat\\0.png' and .* more\); pack"):
        look(path)


def test_archives_that_hold_all_in_one_folder_keep_their_own_names(tmp_path):
    inside = different([f"data/v1/raw/train/{c}/{n}.png" for c in ("cat", "dog") for n in range(2)])
    for name in ("art", "photo"):
        pack(tmp_path / "set" / f"{name}.zip", inside)
    for root, names in ((tmp_path / "set", ["art", "photo"]), (tmp_path / "set" / "art.zip", ["art"])):
        found = look(root)
        assert [d.name for d in found.domains] == names
        assert len(colours(found.domains[0])) == 4


@pytest.mark.parametrize("above", ["", "Art/"])
def test_archives_that_differ_in_their_suffix_alone_are_refused(above, tmp_path):
    for name in ("photo.zip", "photo.tar", "other.zip"):
        pack(tmp_path / above / name, different(TREE))
    with pytest.raises(DataError, match=r"'(Art/)?photo.tar', '(Art/)?photo.zip' .* rename or remove all but one\.$"):
        look(tmp_path)


def test_an_archive_beside_its_unpacked_folder_is_left_alone(tmp_path):
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(RUST)
    pack(tmp_path / "all.zip", different(TREE))
    found = look(tmp_path)
    assert [one.path for one in found.skipped] == ["all.zip"]
    assert not any(domain.packed for domain in found.domains)


HOSTILE = {
    "/etc/passwd.png": "its path is absolute",
    "C:\\x.png": "its path is absolute",
    "../../x.png": "its path leaves the archive",
    "Art/../../x.png": "its path leaves the archive",
    "Art\\..\\..\\x.png": "its path leaves the archive",
}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_paths_that_leave_are_refused_and_nothing_is_written(kind, tmp_path):
    path = pack(tmp_path / "in" / f"x.{kind}", different([*HOSTILE, *TREE]))
    found = reasons(path)
    assert set(found.values()) == {"its path is absolute", "its path leaves the archive"}
    assert len(found) == len(HOSTILE)
    imported = look(path)
    assert sum(len(domain.files) for domain in imported.domains) == len(TREE)
    assert len(imported.skipped) == len(HOSTILE)
    assert list_below(tmp_path) == [str(tmp_path / "in"), str(path)]


def test_links_and_devices_are_refused(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, kind in (("a.png", tarfile.SYMTYPE), ("b.png", tarfile.LNKTYPE), ("c.png", tarfile.FIFOTYPE),
                           ("d.png", tarfile.CHRTYPE)):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert set(reasons(tmp_path / "x.tar").values()) == {"it is not a regular file"}
    info = zipfile.ZipInfo("link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as zipped:
        zipped.writestr(info, "/etc/passwd")
    assert reasons(tmp_path / "x.zip") == {"link.png": "it is not a regular file"}


@pytest.mark.parametrize("kind", KINDS)
def test_bombs_are_refused_before_they_unpack(kind, tmp_path):
    bomb = tmp_path / f"bomb.{kind}"
    pack(bomb, {"a/b/c.png": bytes(8 * 2**20)})
    if kind == "tar":  # nothing is packed, nothing can explode
        assert reasons(bomb) == {}
    elif kind == "zip":
        found = reasons(bomb)
        assert "times its size, more than the 200 allowed" in found["a/b/c.png"]
    else:
        with pytest.raises(DataError, match=r"must not be read: it unpacks to more than .* MiB") as error:
            list(members(bomb))
        assert "\n" not in str(error.value)


def test_a_zip_that_declares_more_than_it_can_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_zip, "MAX_RATIO", 2)
    data = bytes(2**20)
    pack(tmp_path / "x.zip", {f"a/{n}.png": data for n in range(4)})
    with pytest.raises(DataError, match=r"says that its .* bytes unpack to 4,194,304"):
        list(members(tmp_path / "x.zip"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_members_and_too_large_ones(kind, tmp_path, monkeypatch):
    path = pack(tmp_path / f"x.{kind}", {f"{n}.png": os.urandom(2000) for n in range(5)})
    monkeypatch.setattr(archive_rules, "MAX_BYTES", 1000)
    with_limit = reasons(path) if kind == "zip" else {}
    assert all("more than the 0 allowed" in reason for reason in with_limit.values())
    monkeypatch.setattr(archive_rules, "MAX_BYTES", 2**26)
    monkeypatch.setattr(archive_rules, "MAX_MEMBERS", 4)
    with pytest.raises(DataError, match="more than the 4 members allowed"):
        list(members(path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_count_once(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.png", RUST)
        archive.writestr("a.png", b"other")
    assert reasons(tmp_path / "x.zip") == {"a.png": "the archive has another file of this name"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_damaged_archives_are_refused_or_skipped_in_one_sentence(kind, damage, tmp_path):
    path = pack(tmp_path / f"x.{kind}", {name: os.urandom(3000) for name in TREE})
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "noise": os.urandom(4000), "empty": b""}[damage])
    found, said = [], "must be a whole zip or tar file"
    try:
        found.extend(members(path))
    except DataError as error:
        said = str(error)
    assert "must be a whole zip or tar file" in said
    assert "\n" not in said
    assert len(found) < len(TREE)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("damage", ["checksum", "cut header"])
def test_a_tar_damaged_at_a_later_header_does_not_lose_the_rest_in_silence(kind, damage, tmp_path):
    plain = pack(tmp_path / "x.tar", {name: bytes(512) for name in TREE}).read_bytes()
    header = 4 * 1024  # of the fifth member
    broken = plain[: header + 100] + (b"\1" * 50 + plain[header + 150 :] if damage == "checksum" else b"")
    path = tmp_path / f"y.{kind}"
    packer = {"tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress}[kind]
    path.write_bytes(packer(broken))
    with pytest.raises(DataError, match=r"must be a whole zip or tar file, but .* \(it is damaged after 4,096 bytes\)"):
        list(members(path))
    wanted = {name: row for row, name in enumerate(TREE)}
    found = []
    with pytest.raises(DataError, match="must be a whole zip or tar file"):
        found.extend(read(path, wanted))


@pytest.mark.parametrize("end", [0, 100, 512, 1024, 10240])
def test_a_tar_may_end_with_any_number_of_zeros(end, tmp_path):
    path = pack(tmp_path / "x.tar", {name: bytes(512) for name in TREE})
    path.write_bytes(path.read_bytes()[: len(TREE) * 1024] + bytes(end))
    assert len(list(members(path))) == len(TREE)


def test_a_header_of_negative_size_is_refused_and_not_read_for_ever(tmp_path):
    header = tarfile.TarInfo("a.png").tobuf(tarfile.USTAR_FORMAT)
    header = header[:124] + b"\xff" * 10 + b"\xfe\x00" + header[136:]  # -512 in base 256
    chksum = sum(header[:148]) + 8 * 32 + sum(header[156:])
    path = tmp_path / "x.tar"
    path.write_bytes(header[:148] + f"{chksum:06o}\0 ".encode() + header[156:])
    with pytest.raises(DataError, match="a header in it gives -512 bytes as a size"):
        list(itertools.islice(members(path), 100))
    with pytest.raises(DataError, match="a header in it gives -512 bytes as a size"):
        list(read(path, {"b.png": 0}))


def test_a_member_with_a_wrong_checksum_is_skipped_by_itself(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in different(TREE).items():
            archive.writestr(name, data)
    data = bytearray(path.read_bytes())
    data[60] ^= 255  # in the first picture
    path.write_bytes(data)
    found = dict(sources(look(path).domains[0], range(4)))
    assert isinstance(found[0], Skipped)
    assert "cannot be unpacked (Bad CRC-32" in found[0].reason
    assert all(isinstance(found[row], bytes) for row in (1, 2, 3))


def test_an_encrypted_member_is_refused(tmp_path):
    path = pack(tmp_path / "x.zip", {"a.png": RUST})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert reasons(path) == {"a.png": "it is encrypted"}


def test_names_of_other_encodings_and_of_the_system(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in ("caf\udce9.png", "good.png", "__MACOSX/._good.png", ".DS_Store"):
            archive.addfile(tarfile.TarInfo(name))
    assert reasons(tmp_path / "x.tar") == {"caf\udce9.png": "its name is not valid Unicode"}
    assert [one.path for one in members(tmp_path / "x.tar") if not isinstance(one, Skipped)] == ["good.png"]


def test_an_archive_that_changed_is_noticed_at_the_member(tmp_path):
    path = pack(tmp_path / "x.zip", different(TREE))
    (art, _) = look(path).domains
    pack(path, different(TREE[1:]))
    found = dict(sources(art, range(4)))
    assert found[0] == Skipped("Art/cat/0.png", "it is no longer in the archive")
    stamps = look(path).domains[1].files.stamps
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
    assert [len(domain.files) for domain in look(path).domains] == [4, 4]


def test_archives_are_known_by_their_names():
    assert [is_archive(name) for name in ("a.zip", "A.TAR.GZ", "b.tgz", "c.rar", "zip")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [stem(name) for name in ("a.zip", "b.tar.gz", "c.d")] == ["a", "b", "c.d"]


def test_a_folder_may_be_called_like_an_archive(tmp_path):
    path = pack(tmp_path / "old.zip" / "x.tar", {"a/b.png": RUST})
    assert split_path(path / "a/b.png") == (path, "a/b.png")
    assert split_path(tmp_path / "old.zip" / "b.png") is None
