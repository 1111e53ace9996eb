"""Paths that mean harm or trouble: nothing outside the root is read, nothing hangs."""

import os
import socket

import pytest

from mmap_studio.data.folders import survey_folders
from mmap_studio.data.names import clean_class_name
from mmap_studio.formatting import shown, some
from tests.data.trees import domain, grow

BASE = [*domain("Art"), *domain("Clip")]
ODD_NAMES = [
    "CON", "aux.h", "a b", " leading", "trailing ", "tab\tname", "new\nline", "quote'\"", "back\\slash", "semi;colon",
    "$(touch x)", "%s{}", "-rf", "--help", "*?", "emoji🦊",
    "الكلب", "\u202ereversed", "e\u0301", "é", "zero\u200bwidth",
    "a..b", "x" * 255, "犬", "\x7fdel", "<b>", "'; DROP", "~root", "C:", "nul", "🏴\U000e0067\U000e007f",
]  # fmt: skip


def paths_of(found):
    return {str(p) for d in found.domains for p in d.paths}


def reasons(found):
    return {s.path: s.reason for s in found.skipped}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_read_as_they_are_and_shown_safely(name, tmp_path):
    grow(tmp_path, [f"Art/{name}/0.jpg", "Art/other/0.jpg", f"Art/other/{name[:200]}.png", "Art/bare/"])
    found = survey_folders(tmp_path)
    assert set(found.domains[0].classes) == {name, "other"}
    assert paths_of(found) == {
        str(tmp_path / p) for p in (f"Art/{name}/0.jpg", "Art/other/0.jpg", f"Art/other/{name[:200]}.png")
    }
    assert all(os.path.exists(path) for path in paths_of(found))
    assert len(found.domains[0].fingerprint) == 64
    assert shown(name).isprintable()


def test_the_same_name_in_nfc_and_nfd_is_two_folders_and_one_name(tmp_path):
    grow(tmp_path, domain("Art", ("caf\u00e9", "cafe\u0301", "dog")))
    classes = survey_folders(tmp_path).domains[0].classes
    assert len(classes) == 3
    assert len({clean_class_name(name) for name in classes}) == 2
    grow(tmp_path, domain("Clip", ("caf\u00e9", "dog")))
    assert not any("only in some" in notice for notice in survey_folders(tmp_path).notices)


def test_a_name_of_another_encoding_is_left_out(tmp_path):
    grow(tmp_path, BASE)
    try:
        os.mkdir(os.fsencode(tmp_path / "Art") + b"/caf\xe9")
        open(os.fsencode(tmp_path / "Art/cat") + b"/\xff.jpg", "w").close()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    found = survey_folders(tmp_path)
    assert set(reasons(found).values()) == {"its name is not valid Unicode"}
    assert all(notice.isprintable() for notice in found.notices)
    assert found.domains[0].classes == ("cat", "dog")


OUTSIDE = "the link leaves the folder that was opened"
CIRCLE = "the link leads to a folder that contains it"
NOWHERE = "the link leads nowhere"


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("Art/cat/x.jpg -> ../../../outside/secret.jpg", OUTSIDE),
        ("Art/cat/x.jpg -> ../../../root-2/secret.jpg", OUTSIDE),
        ("Art/cat/x.jpg -> /etc/passwd", OUTSIDE),
        ("Art/bird -> ../../outside", OUTSIDE),
        ("Art/bird -> /", OUTSIDE),
        ("Real -> ../outside", OUTSIDE),
        ("Real -> ..", OUTSIDE),
        ("Art/cat/loop -> .", CIRCLE),
        ("Art/loop -> ..", CIRCLE),
        ("Art/loop -> ../Art", CIRCLE),
        ("loop -> .", CIRCLE),
        ("loop -> ../root", CIRCLE),
        ("Art/cat/x.jpg -> x.jpg", NOWHERE),
        ("Art/cat/x.jpg -> gone.jpg", NOWHERE),
        ("Real -> gone", NOWHERE),
    ],
)
def test_links_out_in_circles_and_to_nowhere_are_left_out(link, reason, tmp_path):
    grow(tmp_path / "outside", ["secret.jpg", *domain("")])
    grow(tmp_path / "root-2", ["secret.jpg"])
    root = grow(tmp_path / "root", BASE)
    plain = paths_of(survey_folders(root))
    grow(root, [link])
    found = survey_folders(root)
    assert reasons(found) == {link.partition(" -> ")[0]: reason}
    assert paths_of(found) == plain


def test_two_folders_that_link_to_each_other_end(tmp_path):
    root = grow(tmp_path / "root", [*BASE, "Art/to -> ../Clip", "Clip/to -> ../Art"])
    found = survey_folders(root)
    assert [d.classes for d in found.domains] == [("cat", "dog"), ("cat", "dog")]


def test_links_that_stay_inside_are_followed(tmp_path):
    root = grow(tmp_path / "root", [*BASE, "Art/cat/again.jpg -> 0.jpg", "Art/wolf -> ../Clip/dog", "Real -> Clip"])
    found = survey_folders(root)
    assert [d.name for d in found.domains] == ["Art", "Clip", "Real"]
    assert found.domains[0].classes == ("cat", "dog", "wolf")
    assert "cat/again.jpg" in {f.path for f in found.domains[0].files}


def test_a_root_may_be_a_link(tmp_path):
    grow(tmp_path / "real", BASE)
    (tmp_path / "link").symlink_to("real")
    found = survey_folders(tmp_path / "link")
    assert found.root == tmp_path / "real"
    assert len(found.domains) == 2


def test_special_files_are_left_out_without_being_opened(tmp_path):
    grow(tmp_path, BASE)
    os.mkfifo(tmp_path / "Art/cat/fifo.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "Art/cat/s.jpg"))
        found = survey_folders(tmp_path)
    assert reasons(found) == {f"Art/cat/{name}.jpg": "it is not a regular file" for name in ("fifo", "s")}


def test_a_folder_that_cannot_be_read_is_listed(tmp_path, monkeypatch):
    grow(tmp_path, BASE)
    real = os.scandir

    def deny(path):
        if str(path).endswith("Art/cat"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("os.scandir", deny)
    found = survey_folders(tmp_path)
    assert reasons(found) == {"Art/cat": "the folder cannot be read (Permission denied)"}
    assert [d.name for d in found.domains] == ["Clip"]


def test_names_in_sentences_are_cut_short_and_escaped():
    assert some(["a", "b"]) == "'a', 'b'"
    assert some(list("abcdefg")) == "'a', 'b', 'c', 'd', 'e' and 2 more"
    assert shown("a\nb\x1b[31m\u202e\udcff🦊") == r"'a\nb\x1b[31m\u202e\udcff🦊'"
