"""Search by a text and by an image: cosines of frozen features, from the cache or computed where that is asked for."""

import numpy as np
import pytest
from PIL import Image

from mmap_studio.errors import DataError, InputError
from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.gallery.finding import Found, search_like, search_text
from mmap_studio.storage.store import MemoryStore
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.evaluation import class_text_features, image_features
    from mmap_studio.session.cache.cache import Cached

TEST = ("art", "test")


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


@pytest.fixture(scope="module")
def tasks():
    return tiny.task("art"), tiny.task("ink", seed=1)


@pytest.fixture
def cached():
    return Cached(MemoryStore())


def test_images_are_ranked_by_the_cosine_with_the_text(clip, tasks, cached):
    found = search_text(clip, cached, tasks, ["test"], "  a red   car ", make=True)
    assert found.asked == "“a red car”"
    text = class_text_features(clip, ["a red car"])[0]
    for task in tasks:
        wanted = image_features(clip, task.test) @ text
        np.testing.assert_allclose(found.scores[task.name, "test"], wanted, atol=1e-6)
    ranked = found.ranked()
    scores = [score for _, score in ranked]
    assert len(ranked) == len(found) == 24
    assert scores == sorted(scores, reverse=True)
    assert found.ranked(3) == ranked[:3]
    assert found.score(ranked[0][0]) == scores[0]
    assert found.score(ImageRef("art", "val", 0)) is None


def test_what_has_no_features_is_searched_only_where_they_are_to_be_made(clip, tasks, cached):
    with pytest.raises(InputError, match=r"The test images of 'art', 'ink' have no features yet.*run the project"):
        search_text(clip, cached, tasks, ["test"], "a car")
    told = []
    search_text(clip, cached, tasks[:1], ["test"], "a car", make=True, told=told.append)
    assert told == ["Encoding the 12 test images of art."]
    found = search_text(clip, cached, tasks, ["test", "val"], "a car")
    assert list(found.scores) == [TEST]
    assert found.without == (("ink", "test"), ("art", "val"), ("ink", "val"))


def test_an_image_is_nearest_to_itself(clip, tasks, cached):
    image = ImageRef("ink", "test", 5)
    found = search_like(clip, cached, tasks, ["test"], image, make=True)
    assert found.ranked(1)[0] == (image, pytest.approx(1, abs=1e-5))
    assert found.asked == f"like {tasks[1].class_names[tasks[1].test.labels[5]]} of ink"


def test_an_image_of_another_part_is_looked_for_among_those_shown(clip, tasks, cached):
    search_text(clip, cached, tasks, ["test"], "a car", make=True)  # test has features, validation has none
    found = search_like(clip, cached, tasks, ["test"], ImageRef("art", "val", 2))
    assert {split for _, split in found.scores} == {"test"}
    own = image_features(clip, tasks[0].val)[2]
    np.testing.assert_allclose(found.scores[TEST], image_features(clip, tasks[0].test) @ own, atol=1e-5)


def test_a_file_is_looked_for_and_one_that_is_none_is_refused(clip, tasks, cached, tmp_path):
    Image.fromarray(tasks[0].test.pixels([3])[0]).save(tmp_path / "three.png")
    found = search_like(clip, cached, tasks, ["test"], tmp_path / "three.png", make=True)
    assert found.asked == "like three.png"
    assert found.ranked(1)[0][0] == ImageRef("art", "test", 3)
    (tmp_path / "none.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"none\.png cannot be read: .*; take another image"):
        search_like(clip, cached, tasks, ["test"], tmp_path / "none.png")


@pytest.mark.parametrize("text", ["", "  \n", "x" * 1001])
def test_a_text_that_is_none_is_refused(clip, tasks, cached, text):
    with pytest.raises(InputError, match="must be for words, at most 1000 letters"):
        search_text(clip, cached, tasks, ["test"], text)


def test_a_text_that_the_tower_cannot_read_whole_is_refused(clip, tasks, cached):
    with pytest.raises(InputError, match=r"must be for a text of at most \d+ tokens. Got 90 instead"):
        search_text(clip, cached, tasks, ["test"], "car " * 90)


def test_a_search_heeds_no_stop_of_a_training_that_uses_the_same_towers(clip, tasks, cached):
    def stopped():
        raise AssertionError("the training's stop was asked")

    clip.watch, clip.recompute = stopped, True
    try:
        search_text(clip, cached, tasks, ["test"], "a car", make=True)
        assert clip.watch is stopped
        assert clip.recompute
    finally:
        clip.watch, clip.recompute = (lambda: None), False


def test_without_images_there_is_nothing_to_search(clip, cached):
    with pytest.raises(InputError, match="There are no images to search"):
        search_text(clip, cached, (), ["test"], "a car")
    assert Found("“nothing”").ranked() == []
