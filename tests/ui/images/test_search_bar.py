"""The gallery's search and tags: nearest images first, Esc, the menu, the filter, and what the window does."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.gallery.tags import Tags, names_of, read_tags
from mmap_studio.ui.images.commands import GalleryCommands
from mmap_studio.ui.images.items import NEAREST
from mmap_studio.ui.images.view import GalleryView
from tests.ui.image_tasks import evaluation, task
from tests.ui.scripted import rest

SCORES = np.array([0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6, 0.5], np.float32)
CAR = Found("“a car”", {("art", "test"): SCORES, ("ink", "test"): SCORES / 2})


@pytest.fixture
def view(qtbot) -> GalleryView:
    view = GalleryView(Selection())
    qtbot.addWidget(view)
    view.show_tasks([task("art"), task("ink")])
    view.show_results({"run": {"art": evaluation((4,)), "ink": evaluation()}})
    view.resize(800, 420)
    view.show()
    return view


def shown(view: GalleryView) -> list[tuple[str, int]]:
    items = view.grid.grid.items
    return [(items.image(place).task, items.image(place).index) for place in range(len(items))]


def test_the_nearest_images_of_all_tasks_come_first_with_their_scores(view):
    view.show_found(CAR)
    assert shown(view)[:6] == [("art", 1), ("art", 3), ("art", 5), ("art", 7), ("art", 8), ("ink", 1)]
    assert view.grid.place() == 0
    assert view.grid.grid.items.caption(0).verdict == ("✓ 0.900", "", "")
    assert "score 0.900" in str(view.grid.grid.items.caption(0))
    assert view.preview.facts["Score"].text() == "0.900"
    assert view.found_chip.isVisible()
    assert view.found_chip.text().startswith("“a car”")
    assert not view.sort.isVisible(), "the order is that of the scores"


def test_filters_hold_in_a_search(view):
    view.show_found(CAR)
    view.open("art", "run", "wrong")
    assert shown(view) == [("art", 4)]


def test_at_most_so_many_images_are_shown(view):
    many = task("art", 300)
    view.show_tasks([many])
    view.show_found(Found("“x”", {("art", "test"): np.linspace(0, 1, 300, dtype=np.float32)}))
    assert len(shown(view)) == NEAREST
    assert shown(view)[0] == ("art", 299)
    assert view.count.text() == "200 of 300"


def test_a_split_that_was_not_searched_says_so(view):
    view.show_found(CAR)
    view.split.setCurrentIndex(view.split.findData("train"))
    assert shown(view) == []
    assert (
        view.empty.text()
        == "The train images have no features yet, so they were not searched for “a car”; choose another split."
    )


def test_other_images_end_a_search(view):
    view.show_found(CAR)
    view.show_tasks([task("art", 4)])
    assert len(shown(view)) == 4
    assert not view.found_chip.isVisible()


def test_return_looks_for_the_text_and_escape_shows_all_again(view, qtbot):
    heard = []
    view.search_wanted.connect(heard.append)
    view.search.setFocus()
    qtbot.keyClicks(view.search, " a car ")
    assert heard == [], "nothing is looked for letter by letter"
    qtbot.keyClick(view.search, Qt.Key.Key_Return)
    assert heard == ["a car"]
    qtbot.keyClick(view.search, Qt.Key.Key_Escape)
    assert heard == ["a car", ""]
    assert view.search.text() == ""
    qtbot.keyClick(view.grid, Qt.Key.Key_Escape)
    assert heard[-1] == ""
    view.found_chip.click()
    assert len(heard) == 4


def test_keys_on_an_image_find_similar_ones_and_tag_it(view, qtbot):
    similar, tagged = [], []
    view.search_wanted.connect(similar.append)
    view.tags_wanted.connect(tagged.append)
    view.grid.go(2)
    qtbot.keyClick(view.grid, Qt.Key.Key_S)
    assert similar == [ImageRef("art", "test", 2)]
    qtbot.keyClick(view.grid, Qt.Key.Key_T)
    assert tagged == [[ImageRef("art", "test", 2)]]
    view._mark([2, 3])
    qtbot.keyClick(view.grid, Qt.Key.Key_T)
    assert tagged[-1] == [ImageRef("art", "test", 2), ImageRef("art", "test", 3)]


def test_tags_filter_and_stand_beside_the_image(view):
    names = names_of(task("art"), "test")
    assert not view.tag.isVisible()
    view.show_tags(Tags().changed("odd", {"art": [names[1], names[3]]}, True))
    assert view.tag.isVisible()
    assert [view.tag.itemText(n) for n in range(view.tag.count())] == ["Any tag", "odd (2)"]
    view.tag.setCurrentIndex(1)
    assert shown(view) == [("art", 1), ("art", 3)]
    view.grid.go(0)
    assert view.preview.facts["Tags"].text() == "odd"
    view.show_found(CAR)
    assert shown(view) == [("art", 1), ("art", 3)]
    view.show_tags(Tags())
    assert not view.tag.isVisible()
    assert len(shown(view)) == 18


def test_the_menu_of_an_image_comes_by_mouse_and_by_key(view, qtbot):
    names, changed = names_of(task("art"), "test"), []
    view.tag_changed.connect(lambda *all_: changed.append(all_))
    view.show_tags(Tags().changed("odd & ends", {"art": [names[1]]}, True))
    view.grid.go(1)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(-1, -1), QPoint(0, 0))
    QApplication.sendEvent(view.grid.viewport(), event)
    (menu,) = view.findChildren(QMenu)
    entries = {one.text().partition("\t")[0]: one for one in menu.actions() if one.text()}
    assert list(entries) == ["&Open", "&Similar images", "&Tag…", "odd && ends"]
    assert entries["odd && ends"].isChecked()
    entries["odd && ends"].trigger()
    menu.close()
    assert changed == [([ImageRef("art", "test", 1)], "odd & ends", False)]


def menu_of(view) -> dict[str, object]:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(-1, -1), QPoint(0, 0))
    QApplication.sendEvent(view.grid.viewport(), event)
    (menu,) = view.findChildren(QMenu)
    return {one.text(): one for one in menu.actions() if one.isCheckable()}


def test_every_tag_of_an_image_is_in_its_menu(view):
    names, tags = names_of(task("art"), "test"), Tags()
    for number in range(30):
        tags = tags.changed(f"tag {number:02}", {"art": [names[1] if number >= 13 else names[2]]}, True)
    view.show_tags(tags)
    view.grid.go(1)
    entries = menu_of(view)
    assert list(entries) == [f"tag {number:02}" for number in range(13, 30)]
    assert all(one.isChecked() for one in entries.values())


def test_a_menu_lists_the_tags_of_these_images_before_others(view):
    names, tags = names_of(task("art"), "test"), Tags()
    for number in range(30):
        tags = tags.changed(f"tag {number:02}", {"art": [names[5]]}, True)
    tags = tags.changed("zebra", {"art": [names[1], names[2]]}, True).changed("some", {"art": [names[2]]}, True)
    view.show_tags(tags)
    view._mark([1, 2])
    view.grid.go(1)
    entries = menu_of(view)
    assert list(entries) == ["some", "zebra", *(f"tag {number:02}" for number in range(10))]
    assert [name for name, one in entries.items() if one.isChecked()] == ["zebra"]


def test_a_menu_for_many_images_does_not_ask_for_the_tags_of_each(view, monkeypatch):
    view.show_tags(Tags().changed("odd", {"art": names_of(task("art"), "test")}, True))
    view._mark(range(9))
    view.grid.go(1)
    asked, on = [], Tags.on
    monkeypatch.setattr(Tags, "on", lambda tags, task, names: asked.append(names) or on(tags, task, names))
    assert [one.isChecked() for one in menu_of(view).values()] == [True]
    assert len(asked) <= 1, "the preview's image alone"


class Later:
    """A runner whose one work ends when the test says so."""

    def run(self, work, done, failed):
        self.end, self.dropped = lambda: done(work()), False
        return lambda: setattr(self, "dropped", True)


def test_a_search_under_way_is_of_no_use_for_other_images(view):
    later = Later()
    tags = SimpleNamespace(changed=SimpleNamespace(listen=lambda heard: None), now=Tags())
    studio = SimpleNamespace(tags=tags, finding=lambda what: lambda: CAR)
    commands = GalleryCommands(studio, view, later, lambda said: None, lambda part: None, view)
    commands.search("a car")
    assert not later.dropped
    view.show_tasks([task("art", 4)])
    assert later.dropped
    commands.search("a car")
    later.end()
    assert view.found_chip.isVisible()


def test_the_window_searches_in_the_background_and_says_what_cannot_be(make, qtbot):
    window = make()
    rest(qtbot, window)
    gallery = window.views.gallery
    window.registry["search_images"].trigger()
    assert window.focusWidget() is gallery.search
    gallery.search.setText("a car")
    qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: gallery.grid.grid.items.scores is not None)
    assert window.studio.engine.sought == ["a car"]
    assert gallery.grid.grid.items.image(0).index == 8
    gallery.search.setText("nothing")
    qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "no features yet" in window.status.note.text())
    assert gallery.grid.grid.items.scores is None
    assert not gallery.found_chip.isVisible()


def test_tags_of_the_window_are_kept_and_undone(make, qtbot, monkeypatch):
    window = make()
    rest(qtbot, window)
    gallery, studio = window.views.gallery, window.studio
    image = gallery.grid.grid.items.image(0)
    monkeypatch.setattr("mmap_studio.ui.images.commands.ask_text", lambda *_: " odd ")
    gallery.tags_wanted.emit([image])
    assert studio.tags.now.names == ("odd",)
    assert gallery.tag.isVisibleTo(gallery)
    studio.tags.settle()
    assert read_tags(studio.project.folder) == studio.tags.now
    assert studio.board.history.undo_label == "Tag 1 image 'odd'"
    window.registry["undo"].trigger()
    studio.tags.settle()
    assert read_tags(studio.project.folder) == Tags()
    window.registry["redo"].trigger()
    assert studio.tags.now.names == ("odd",)
    gallery.tag_changed.emit([image], "x" * 100, True)
    assert "A tag must be a word or a few" in window.status.note.text()
