from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest

from mmap_studio.session.explore.projection import place_pca
from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.ui.map import panel
from mmap_studio.ui.map.camera import Camera, nearest_point
from mmap_studio.ui.map.colours import PointStyle, Styling, styling
from mmap_studio.ui.map.points import PointPainter, point_size
from mmap_studio.ui.map.texts import describe_point
from mmap_studio.ui.map.view import PLACERS, MapView
from tests.session.explore.test_projection import features

POINTS = np.array([[0.0, 0.0], [2.0, 1.0], [np.nan, 3.0]])


class Later:
    """A background that waits to be told."""

    def __init__(self) -> None:
        self.asked = []

    def __call__(self, work, done, failed, interruptible) -> None:
        self.asked.append((work, done, failed))

    def finish(self, which: int = -1) -> None:
        work, done, _ = self.asked[which]
        done(work())


@pytest.fixture
def view(qtbot) -> MapView:
    view = MapView(Selection())
    qtbot.addWidget(view)
    view.resize(900, 420)
    view.show()
    view.show_features(features())
    return view


def test_fitting_leaves_a_margin_and_keeps_the_aspect():
    camera = Camera.fit(POINTS, 200, 200)
    screen = camera.to_screen(POINTS[:2], 200, 200)
    np.testing.assert_allclose(screen, [[12, 144], [188, 56]])


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.full((2, 2), np.nan), np.zeros((1, 2))])
def test_fitting_nothing_or_one_point_is_finite(points):
    assert np.isfinite([Camera.fit(points, 100, 100).scale, Camera.fit(points, 0, 0).scale]).all()


def test_zooming_keeps_the_place_under_the_mouse():
    camera = Camera(1.0, 2.0, 50.0)
    before = camera.to_screen(POINTS[:1], 300, 200)[0]
    after = camera.zoomed(3.0, before[0] - 150, before[1] - 100).to_screen(POINTS[:1], 300, 200)[0]
    np.testing.assert_allclose(after, before)
    np.testing.assert_allclose(camera.moved(7, -3).to_screen(POINTS[:1], 300, 200)[0], before + np.array([7, -3]))


@pytest.mark.parametrize(("at", "expected"), [((1, 1), 0), ((99, 0), 1), ((50, 50), -1)])
def test_the_nearest_point_within_reach(at, expected):
    assert nearest_point(np.array([[0.0, 0], [100, 0], [np.nan, 5]]), *at, within=5) == expected


def test_colours_by_task_class_and_verdict():
    found = features(8)
    by_class = styling(found, "class", False)
    assert [by_class.styles[n].title for n in by_class.of] == ["cat", "dog"] * 4
    assert styling(found, "task", False).of.tolist() == [0, 0, 1, 1] * 2
    assert {styling(found, "right", True).styles[n].title for n in styling(found, "right", True).of} == {
        "no prediction"
    }
    judged = replace(found, predictions_after=np.zeros(8, dtype=int))
    assert styling(judged, "right", True).of.tolist() == [0, 1] * 4
    assert len({(style.colour, style.shape) for style in styling(found, "right", True).styles}) == 3


