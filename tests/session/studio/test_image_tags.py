"""The tags of an open project: written as they are edited, undone with the board, left alone where unreadable."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.board.history import History
from mmap_studio.session.gallery.tags import FILE, Tags, read_tags
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
