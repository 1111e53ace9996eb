"""The tags of an open project: written as they are edited, undone with the board, left alone where unreadable."""

import json
import threading
import time

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.board.history import History
from mmap_studio.session.gallery.tags import FILE, Tags, read_tags
from mmap_studio.session.gallery.tags import read_tags as module_read
from mmap_studio.session.studio import image_tags
from mmap_studio.session.studio.image_tags import ImageTags
from mmap_studio.storage import atomic


@pytest.fixture
def tags(tmp_path):
    tags = ImageTags(History())
    assert tags.open(tmp_path) == ""
    return tags


def test_an_edit_is_on_the_disk_and_undone(tags, tmp_path):
    heard = []
    tags.changed.listen(lambda: heard.append(tags.now.names))
    tags.give(" odd ", {"art": ["1.png"]})
    assert tags.settle()
    assert read_tags(tmp_path) == tags.now == Tags().changed("odd", {"art": ["1.png"]}, True)
    tags._history.undo()
    assert tags.settle()
    assert read_tags(tmp_path) == Tags()
    tags._history.redo()
    assert heard == [("odd",), (), ("odd",)]


def test_what_changes_nothing_is_no_step(tags):
    tags.give("odd", {"art": ["1.png"]}, on=False)
    assert tags._history.undo_label is None
    tags.give("odd", {"art": ["1.png"]})
    tags.rename({"ink": "pen"})
    assert tags._history.undo_label == "Tag 1 image 'odd'"


def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path):
    (tmp_path / FILE).write_text("mine")
    tags = ImageTags(History())
    assert "must be JSON" in tags.open(tmp_path)
    with pytest.raises(InputError, match=r"Images cannot be tagged: .*must be JSON"):
        tags.give("odd", {"art": ["1.png"]})
    assert (tmp_path / FILE).read_text() == "mine"


def test_what_the_file_could_not_hold_is_refused_and_nothing_changes(tags, tmp_path):
    with pytest.raises(InputError, match="must have a name of 1 to 4,096 letters"):
        tags.give("odd", {"art": ["x" * 5000]})
    assert tags.now == Tags()
    assert tags.settle()
    assert not (tmp_path / FILE).exists()


def test_a_tag_is_taken_whatever_it_is(tags):
    tags.now = Tags().changed("x" * 100, {"art": ["1.png"]}, True)
    tags.give("x" * 100, {"art": ["1.png"]}, on=False)
    assert tags.now == Tags()


def read_later(tmp_path, monkeypatch, text):
    """Tags of a file that counts as large, and what lets its thread go on."""
    (tmp_path / FILE).write_text(text)
    go_on, read = threading.Event(), image_tags.read_tags

    def waiting(*args):
        assert threading.current_thread() is not threading.main_thread()
        assert go_on.wait(20)
        return read(*args)

    monkeypatch.setattr(image_tags, "read_tags", waiting)
    monkeypatch.setattr(image_tags, "AT_ONCE", 0)
    tags = ImageTags(History())
    assert tags.open(tmp_path) == ""
    return tags, go_on


def until_read(tags):
    said, end = [], time.monotonic() + 20
    while tags._reading is not None and time.monotonic() < end:
        said += tags.told()
        time.sleep(0.01)
    return said


ODD = Tags().changed("odd", {"art": ["1.png"]}, True)


def test_a_large_file_is_read_beside_the_window_and_not_edited_meanwhile(tmp_path, monkeypatch):
    tags, go_on = read_later(tmp_path, monkeypatch, json.dumps(ODD.to_json()))
    heard = []
    tags.changed.listen(lambda: heard.append(tags.now.names))
    assert list(tags.told()) == []
    with pytest.raises(InputError, match="still being read"):
        tags.give("blurred", {"art": ["1.png"]})
    go_on.set()
    assert until_read(tags) == []
    assert tags.now == ODD
    assert heard == [("odd",)]
    tags.give("blurred", {"art": ["1.png"]})
    assert tags.now.names == ("blurred", "odd")
    tags.settle()


def test_a_large_file_that_is_none_is_told_once_it_was_read(tmp_path, monkeypatch):
    tags, go_on = read_later(tmp_path, monkeypatch, "mine")
    go_on.set()
    (sentence,) = until_read(tags)
    assert "must be JSON" in sentence
    with pytest.raises(InputError, match="must be JSON"):
        tags.give("odd", {"art": ["1.png"]})


def test_tasks_that_are_renamed_while_tags_are_read_take_them_along(tmp_path, monkeypatch):
    tags, go_on = read_later(tmp_path, monkeypatch, json.dumps(ODD.to_json()))
    go_on.set()
    tags.rename({"art": "paintings"})
    assert tags.now == ODD.renamed({"art": "paintings"})
    assert tags.settle()
    assert module_read(tmp_path) == tags.now


def test_before_a_project_is_open_nothing_is_tagged():
    with pytest.raises(InputError, match="No project is open"):
        ImageTags(History()).give("odd", {"art": ["1.png"]})


def test_a_write_that_fails_is_told(tags, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "replace", full)
    tags.give("odd", {"art": ["1.png"]})
    tags.settle()
    (sentence,) = tags.told()
    assert sentence.startswith("The tags could not be kept: ")
    assert tags.now.names == ("odd",), "the edit holds"
