import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt

from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.ui.images.items import Caption
from mmap_studio.ui.images.thumbnails import Thumbnails, to_pixmap
from mmap_studio.ui.images.view import GalleryView
from tests.ui.image_tasks import CLASSES, Plain, evaluation, task


@pytest.fixture
def view(qtbot) -> GalleryView:
    view = GalleryView(Selection())
    qtbot.addWidget(view)
    view.show_tasks([task("art"), task("ink")])
    view.show_results({"zero_shot": {"art": evaluation((0, 1))}, "run": {"art": evaluation((4,)), "ink": evaluation()}})
    view.resize(800, 420)
    view.show()
    return view


def shown(view: GalleryView) -> list[ImageRef]:
    items = view.grid.grid.items
    return [items.image(place) for place in range(len(items))]


def art(*indices: int) -> list[ImageRef]:
    return [ImageRef("art", "test", index) for index in indices]


def test_opening_a_task_shows_what_a_method_got_wrong(view):
    view.open("art", "zero_shot", "wrong")
    assert shown(view) == art(0, 1)
    assert view.count.text() == "2 of 9"


def test_class_and_confidence_narrow_it_further(view):
    view.open("art", "run")
    view.label.setCurrentIndex(view.label.findText("cat"))
    assert shown(view) == art(1, 4, 7)
    view.band.setCurrentText("50 to 90 %")
    assert shown(view) == art(4, 7)


def test_long_names_of_classes_stay_apart_below_the_images_and_the_confidence_is_whole(view):
    names = tuple(f"a flower of the genus Rosa, number {n} in the book" for n in range(3))
    cells = [Caption("art", "test", 0, names[n], names[(n + 1) % 3], 0.43, names=names) for n in range(3)]
    lines = [view.grid.itemDelegate().caption_lines(one, 90) for one in cells]
    assert len({truth for truth, _ in lines}) == len({verdict for _, verdict in lines}) == 3
    assert all(verdict.startswith("✗ ") and verdict.endswith(" 43 %") for _, verdict in lines)
    right = Caption("art", "test", 0, "9", "9", 0.98, names=("9", "8"))
    assert view.grid.itemDelegate().caption_lines(right, 90) == ("9", "✓ 98 %")


def test_all_tasks_come_one_after_the_other(view):
    assert [image.task for image in shown(view)] == ["art"] * 9 + ["ink"] * 9


def test_a_split_without_a_judgement_says_so(view):
    view.open("art", "run")
    view.split.setCurrentIndex(view.split.findData("train"))
    view.which.setCurrentIndex(view.which.findData("wrong"))
    assert "No predictions for these images" in view.empty.text()
    assert view.empty.isVisible()


def test_mistakes_on_validation_images_are_shown_while_a_training_goes_on(view):
    view.open("art", "run", "wrong")
    view.split.setCurrentIndex(view.split.findData("val"))
    assert shown(view) == []
    sure = np.full(3, 0.5, np.float32)
    view.show_validated({"art": (np.array([0, 2, 2]), sure)}, 1)
    assert shown(view) == [ImageRef("art", "val", 1)]
    assert view.count.text() == "1 of 3 · epoch 1"
    view.show_validated({"art": (np.array([1, 2, 2]), sure)}, 2)
    assert shown(view) == [ImageRef("art", "val", 0), ImageRef("art", "val", 1)]
    assert view.count.text() == "2 of 3 · epoch 2"
    view.show_validated({"ink": (np.array([1, 2, 2]), sure)}, 1)
    assert len(shown(view)) == 2
    view.split.setCurrentIndex(view.split.findData("test"))
    assert "epoch" not in view.count.text()


def test_a_selection_made_elsewhere_is_shown_and_its_chip_clears_it(view):
    view.open("ink", "run")
    view.selection.select({("art", "test"): [k in (2, 5) for k in range(9)]}, "art: dog, right")
    assert shown(view) == art(2, 5)
    assert view.chip.isVisible()
    assert view.chip.text().startswith("art: dog, right · 2")
    view.chip.click()
    assert len(view.selection) == 0
    assert view.which.currentData() == "all"


def test_marking_with_space_ctrl_and_shift(view, qtbot):
    view.open("art", "run")
    view.grid.go(1)
    qtbot.keyClick(view.grid, Qt.Key.Key_Space)
    assert list(view.selection) == art(1)
    qtbot.keyClick(view.grid, Qt.Key.Key_Space)
    assert list(view.selection) == []
    for place, modifier in ((0, Qt.KeyboardModifier.ControlModifier), (2, Qt.KeyboardModifier.ShiftModifier)):
        at = view.grid.visualRect(view.grid.grid.at(place)).center()
        qtbot.mouseClick(view.grid.viewport(), Qt.MouseButton.LeftButton, modifier, at)
    assert list(view.selection) == art(0, 1, 2)
    assert len(shown(view)) == 9, "marking must not throw the user out of what they look at"


