"""Tags: given and taken, kept in a file, found again after another split, and refused where the file is none."""

import json

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.session.gallery import tags as module
from mmap_studio.session.gallery.tags import FILE, Tags, check_kept, checked_tag, names_of, read_tags, write_tags
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage.store import MemoryStore
from tests import projects, tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.dataset.tasks import read_tasks

SOME = Tags().changed("odd", {"art": {"fox/1.png", "fox/2.png"}, "ink": {"cat/0.png"}}, True)


def test_a_tag_is_given_and_taken_and_leaves_nothing_behind():
    assert SOME.names == ("odd",)
    assert SOME.count("odd") == 3
    less = SOME.changed("odd", {"art": {"fox/1.png"}}, False)
    assert less.count("odd") == 2
    assert SOME.count("odd") == 3, "a value, not a place"
    assert less.changed("odd", {"art": {"fox/2.png"}, "ink": {"cat/0.png"}}, False) == Tags()
    assert SOME.changed("Blurred", {"art": {"fox/1.png"}}, True).names == ("Blurred", "odd")
    assert SOME.changed("blurred", {"art": ["fox/1.png"]}, True).on("art", ["fox/1.png", "fox/9.png"]) == (
        ("blurred", "odd"), ()
    )  # fmt: skip


def test_tags_follow_a_task_that_is_renamed():
    assert SOME.renamed({"art": "paintings"}).of["odd"].keys() == {"paintings", "ink"}


def test_tags_of_a_task_whose_name_another_takes_are_kept_beside_its_own():
    assert SOME.renamed({"art": "ink"}).of["odd"] == {"ink": {"fox/1.png", "fox/2.png", "cat/0.png"}}
    swapped = SOME.renamed({"art": "ink", "ink": "art"})
    assert swapped.of["odd"] == {"ink": {"fox/1.png", "fox/2.png"}, "art": {"cat/0.png"}}


def test_which_tags_some_and_all_of_some_images_have():
    tags = SOME.changed("blurred", {"ink": {"cat/0.png", "cat/1.png"}}, True)
    assert tags.shared({"art": {"fox/1.png", "fox/9.png"}, "ink": {"cat/0.png"}}) == (
        ("blurred", True, False), ("odd", True, False)
    )  # fmt: skip
    assert tags.shared({"art": {"fox/1.png"}, "ink": {"cat/0.png"}})[1] == ("odd", True, True)
    assert tags.shared({"art": {"fox/9.png"}}) == (("blurred", False, False), ("odd", False, False))
    assert tags.shared({}) == (("blurred", False, False), ("odd", False, False))


@pytest.mark.parametrize("strange", ["", "x" * 61, "a\x1b[2Jb", "a\u202eb", "\ud800", "   "])
def test_a_tag_of_the_file_that_cannot_be_shown_is_left_out_and_said(tmp_path, strange):
    own = {"odd": {"ink": ["cat/0.png"]}, strange: {"art": ["fox/1.png"]}, "two\twords": {"art": ["fox/1.png"]}}
    (tmp_path / FILE).write_text(json.dumps({"format": 1, "tags": own}))
    said = []
    assert read_tags(tmp_path, said.append).names == ("odd", "two words")
    (sentence,) = said
    assert "has 1 tag of another kind" in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize("name", ["x" * 4097, "", "fox/\udcff.png"])
def test_an_image_whose_name_the_file_does_not_take_is_not_tagged(name):
    with pytest.raises(InputError, match=r"must have a name of 1 to 4,096 letters that UTF-8 can write"):
        check_kept(Tags().changed("odd", {"art": [name]}, True), {"art": [name]})
    check_kept(SOME, SOME.of["odd"])


def test_more_tags_than_the_file_takes_are_refused(tmp_path, monkeypatch):
    names = {"art": [f'fox/{n}\x01é".png' for n in range(50)], "ink": ["日本/0.png"]}
    tags = SOME.changed("Straße", names, True)
    write_tags(tmp_path, tags)
    size = (tmp_path / FILE).stat().st_size
    monkeypatch.setattr(module, "LARGE", 2 * size)
    check_kept(tags, names)
    monkeypatch.setattr(module, "LARGE", size - 1)
    with pytest.raises(InputError, match=r"tags\.json must have at most .* bytes, but would have"):
        check_kept(tags, names)


def test_tags_are_kept_in_the_project_whole(tmp_path):
    assert read_tags(tmp_path) == Tags()
    write_tags(tmp_path, SOME)
    assert read_tags(tmp_path) == SOME
    assert json.loads((tmp_path / FILE).read_text()) == {
        "format": 1, "tags": {"odd": {"art": ["fox/1.png", "fox/2.png"], "ink": ["cat/0.png"]}}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no json", "must be JSON"),
        ("[1]", "cannot be used"),
        ('{"format": 1, "tags": {"odd": ["a"]}}', r"tags\.odd"),
        ('{"format": 2, "tags": {}}', "must have format 1, but has 2; open the project with a newer mmap-studio"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path, text, sentence):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CorruptError, match=sentence) as refused:
        read_tags(tmp_path)
    assert FILE in str(refused.value)


def test_a_link_out_of_the_project_is_not_followed(tmp_path):
    (tmp_path / "other.json").write_text('{"format": 1, "tags": {}}')
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / FILE).symlink_to(tmp_path / "other.json")
    with pytest.raises(StorageError):
        read_tags(folder)


@pytest.mark.parametrize("text", ["", "  ", "x" * 61, "a\x1bb"])
def test_a_tag_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="A tag must be a word or a few"):
        checked_tag(text)
    assert checked_tag("  two \t words ") == "two words"


def test_tags_stay_with_their_images_however_these_are_split(tmp_path):
    project, clip, cached = projects.make(tmp_path), tiny.clip(), Cached(MemoryStore())

    def tasks_of(project):
        walk = Returning(read_tasks(project, clip, cached, 0))
        for _ in walk:
            pass
        return walk.value[0]

    first = tasks_of(project)
    tagged = names_of(first[0], "test")[:2]
    assert all(name.count("/") == 1 and name.endswith(".png") for name in tagged)
    tags = Tags().changed("odd", {"art": tagged}, True)
    (mask,) = tags.masks("odd", first, ("train", "val", "test")).values()
    assert np.flatnonzero(mask).tolist() == [0, 1]
    other = tasks_of(project.with_split(SplitSettings(kind="fraction", fractions=(0.5, 0.25, 0.25), seed=9)))
    found = tags.masks("odd", other, ("train", "val", "test"))
    names = [names_of(other[0], split)[row] for (_, split), mask in found.items() for row in np.flatnonzero(mask)]
    assert sorted(names) == sorted(tagged)


def test_images_without_a_file_are_known_by_their_pixels():
    task = tiny.task("art")
    names = names_of(task, "test")
    assert len(set(names)) == len(names)
    assert all(name.startswith("pixels:") for name in names)