def test_a_lasso_selects_the_images_inside_for_everybody(view):
    panel = view.before
    corners = [
        QPoint(2, 2),
        QPoint(panel.width() // 2, 2),
        QPoint(panel.width() // 2, panel.height() - 2),
        QPoint(2, panel.height() - 2),
    ]
    QTest.mousePress(panel, Qt.MouseButton.LeftButton, pos=corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(panel, corner)
    QTest.mouseRelease(panel, Qt.MouseButton.LeftButton, pos=corners[-1])
    expected = panel.on_screen()[:, 0] < panel.width() // 2
    assert 0 < expected.sum() < len(expected)
    np.testing.assert_array_equal(features().selected(view.selection), expected)
    assert view.chip.isVisible()


def test_a_click_picks_one_and_a_click_beside_clears(view):
    at = view.after.on_screen()[3]
    QTest.mouseClick(view.after, Qt.MouseButton.LeftButton, pos=QPoint(round(at[0]), round(at[1])))
    assert len(view.selection) == 1
    QTest.mouseClick(view.after, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert len(view.selection) == 0


def test_both_images_move_together_by_mouse_and_keyboard(view):
    before = view.before.camera
    QTest.keyClick(view.before, Qt.Key.Key_Plus)
    assert view.after.camera.scale == pytest.approx(1.25 * before.scale)
    QTest.keyClick(view.after, Qt.Key.Key_Right)
    assert view.before.camera == view.after.camera != before
    view.all.click()
    assert view.before.camera == before


def test_pointing_shows_the_image_in_both(view):
    view.before.pointed.emit(5)
    assert (view.after.highlight, view.card.isVisible()) == (5, True)
    view.before.pointed.emit(-1)
    assert not view.card.isVisible()


def test_what_a_point_is_in_words():
    found = replace(features(8), predictions_before=np.ones(8, dtype=int), predictions_after=np.zeros(8, dtype=int))
    assert describe_point(found, 0) == "cat\nart, test 0\nbefore: ✗ dog\nafter: ✓ cat"


def test_without_trained_prompts_only_before_is_shown(view):
    view.show_features(replace(features(), after=None, texts_after=None))
    assert (view.before.isVisible(), view.after.isVisible()) == (True, False)


def test_tsne_is_asked_of_the_background_once_and_a_late_answer_for_old_features_is_dropped(qtbot, monkeypatch):
    monkeypatch.setitem(PLACERS, "tsne", lambda found: replace(place_pca(found), method="tsne"))
    later = Later()
    view = MapView(Selection(), background=later)
    qtbot.addWidget(view)
    view.resize(900, 420)
    view.show()
    view.show_features(features(12))
    assert view.note.text() == "Placing 12 images with PCA…"
    later.finish()
    view.method.setCurrentIndex(view.method.findData("tsne"))
    view.method.setCurrentIndex(0)
    view.method.setCurrentIndex(1)
    assert len(later.asked) == 2
    view.show_features(features(16))
    later.finish(1)
    assert view.placement is None
    later.finish(2)
    assert view.placement.method == "tsne"
    assert view.note.text() == "16 test images"


def test_a_failure_is_said_and_may_be_tried_again(qtbot):
    later = Later()
    view = MapView(background=later)
    qtbot.addWidget(view)
    view.show_features(features(12))
    later.asked[0][2](RuntimeError("no memory"))
    assert view.note.text() == "PCA failed: no memory"
    view._place()
    assert len(later.asked) == 2


def test_without_a_background_there_is_no_tsne(view):
    assert view.method.count() == 1


def test_selected_elsewhere_stands_out_here(view):
    mask = np.zeros(20, dtype=bool)
    mask[4] = True
    view.selection.select({("art", "test"): mask}, "picked")
    assert np.flatnonzero(view.before._selected).tolist() == [
        k for k in range(40) if features().image(k) == ImageRef("art", "test", 4)
    ]


def test_nothing_to_show_is_said(qtbot):
    view = MapView()
    qtbot.addWidget(view)
    assert view.note.text() == "No map yet. It comes at the end of the first run."


def test_a_class_that_tasks_read_differently_is_marked_once_and_pointing_shows_the_tasks_own(view):
    found = features()
    texts = np.concatenate([found.texts_before, found.texts_before])
    texts[2:, 1] = 5  # the second task reads both classes elsewhere
    own = replace(
        found, texts_before=texts, texts_after=texts, text_names=("cat", "dog") * 2, text_tasks=np.array([0, 0, 1, 1])
    )
    view.show_features(own)
    places = view.placement.texts_after
    assert view.after._names == ("cat", "dog")
    np.testing.assert_allclose(view.after._texts, (places[:2] + places[2:]) / 2)
    point = int(np.flatnonzero(own.task_of == 1)[0])
    view.after.pointed.emit(point)
    assert view.after._names == ("cat", "dog")
    np.testing.assert_array_equal(view.after._texts, places[2:])
    view.after.pointed.emit(-1)
    np.testing.assert_allclose(view.after._texts, (places[:2] + places[2:]) / 2)


@pytest.mark.parametrize("way", ["key", "mouse", "button"])
def test_all_points_are_seen_again(view, qtbot, way):
    view.fit()
    whole = view.before.camera
    qtbot.keyClick(view.before, Qt.Key.Key_Plus)
    assert view.before.camera != whole
    if way == "key":
        qtbot.keyClick(view.before, Qt.Key.Key_0)
    elif way == "mouse":
        qtbot.mouseDClick(view.before, Qt.MouseButton.LeftButton, pos=QPoint(1, view.before.height() - 2))
    else:
        view.all.click()
    assert view.before.camera == whole


def filled(view: MapView) -> float:
    """The larger share of the panel's width and height that the points take."""
    span = np.nanmax(view.before.on_screen(), 0) - np.nanmin(view.before.on_screen(), 0)
    return max(span / (view.before.width(), view.before.height()))


def test_points_fill_the_image_at_every_size_until_the_person_moves(view, qtbot):
    both = max(filled(view), 0.5)
    view.resize(500, 300)
    qtbot.waitUntil(lambda: view.width() == 500)
    assert filled(view) == pytest.approx(both, abs=0.1)
    QTest.keyClick(view.before, Qt.Key.Key_Plus)
    camera = view.before.camera
    view.resize(900, 420)
    qtbot.waitUntil(lambda: view.width() == 900)
    assert view.before.camera == camera
    view.all.click()
    view.resize(600, 420)
    qtbot.waitUntil(lambda: view.width() == 600)
    assert view.before.camera != camera


@pytest.mark.parametrize("height", [140, 420])
def test_no_point_is_under_the_title(view, qtbot, height):
    view.resize(560, height)
    qtbot.waitUntil(lambda: view.height() == height)
    view.fit()
    assert np.nanmin(view.before.on_screen()[:, 1]) > view.before.title_height()
    assert np.nanmax(view.before.on_screen()[:, 1]) < view.before.height()


def test_no_kind_of_points_lies_on_top_of_all_others(qapp):
    """Two kinds at the same hundred places: each is seen on top somewhere."""
    count = 100
    screen = np.repeat(np.stack([np.arange(count) * 12.0 + 6, np.full(count, 6.0)], 1), 2, axis=0)
    painted = PointPainter()
    painted.show(Styling((PointStyle("a", 0, "disc"), PointStyle("b", 1, "disc")), np.tile([0, 1], count)))
    shown = QImage(count * 12, 12, QImage.Format.Format_RGB32)
    shown.fill(Qt.GlobalColor.white)
    with QPainter(shown) as painter:
        painted.draw(painter, screen, np.ones(2 * count, dtype=bool))
    seen = [shown.pixelColor(n * 12 + 6, 6).name() for n in range(count)]
    inks = [QColor(style.colour).name() for style in painted.styling.styles]
    assert set(seen) == set(inks)
    assert 25 < seen.count(inks[0]) < 75


def test_points_of_thousands_of_classes_are_all_drawn(qapp):
    many = 4000
    painted = PointPainter()
    painted.show(Styling(tuple(PointStyle(str(n), n, "disc") for n in range(many)), np.array([0, many - 1])))
    shown = QImage(100, 40, QImage.Format.Format_ARGB32_Premultiplied)
    shown.fill(Qt.GlobalColor.transparent)
    with QPainter(shown) as painter:
        painted.draw(painter, np.array([[20.0, 20.0], [70.0, 20.0]]), np.ones(2, dtype=bool))
    assert [shown.pixelColor(x, 20).alpha() for x in (20, 70)] == [255, 255]


def test_points_shrink_where_there_are_many_and_stay_seen():
    assert [point_size(n) for n in (1, 500, 8000, 10**7)] == [7, 7, 4, 4]
    assert 4 < point_size(1500) < 7


def test_a_long_class_text_is_cut_where_it_would_leave_the_plot(view, monkeypatch):
    name, written = "a class of trees that " * 8, []
    monkeypatch.setattr(panel, "write", lambda painter, box, text, *more, **other: written.append((box, text)))
    view.after.mark_texts(view.placement.texts_after[:1], [name])
    view.after.grab()
    (box, text), *_ = written
    assert text.startswith("a class")
    assert "…" in text
    assert view.after.rect().contains(box.toAlignedRect())
