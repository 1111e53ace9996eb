"""Equal images: found by bytes before an image is opened, by pixels after."""

import shutil

import numpy as np

from mmap_studio.data.images import equal
from mmap_studio.data.images.equal import equal_files, equal_pixels
from mmap_studio.data.survey import survey
from tests.data import drawn


def grown(tmp_path):
    """Two domains of two classes; one image of the first is in the second under another name, and twice in its own."""
    for at, domain in enumerate(("art", "photo")):
        for label, kind in enumerate(("cat", "dog")):
            for number in range(4):
                drawn.write(tmp_path / "set" / domain / kind / f"{number}.png", drawn.noise(at, label, number))
    first = tmp_path / "set/art/cat/0.png"
    for copy in ("art/dog/again.png", "photo/cat/other.png"):
        shutil.copy(first, tmp_path / "set" / copy)
    (tmp_path / "set/photo/dog/same size.png").write_bytes(bytes(first.stat().st_size))  # and nothing else
    return tmp_path / "set"


def names(domains, found):
    return {domain.files.path(row) for domain, own in zip(domains, found, strict=True) for row in own}


COPIES = {"cat/0.png", "dog/again.png", "cat/other.png"}


def test_files_of_equal_bytes_are_found_in_all_domains(tmp_path):
    domains = survey(grown(tmp_path)).domains
    found = equal_files(domains)
    assert names(domains, found) == COPIES
    assert len({digest for own in found for digest in own.values()}) == 1


def test_in_an_archive_too(tmp_path):
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", grown(tmp_path))
    domains = survey(packed).domains
    assert {name.rpartition("/")[2] for name in names(domains, equal_files(domains))} == {
        "0.png",
        "again.png",
        "other.png",
    }


def test_what_would_take_long_is_left_to_the_first_run(tmp_path, monkeypatch):
    domains = survey(grown(tmp_path)).domains
    monkeypatch.setattr(equal, "MOST", 2)
    assert equal_files(domains) == [{}, {}]


def test_a_file_that_went_meanwhile_is_equal_to_none(tmp_path):
    root = grown(tmp_path)
    domains = survey(root).domains
    (root / "art/dog/again.png").unlink()
    assert names(domains, equal_files(domains)) == COPIES - {"dog/again.png"}


def test_images_of_equal_pixels_are_found_and_unreadable_ones_are_equal_to_none():
    hashes = np.zeros((4, 32), np.uint8)
    hashes[1:3] = 7
    others = np.full((2, 32), 9, np.uint8)
    others[1] = 7
    found = equal_pixels([hashes, others], [[0, 3], []])
    assert found == [{1: bytes([7] * 32), 2: bytes([7] * 32)}, {1: bytes([7] * 32)}]
    assert equal_pixels([], []) == []
