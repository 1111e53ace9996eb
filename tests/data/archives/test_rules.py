"""Archives that are hostile, damaged or too large are refused, or what is wrong in them is skipped, in one sentence."""

import bz2
import gzip
import itertools
import lzma
import os
import stat
import tarfile
import zipfile

import pytest

from mmap_studio.data.archives import rules, zip_archive
from mmap_studio.data.archives.archive import members, read
from mmap_studio.data.images.sources import sources
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.survey import survey
from mmap_studio.errors import DataError
from tests.data.archives.packed import KINDS, RUST, TREE, different, pack, reasons
from tests.data.trees import list_below

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
    imported = survey(path)
    assert sum(len(domain.files) for domain in imported.domains) == len(TREE)
    assert len(imported.skipped) == len(HOSTILE)
    assert list_below(tmp_path) == [str(tmp_path / "in"), str(path)]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_paths_that_no_disk_could_have_are_refused(kind, tmp_path):
    """Every folder on a path takes a level of Python's stack, and every letter of a name is kept."""
    long, deep = f"Art/{'x' * 5000}/a.png", f"Art/{'d/' * 2000}a.png"
    path = pack(tmp_path / f"x.{kind}", different([long, deep, *TREE]))
    found = reasons(path)
    assert set(found.values()) == {
        "its path has 5,010 letters, more than the 4,096 allowed", "its path has more than the 100 folders allowed",
    }  # fmt: skip
    assert max(map(len, found)) <= rules.MAX_PATH
    assert sum(len(domain.files) for domain in survey(path).domains) == len(TREE)


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
    monkeypatch.setattr(zip_archive, "MAX_RATIO", 2)
    data = bytes(2**20)
    pack(tmp_path / "x.zip", {f"a/{n}.png": data for n in range(4)})
    with pytest.raises(DataError, match=r"says that its .* bytes unpack to 4,194,304"):
        list(members(tmp_path / "x.zip"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_members_and_too_large_ones(kind, tmp_path, monkeypatch):
    path = pack(tmp_path / f"x.{kind}", {f"{n}.png": os.urandom(2000) for n in range(5)})
    monkeypatch.setattr(rules, "MAX_BYTES", 1000)
    with_limit = reasons(path) if kind == "zip" else {}
    assert all("more than the 0 allowed" in reason for reason in with_limit.values())
    monkeypatch.setattr(rules, "MAX_BYTES", 2**26)
    monkeypatch.setattr(rules, "MAX_MEMBERS", 4)
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
    data[60] ^= 255  # in the first image
    path.write_bytes(data)
    found = dict(sources(survey(path).domains[0], range(4)))
    assert isinstance(found[0], Skipped)
    assert "cannot be unpacked (Bad CRC-32" in found[0].reason
    assert all(isinstance(found[row], bytes) for row in (1, 2, 3))


def test_an_encrypted_member_is_refused(tmp_path):
    path = pack(tmp_path / "x.zip", {"a.png": RUST})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert reasons(path) == {"a.png": "it is encrypted"}