def test_select_shown_takes_the_filter(view):
    view.open("art", "zero_shot", "wrong")
    view.choose_all.click()
    assert list(view.selection) == art(0, 1)


@pytest.mark.parametrize(
    ("keys", "place"),
    [("R", 1), ("RRR", 3), ("E", 8), ("ER", 8), ("EH", 0), ("L", 0)],
)
def test_arrows_walk_through_the_images_across_the_rows(view, qtbot, keys, place):
    view.open("art", "run")
    view.grid.setFixedWidth(2 * 100 + 30)
    view.grid.go(0)
    names = {"R": Qt.Key.Key_Right, "L": Qt.Key.Key_Left, "E": Qt.Key.Key_End, "H": Qt.Key.Key_Home}
    for key in keys:
        qtbot.keyClick(view.grid, names[key])
    assert view.grid.place() == place


def test_the_preview_tells_what_is_known(view):
    view.open("art", "run")
    view.grid.go(4)
    facts = {name: label.text() for name, label in view.preview.facts.items() if label.isVisible()}
    assert facts == {"Truth": "cat", "Predicted": "✗ dog", "Confidence": "50.0 %", "Task": "art", "Image": "4 of test"}


def test_enter_opens_the_image(view, qtbot):
    view.open("art", "run")
    view.grid.go(3)
    with qtbot.waitSignal(view.opened) as heard:
        qtbot.keyClick(view.grid, Qt.Key.Key_Return)
    assert heard.args == [ImageRef("art", "test", 3)]


def test_resizing_keeps_the_current_image(view):
    view.open("art", "run")
    view.grid.go(5)
    view.side.setValue(160)
    assert view.grid.place() == 5
    view.resize(400, 420)
    assert view.grid.place() == 5


def test_a_hundred_thousand_images_are_only_counted(qtbot):
    view = GalleryView(Selection())
    qtbot.addWidget(view)
    view.show_tasks([task("big", 100_000)])
    view.resize(800, 420)
    view.show()
    view.grid.verticalScrollBar().setValue(view.grid.verticalScrollBar().maximum())
    view.grid.grab()
    qtbot.waitUntil(lambda: not view.thumbnails._waiting)
    assert view.grid.indexAt(view.grid.viewport().rect().topLeft()).row() > 10_000
    assert 0 < len(view.thumbnails._kept) < 400


def test_images_arrive_later_and_the_oldest_leave(qtbot):
    bytes_each = 4 * 8 * 8
    thumbnails = Thumbnails(limit=3 * bytes_each)
    thumbnails.show_tasks([task("art")])
    images = art(0, 1, 2, 3, 4)
    with qtbot.waitSignal(thumbnails.arrived):
        assert [thumbnails.get(image) for image in images] == [None] * 5
    assert thumbnails.bytes == 3 * bytes_each
    assert thumbnails.get(images[0]) is not None, "the newest requests are read first, so the last read is the oldest"
    assert thumbnails.get(images[0]).toImage().pixelColor(0, 0).red() == 0
    thumbnails.show_tasks([])


def test_the_image_is_that_of_its_index(qtbot):
    thumbnails = Thumbnails()
    thumbnails.show_tasks([task("art")])
    with qtbot.waitSignal(thumbnails.arrived):
        thumbnails.get(art(7)[0])
    assert thumbnails.get(art(7)[0]).toImage().pixelColor(3, 3).red() == 7


def test_large_images_are_kept_small(qtbot):
    assert to_pixmap(Plain().pixels([1])[0].repeat(100, 0).repeat(100, 1), 320).size() == QSize(320, 320)


def test_every_cell_says_truth_and_prediction_in_words(view):
    view.open("art", "run")
    said = view.grid.grid.at(4).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == f"art, test 4: {CLASSES[1]}, predicted dog, wrong with 50 %"


@pytest.mark.parametrize("height", [110, 180, 300, 420])
def test_no_row_is_cut_at_the_bottom_however_low_the_view_is(view, qtbot, height):
    view.open("art", "run")
    view.grid.setFixedHeight(height)
    qtbot.waitUntil(lambda: view.grid.height() == height)
    grid, room = view.grid, view.grid.viewport().height()
    row = grid.rowHeight(0)
    assert room % row < room // row  # what whole pixels leave
    assert grid.drawn_side() + grid._beside() <= row
    assert grid.side / 2 < grid.drawn_side() <= grid.side
