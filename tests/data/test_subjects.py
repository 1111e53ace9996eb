"""Which file names say what an image shows: those of the data sets that people have."""

import random

import numpy as np
import pytest

from mmap_studio.data import subjects
from mmap_studio.data.domains import Domain
from mmap_studio.data.file_table import FileTable, ImageFile
from mmap_studio.data.subjects import joined, recurring_stems, subject_names

CLASSES, EACH, WORDS = ("alarm_clock", "cat", "dog"), 20, ("desert", "palm", "stone", "glass", "river")


def domain(name, path, classes=CLASSES, each=EACH):
    """`path(domain, class, number)` of every image; the last folder is its class."""
    paths = [(path(name, kind, number), label) for label, kind in enumerate(classes) for number in range(each)]
    return Domain(name, None, classes, FileTable.of(ImageFile(text, label, 1, 0) for text, label in paths))


def unique(kind, number):
    """A number that no other class has."""
    return len(CLASSES) * number + CLASSES.index(kind)


def shared(path, identity="auto", names=("art", "photo")):
    return len(joined(subject_names([domain(name, path) for name in names], identity)).recurring)


COUNTS = {
    "Office-Home": lambda d, c, n: f"{c}/{n + 1:05d}.jpg",
    "PACS": lambda d, c, n: f"{c}/pic_{n:03d}.jpg",
    "PACS, photo": lambda d, c, n: f"{c}/056_{n:04d}.jpg",
    "Office-31": lambda d, c, n: f"{c}/frame_{n:04d}.jpg",
    "VLCS": lambda d, c, n: f"train/{CLASSES.index(c)}/imgs_{n:06d}.jpg",
    "ImageNet-R": lambda d, c, n: f"{c}/{d}_{n}.jpg",
    "camera": lambda d, c, n: f"{c}/IMG_{1000 + unique(c, n)}.jpg",
    "every tenth": lambda d, c, n: f"{c}/{10 * n:05d}.jpg",
    "class and number": lambda d, c, n: f"{c}/{c}_{n}.png",
    "classes and number": lambda d, c, n: f"{c}/{c.replace('_', '')}s-{n}.png",
    "a word in every class": lambda d, c, n: f"{c}/drawing{n}.png",
    "any word in every class": lambda d, c, n: f"{c}/animal_{n}.png",
    "numbers over all classes": lambda d, c, n: f"{c}/{unique(c, n)}.png",
    "in parts": lambda d, c, n: f"{'train' if n % 2 else 'test'}/{c}/{n // 2}.png",
    "parts of numbered things": lambda d, c, n: f"{'train' if n % 2 else 'test'}/{c}/slide_{n // 2}_A.png",
    "a random choice of a count": lambda d, c, n: f"{c}/{random.Random(d + c).sample(range(1, 99), EACH)[n]:05d}.jpg",
    "the class": lambda d, c, n: f"{c}/{c}.png" if not n else f"{c}/{d}{n}.png",
}
THINGS = {
    "scans": lambda d, c, n: f"{c}/slide_{unique(c, n)}_A.png",
    "scans, from 1 in every class": lambda d, c, n: f"{c}/slide_{n}_A.png",
    "cases": lambda d, c, n: f"{c}/case{unique(c, n):03d}.png",
    "mammograms": lambda d, c, n: f"{c}/P{unique(c, n):04d}_L_CC.png",
    "emoji": lambda d, c, n: f"{c}/{WORDS[n % 5]}-{'abcd'[n // 5] * 2}{CLASSES.index(c)}-island.png",
    "code points": lambda d, c, n: f"{c}/{0x1F300 + 7 * unique(c, n):x}.png",
    "patients": lambda d, c, n: f"{c}/patient_{n // 2}/{n % 2:02d}.png",
    "ImageNet-C": lambda d, c, n: f"{c}/ILSVRC2012_val_{977 * n + CLASSES.index(c):08d}.JPEG",
    "COCO": lambda d, c, n: f"{c}/{(unique(c, n) * 7919 * 3571) % 581929:012d}.jpg",
}


