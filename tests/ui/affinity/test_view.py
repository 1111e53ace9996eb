"""The heatmap in the window: pixels, words, keys, replay."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mmap_studio.method.affinity.meter import AffinityEstimate, AffinityMeter
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.ui.affinity import controls
from mmap_studio.ui.affinity.plot import HeatmapPlot
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.export import figures
from mmap_studio.ui.kit import theme

TASKS = ("art", "clipart", "photo", "scan")
MEAN = np.array([[1.0, 0.6, -0.4, 0.0], [0.5, 1.0, -0.3, 0.2], [-0.2, 0.1, 1.0, 0.7], [0.3, -0.5, 0.8, 1.0]])
Key = Qt.Key
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(qtbot):
    made = HeatmapView()
    qtbot.addWidget(made)
    made.resize(560, 480)
    made.header.scale.choose("raw")
    for n in range(2, 8):
        made.append(estimate(n), 10 * n, 100)
    made.show()
    qtbot.waitUntil(lambda: not made._pace.isActive())  # what comes next is drawn at once
    qtbot.waitExposed(made)
    QTest.qWait(1)
    return made


def estimate(times: int, hole: bool = False, tasks: tuple[str, ...] = TASKS) -> AffinityEstimate:
    """`times` measurements around MEAN; the last is off by 0.01 * times."""
    meter = AffinityMeter(tasks)
    values = np.resize(MEAN, (len(tasks), len(tasks)))
    if hole:
        values = values.copy()
        values[0, 1] = np.nan
    for time in range(times):
        meter.update(values + 0.01 * (-1) ** time * (time + 1))
    return meter.snapshot()


def spot(view: HeatmapView, row: int, column: int, dx: float = 0.5, dy: float = 0.5) -> QPointF:
    scene = view.plot.plot.getViewBox().mapViewToScene(QPointF(column + dx, row + dy))
    return QPointF(view.plot.mapFromScene(scene))


def colour(view: HeatmapView, row: int, column: int) -> QColor:
    """Of a cell, away from its text."""
    place = spot(view, row, column, 0.5, 0.15)
    return view.plot.viewport().grab().toImage().pixelColor(place.toPoint())


def test_cells_have_the_colour_of_their_value(view: HeatmapView) -> None:
    assert view.plot.reach == pytest.approx(0.8)
    strong, weak, against = colour(view, 3, 2), colour(view, 3, 0), colour(view, 3, 1)
    assert strong.blue() < weak.blue() < 255  # towards ochre
    assert against.blue() > against.red() + 40  # blue
    wanted = view.plot.colour_map.map((0.8 / 0.8 + 1) / 2, mode="qcolor")
    assert abs(strong.red() - wanted.red()) + abs(strong.blue() - wanted.blue()) < 24
    assert colour(view, 1, 1).name() == theme.current().line  # the diagonal is no affinity


def test_text_is_dark_on_light_cells(view: HeatmapView) -> None:
    assert view.plot.cells.dark[0, 3]  # white cell
    assert view.plot.cells.digits == 2


def test_unmeasured_cells_are_hatched(view: HeatmapView) -> None:
    view.clear()
    view.append(estimate(5, hole=True), 1)
    assert view.shown.hatched[0, 1]
    assert not view.shown.hatched[1, 0]
    view.plot.point(0, 1)
    assert "not measured" in view.footer.value.text()
    grab = view.plot.viewport().grab().toImage()
    line = spot(view, 0, 1, 0.1, 0.25).toPoint().y()
    reach = range(spot(view, 0, 1, 0.1).toPoint().x(), spot(view, 0, 1, 0.9).toPoint().x())
    assert len({grab.pixelColor(x, line).name() for x in reach}) > 1
    plain = range(spot(view, 1, 0, 0.1).toPoint().x(), spot(view, 1, 0, 0.9).toPoint().x())
    line = spot(view, 1, 0, 0.1, 0.25).toPoint().y()
    assert len({grab.pixelColor(x, line).name() for x in plain}) == 1


def test_axes_say_what_they_are(view: HeatmapView) -> None:
    assert "source" in view.plot.rows.title
    assert "recipient" in view.plot.columns.title
    assert tuple(view.plot.rows.names) == tuple(view.plot.columns.names) == TASKS


def test_pointing_with_the_mouse(view: HeatmapView) -> None:
    heard = []
    view.hovered.connect(lambda source, recipient: heard.append((source, recipient)))
    QTest.mouseMove(view.plot.viewport(), spot(view, 3, 2).toPoint())
    view.plot.point(*view.plot.cell_at(spot(view, 3, 2)))
    assert heard == [("scan", "photo")]
    assert view.footer.words.text() == "scan → photo"
    assert "0.81 ± " in view.footer.value.text()
    assert "n = 7" in view.footer.value.text()
    assert "scan → photo" in view.plot.toolTip()
    assert (view.plot.rows.lit, view.plot.columns.lit) == ((3,), (2,))
    view.plot.point(-1, -1)
    assert heard[-1] == ("", "")
    assert view.plot.cell_at(QPointF(1, 1)) == (-1, -1)


def test_pointing_with_the_keyboard(view: HeatmapView) -> None:
    heard = []
    view.hovered.connect(lambda *cell: heard.append(cell))
    view.plot.setFocus()
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Down, Key.Key_Left, Key.Key_Left, Key.Key_Up, Key.Key_Up):
        QTest.keyClick(view.plot, key)
    assert heard == [("art", "art"), ("art", "clipart"), ("clipart", "clipart"), ("clipart", "art"), ("art", "art")]
    QTest.keyClick(view.plot, Key.Key_Escape)
    assert heard[-1] == ("", "")


def test_light_from_the_board(view: HeatmapView) -> None:
    view.light(["photo"])
    assert view.plot.cells.lit == (2,)
    assert view.plot.rows.lit == view.plot.columns.lit == (2,)
    view.header.order.choose("name")
    view.light(["art", "none such"])
    assert view.plot.cells.lit == (0,)
    view.light([])
    assert view.plot.cells.lit == ()


def test_choices(view: HeatmapView) -> None:
    view.header.kind.choose("latest")
    assert view.shown.values[0, 1] == pytest.approx(0.6 + 0.07)
    view.header.kind.choose("mean")
    assert view.shown.values[0, 1] == pytest.approx(0.6 + 0.04 / 7)
    view.header.scale.choose("normalised")
    assert view.shown.values[1, 0] == pytest.approx((0.5 + 0.04 / 7) / (1 + 0.04 / 7))
    view.set_grouping(Grouping.of([["scan", "art"], ["photo", "clipart"]]))
    assert view.shown.tasks == ("scan", "art", "photo", "clipart")
    assert view.shown.groups.tolist() == [0, 0, 1, 1]
    view.header.order.choose("name")
    assert view.shown.tasks == TASKS
    assert view.header.order.text() == "by name ▾"


def test_groups_without_evidence_are_dashed_and_said_so(view: HeatmapView) -> None:
    groups = Grouping.of([["scan", "art"], ["photo", "clipart"]])
    view.set_grouping(groups, certain=False)
    assert "groups without evidence" in view.sentence
    assert "no evidence" in view.plot.toolTip()
    dashed = view.plot.grab().toImage()
    view.set_grouping(groups)
    assert "evidence" not in view.sentence + view.plot.toolTip()
    assert view.plot.grab().toImage() != dashed


def test_how_it_was_measured(view: HeatmapView) -> None:
    assert view.header.measured.isHidden()
    view.set_measured("first_order")
    assert view.header.measured.text() == "first-order ▾"
    assert not view.header.measured.isHidden()


def test_seeking(view: HeatmapView) -> None:
    assert view.footer.step.text() == "step 70 / 100"
    view.footer.slider.setValue(0)
    assert view.footer.step.text() == "step 20 / 100"
    assert view.shown.counts[0, 1] == 2
    view.append(estimate(8), 80, 100)  # who looks back is not pulled forward
    view.draw()
    assert view.shown.counts[0, 1] == 2
    view.footer.slider.setValue(6)
    view.append(estimate(9), 90, 100)
    view.draw()
    assert view.shown.counts[0, 1] == 9


def test_replay_runs_from_the_start_to_the_end_and_stops(view: HeatmapView, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(controls, "LASTS", 0)  # as fast as can be
    frames = []
    view.footer.sought.connect(frames.append)
    QTest.mouseClick(view.footer.play, Qt.MouseButton.LeftButton)
    assert view.footer.playing
    qtbot.waitUntil(lambda: not view.footer.playing, timeout=4000)
    assert frames == [0, 1, 2, 3, 4, 5]
    assert view.footer.play.text() == "▶"
    view.footer.play.setChecked(True)
    view.hide()
    assert not view.footer.playing


def test_a_replay_is_neither_a_blink_nor_a_long_wait_and_its_button_stays_where_it_is(view: HeatmapView) -> None:
    footer = view.footer
    for frames, seconds in ((5, 1.5), (50, 3), (2000, 6)):
        footer.show_frames(frames, 0)
        steps = -(-(frames - 1) // max(1, (frames - 1) // controls.LONGEST))
        assert 0.9 * seconds <= steps * footer.beat / 1000 <= 1.1 * seconds
    places = set()
    for step in (9, 10):
        footer.show_step(step, 25)
        QTest.qWait(1)
        places.add(footer.play.x())
    assert len(places) == 1


def test_a_name_that_is_lit_stays_whole(view: HeatmapView) -> None:
    long = ("High contrast", "Fluent flat")
    view.clear()
    view.append(estimate(1, tasks=long), 1)
    view.draw()
    view.light(long)
    view.plot.settle()
    view.grab()
    assert set(view.plot.rows._elided.values()) == set(long)


def test_live_updates_are_throttled(view: HeatmapView, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    show = view._show
    monkeypatch.setattr(view, "_show", lambda one, last: (drawn.append(one), show(one, last)))
    for n in range(8, 40):
        view.append(estimate(n), 10 * n)
    assert len(drawn) == 1
    qtbot.waitUntil(lambda: len(drawn) == 2)
    assert drawn[-1].count[0, 1] == 39  # the newest is never lost
    QTest.qWait(160)
    assert len(drawn) == 2
    assert not view._pace.isActive()


def test_empty_says_what_will_come(view: HeatmapView) -> None:
    view.clear()
    assert not view.empty.isHidden()
    assert view.plot.isHidden()
    assert view.shown is None


def test_many_tasks_have_no_text_but_a_tooltip(view: HeatmapView) -> None:
    tasks = tuple(f"a task with a long name {i}" for i in range(64))
    view.append(estimate(3, tasks=tasks), 1)
    view.draw()
    view.plot.point(5, 6)
    assert "a task with a long name 5 → a task with a long name 6" in view.plot.toolTip()
    assert view.plot.rows.minimumWidth() < 180


@pytest.mark.parametrize("name", ["light", "dark"])
def test_themes(view: HeatmapView, name: theme.Choice) -> None:
    before = theme.choice()
    theme.apply(name)
    corner = view.plot.viewport().grab().toImage().pixelColor(2, 2)
    assert corner.name() == theme.current().panel
    theme.apply(before)


def test_in_a_narrow_panel_the_player_goes_under_the_words_and_the_names_give_way_not_the_value(view, qtbot) -> None:
    footer = view.footer
    view.plot.point(3, 2)
    assert footer.slider.y() < footer.words.geometry().bottom()
    view.resize(200, view.height())
    qtbot.waitUntil(lambda: footer.slider.y() > footer.words.geometry().bottom())
    footer.say("scanner of the ground floor → photo", footer.value.text())
    qtbot.waitUntil(lambda: footer.words.shown.endswith("…"))
    assert footer.value.width() >= footer.value.sizeHint().width()
    assert view.header.scale.shown.endswith("▾")


def test_everything_has_a_name(view: HeatmapView) -> None:
    header, footer = view.header, view.footer
    for widget in (view, view.plot, header.scale, header.kind, header.order, footer.play, footer.slider):
        assert widget.accessibleName()
    for widget in (header.scale, header.kind, header.order, footer.play, footer.slider):
        assert widget.toolTip()


@pytest.mark.parametrize("width", [560, 1680])
def test_a_figure_is_light_and_its_text_grows_with_it(view: HeatmapView, width: int) -> None:
    before = theme.choice()
    theme.apply("dark")
    made = QImage.fromData(figures.render(view.plot, ".png", width=width))
    theme.apply(before)
    assert made.pixelColor(2, 2).name() == theme.tokens("light").panel
    scale = width / view.plot.width()
    left, right = (round(spot(view, 1, 0, dx).x() * scale) for dx in (0.1, 0.9))
    top, bottom = (round(spot(view, 1, 0, 0.5, dy).y() * scale) for dy in (0.1, 0.9))
    inked = [y for y in range(top, bottom) if any(made.pixelColor(x, y).lightness() < 90 for x in range(left, right))]
    assert 7 * scale < inked[-1] - inked[0] < 13 * scale


def test_in_a_low_panel_the_cells_keep_half_of_the_height_and_the_titles_come_back_with_room(view: HeatmapView) -> None:
    for height, titled in ((250, False), (480, True)):
        view.resize(350, height)
        QTest.qWait(1)
        view.plot.settle()
        cells = view.plot.plot.getViewBox().sceneBoundingRect().height()
        assert cells > 0.45 * view.plot.height()
        assert (view.plot.rows.titled, view.plot.columns.titled) == (titled, titled)


def test_a_name_of_many_words_has_as_many_lines_below_its_column_as_it_needs(qtbot) -> None:
    plot = HeatmapPlot()
    qtbot.addWidget(plot)
    plot.resize(700, 600)
    tasks = ("old water colour land scape views", "b")
    view = HeatmapView()
    qtbot.addWidget(view)
    view.append(estimate(3, tasks=tasks), 1)
    view.draw()
    plot.show_matrix(view.shown, 1.0)
    plot.columns.reserve(70.0, 96.0)
    assert not plot.columns.upright
    metrics = QFontMetricsF(theme.font(bold=True))
    lines = metrics.boundingRect(QRectF(0, 0, 68, 1000), Qt.TextFlag.TextWordWrap, tasks[0]).height()
    assert lines >= 3 * metrics.height()
    assert plot.columns.minimumHeight() >= lines + plot.columns._title_room()


def test_cells_take_the_colours_of_the_theme(view: HeatmapView) -> None:
    light = colour(view, 0, 1)
    theme.apply("dark")
    try:
        assert colour(view, 0, 1) != light
        zero = QColor(view.plot.colour_map.map(0.5, mode="qcolor"))
        assert zero.lightness() < 80
    finally:
        theme.apply("light")
    assert colour(view, 0, 1) == light


def test_a_cell_under_the_mouse_is_left_even_after_a_click(view: HeatmapView) -> None:
    told = []
    view.hovered.connect(lambda *tasks: told.append(tasks))
    here = spot(view, 0, 1)
    for kind, button in ((QEvent.Type.MouseMove, Qt.MouseButton.NoButton), (QEvent.Type.MouseButtonPress, LEFT)):
        moved = QMouseEvent(kind, here, view.plot.viewport().mapToGlobal(here), button, button, NONE)
        QApplication.sendEvent(view.plot.viewport(), moved)
    QApplication.sendEvent(view.plot, QEvent(QEvent.Type.Leave))
    assert view.plot.cells.cursor is None
    assert told[-1] == ("", "")


def test_in_a_narrow_panel_names_leave_the_cells_two_thirds(view):
    view.append(estimate(8, tasks=tuple(f"scanner number {n} of hospital" for n in range(4))), 90, 100)
    for width in (240, 560):
        view.plot.resize(width, 300)
        view.plot.settle()
        assert view.plot.rows.minimumWidth() <= width / 3 + 3 * theme.L