@pytest.mark.parametrize("path", COUNTS.values(), ids=COUNTS)
def test_names_that_count_are_no_subjects(path):
    assert shared(path) == 0


def test_domainnet_names_recur_nowhere():
    path = lambda d, c, n: f"{c}/{d}_001_{n:06d}.jpg"  # noqa: E731
    assert shared(path) == shared(path, "stem") == 0


@pytest.mark.parametrize("path", THINGS.values(), ids=THINGS)
def test_names_of_things_are_subjects(path):
    assert shared(path) == len(CLASSES) * EACH
    assert shared(path, names=("a", "b", "c")) == len(CLASSES) * EACH
    assert shared(path, "none") == 0


def test_every_equal_name_is_a_subject_where_that_is_asked_for():
    numbered = COUNTS["Office-Home"]
    assert shared(numbered, "stem") == len(CLASSES) * EACH
    assert recurring_stems([domain(name, numbered) for name in ("art", "photo")]) == EACH
    in_table = lambda d, c, n: f"rows.parquet/{unique(c, n)}"  # noqa: E731
    assert shared(in_table, "stem") == 0  # the number of a row is no name


def test_a_subject_is_the_same_number_in_every_domain_and_of_whatever_class():
    one = domain("a", THINGS["scans"])
    other = domain("b", lambda d, c, n: THINGS["scans"](d, c, n), CLASSES[::-1])
    ids = joined(subject_names([one, other], "auto")).ids
    by_stem = [{path.rpartition("/")[2]: int(i) for path, i in zip(d.files.paths(), own, strict=True)}
               for d, own in zip((one, other), ids, strict=True)]  # fmt: skip
    assert by_stem[0] == by_stem[1]
    assert len(set(by_stem[0].values())) == len(CLASSES) * EACH


def test_a_few_words_that_recur_by_chance_are_no_subjects():
    """Two of 600 names, and in other classes."""
    one = domain("a", lambda d, c, n: f"{c}/{'sunset' if (c, n) == ('cat', 1) else f'{d}-{c}-{n}-x'}.png", each=200)
    other = domain("b", lambda d, c, n: f"{c}/{'sunset' if (c, n) == ('dog', 2) else f'{d}-{c}-{n}-x'}.png", each=200)
    assert joined(subject_names([one, other], "auto")).recurring == ()
    assert joined(subject_names([one, other], "stem")).recurring == (2,)


def test_the_least_of_many_numbers_is_looked_for_once(monkeypatch):
    """Else a class of ten thousand numbered images takes a hundred million comparisons."""
    asked = []
    monkeypatch.setattr(subjects, "min", lambda *given: asked.append(1) or min(*given), raising=False)
    shared(COUNTS["Office-Home"])
    assert 0 < len(asked) < EACH


def test_one_domain_has_no_subjects_by_name():
    assert subject_names([domain("a", THINGS["scans"])], "auto") == [[None] * len(CLASSES) * EACH]


def test_equal_images_are_one_subject_whatever_they_are_called():
    found = joined([["x", None, None], ["x", None]], [{1: b"same", 2: b"other"}, {1: b"same"}])
    first, second = found.ids
    assert first[0] == second[0]
    assert first[1] == second[1]
    assert len({*first.tolist(), *second.tolist()}) == 3
    assert (found.recurring, found.equal_images) == ((2,), 2)
    assert found.sentence == (
        "1 subject in several tasks (1 in 2) and 2 images equal to another: each subject is in one part everywhere."
    )
    assert joined([[None, None]]).sentence == ""


def test_names_and_equal_images_chain():
    """a = b by name, b = c by pixels: all three are one."""
    ids = joined([["x"], ["x", None]], [{}, {0: b"p", 1: b"p"}]).ids
    assert len(np.unique(np.concatenate(ids))) == 1
