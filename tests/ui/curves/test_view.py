import math
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication

from mmap_studio.ui.curves.buffer import CurveKey
from mmap_studio.ui.curves.legend import CurvesLegend
from mmap_studio.ui.curves.lines import CurveLines
from mmap_studio.ui.curves.view import ACCURACY, CurvesView
from mmap_studio.ui.export.view_figures import curves_figure
from mmap_studio.ui.kit import theme

EDGE = 4
"""Pixels beside the last number that may be out of sight."""


def stepped(step: int, phase: str = "training", note: str = "", accuracy: float | None = None, **losses: float):
    group = None if accuracy is None else SimpleNamespace(validation=({}, dict.fromkeys(losses, accuracy)))
    report = SimpleNamespace(losses=losses, step=step, epoch=step, group=group)
    return SimpleNamespace(phase=phase, report=report, note=note)


@pytest.fixture
def view(qtbot) -> CurvesView:
    view = CurvesView()
    view.smoothing.setValue(0)  # losses as they came
    qtbot.addWidget(view)
    view.begin_run(["art", "ink"])
    view.resize(800, 300)
    view.show()
    return view


def drawn(view: CurvesView) -> dict[str, float]:
    view.redraw()
    return {key.task: value for key, value in view.loss_plot.values_at(math.nan).items()}


def test_events_come_in_at_any_rate_and_are_drawn_together_later(view, qtbot):
    view.redraw()
    for step in range(1, 50):
        view.add_step(stepped(step, art=1 / step, ink=2.0))
    assert view.loss_plot.values_at(math.nan) == {}
    qtbot.waitUntil(lambda: len(view.loss_plot.values_at(math.nan)) == 2)
    assert drawn(view) == {"art": pytest.approx(1 / 49), "ink": 2.0}


def test_what_has_no_new_point_is_not_drawn_again(view, monkeypatch):
    """Accuracies change once an epoch: painting them with every step took as long as the losses."""
    view.add_step(stepped(1, art=3.0, ink=2.0, accuracy=0.5))
    view.redraw()
    told = []
    monkeypatch.setattr(CurveLines, "put", lambda lines, key, curve: told.append((lines, key.task)))
    view.redraw()
    assert told == []
    view.add_step(stepped(2, art=1.0))
    view.redraw()
    losses, accuracies = view.loss_plot.lines, view.accuracy_plot.lines
    assert told == [(losses, "art")]
    view.smoothing.setValue(500)
    view.redraw()
    assert set(told) == {(losses, "art"), (losses, "ink")}
    told.clear()
    view.add_step(stepped(3, ink=1.0, accuracy=0.6))
    view.redraw()
    assert told == [(losses, "ink"), (accuracies, "ink")]


def test_a_new_point_is_painted_once(view):
    """Axes that follow the data only while it is painted ask for another paint of the whole plot."""
    painted = []

    class Painted(QObject):
        def eventFilter(self, watched, event):  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                painted.append(watched)
            return False

    counter = Painted()
    for plot in (view.loss_plot, view.accuracy_plot):
        plot.viewport().installEventFilter(counter)
    for step in range(1, 20):
        view.add_step(stepped(step, art=1 / step, ink=2.0 * step))
        view.redraw()
        for _ in range(5):
            QApplication.processEvents()
        if step == 10:
            painted.clear()
    assert painted == [view.loss_plot.viewport()] * 9


def test_curves_and_names_of_tasks_that_went_go(view):
    view.begin_run(["art", "ink", "oil"])
    view.add_step(stepped(1, art=3.0, ink=2.0, oil=1.0))
    view.legend.tick(["art", "oil"])
    assert drawn(view) == {"art": 3.0, "oil": 1.0}
    view.show_tasks(["ink", "oil", "new"])
    assert drawn(view) == {"oil": 1.0}
    assert [view.legend.topLevelItem(row).text(0) for row in range(3)] == ["ink", "oil", "new"]
    assert view.legend.topLevelItemCount() == 3
    assert view.legend.shown() == {"oil", "new"}
    (curve,) = view.loss_plot.lines.curves.values()
    assert curve.place == 1, "as the legend has it"


def test_the_view_follows_the_run_until_the_person_chooses(view):
    view.add_step(stepped(1, "affinity", art=3.0))
    view.add_step(stepped(1, "training", art=2.0))
    assert (view.stage.currentText(), drawn(view)) == ("Training", {"art": 2.0})
    view.stage.setCurrentText("Affinity")
    view.stage.activated.emit(0)
    view.add_step(stepped(1, "controls", "separate: art", art=1.0))
    assert (view.stage.currentText(), drawn(view)) == ("Affinity", {"art": 3.0})
    assert view.stage.findText("All separate") == 2


def test_validation_comes_at_the_end_of_an_epoch_and_from_the_cache(view):
    view.add_step(stepped(1, art=2.0, accuracy=0.25))
    view.add_group(SimpleNamespace(members=("ink",), validation=({"ink": 0.5}, {"ink": 0.75}), losses={}))
    view.redraw()
    found = {key.task: value for key, value in view.accuracy_plot.values_at(math.nan).items()}
    assert found == {"art": 25.0, "ink": 75.0}
    row = view.legend.topLevelItem(1)
    assert [row.text(column) for column in range(3)] == ["ink", "", "75.0"]


def test_a_group_from_the_cache_shows_the_losses_of_its_training_and_no_others(view):
    view.add_step(stepped(1, art=9.0, ink=2.0, accuracy=0.25))
    losses = {"art": np.array([[1, 2], [4.0, 3.0]], np.float32)}
    view.add_group(SimpleNamespace(members=("art",), validation=({"art": 0.5},), losses=losses))
    assert drawn(view) == {"art": 3.0, "ink": 2.0}
    assert view.loss_plot.values_at(1)[CurveKey("Training", "art")] == 4.0
    assert view.legend.topLevelItem(0).text(2) == "50.0"


def test_nothing_of_another_training_stays_where_a_group_from_the_cache_has_no_curves(view):
    view.add_step(stepped(1, art=9.0, accuracy=0.25))
    view.redraw()
    view.add_group(SimpleNamespace(members=("art",), validation=(), losses={}))
    assert drawn(view) == {}
    assert not view.drawn
    assert "from the first step" in words(view.loss_plot)
    assert "with each epoch" in words(view.accuracy_plot)
    view.add_step(stepped(2, art=8.0))
    assert drawn(view) == {"art": 8.0}


def test_curves_of_an_earlier_run_come_in_stages_of_their_own(view):
    points = np.array([[1], [0.5]], np.float32)
    keys = ("affinity", "", "art"), ("training", "", "art"), ("controls", "separate: art", "art")
    view.show_remembered(SimpleNamespace(losses=dict.fromkeys(keys, points), accuracies={keys[1]: points}))
    assert [view.stage.itemText(i) for i in range(view.stage.count())] == ["Affinity", "Training", "All separate"]
    assert (view.stage.currentText(), drawn(view)) == ("Training", {"art": 0.5})
    assert view.legend.topLevelItem(0).text(2) == "50.0"


def test_unticking_a_task_takes_its_line_away(view):
    view.add_step(stepped(1, art=2.0, ink=1.0))
    view.legend.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert drawn(view) == {"ink": 1.0}


def test_the_legend_shows_the_value_under_the_mouse_and_then_the_newest(view):
    for step, loss in ((1, 5.0), (2, 4.0), (3, 3.0)):
        view.add_step(stepped(step, art=loss))
    view.redraw()
    view.loss_plot.hovered.emit(1.2)
    assert view.legend.topLevelItem(0).text(1) == "5.000"
    view.loss_plot.hovered.emit(math.nan)
    assert view.legend.topLevelItem(0).text(1) == "3.000"


def test_at_first_losses_are_smoothed_as_tensorboard_does_and_stay_in_sight_behind(qtbot):
    view = CurvesView()
    qtbot.addWidget(view)
    view.begin_run(["art"])
    view.show()
    for step, loss in ((1, 0.0), (2, 1.0)):
        view.add_step(stepped(step, art=loss))
    assert drawn(view)["art"] == pytest.approx((1 + 0.6 * 0) / 1.6)
    assert view.weight.text() == "0.60"
    (curve,) = view.loss_plot.lines.curves.values()
    assert (curve.y.max(), curve.raw.max()) == pytest.approx((0.625, 1))
    view.smoothing.setValue(0)
    assert drawn(view)["art"] == 1
    (curve,) = view.loss_plot.lines.curves.values()
    assert curve.raw is None


def test_smoothing_changes_what_is_drawn_and_what_is_read(view):
    for step, loss in ((1, 0.0), (2, 1.0)):
        view.add_step(stepped(step, art=loss))
    view.smoothing.setValue(500)
    assert drawn(view)["art"] == pytest.approx((1 + 0.5 * 0) / 1.5)


def test_a_hidden_view_draws_nothing_until_it_is_seen(view, qtbot):
    view.hide()
    view.add_step(stepped(1, art=2.0))
    assert not view._redraw.isActive()
    view.show()
    qtbot.waitUntil(lambda: bool(view.loss_plot.values_at(math.nan)))


def test_a_new_run_forgets_the_last_one(view):
    view.add_step(stepped(1, art=2.0))
    view.begin_run(["ink"])
    view.add_step(stepped(1, ink=9.0))
    assert drawn(view) == {"ink": 9.0}
    assert view.legend.topLevelItemCount() == 1


def words(plot) -> str:
    """What stands in the place of axes; empty where there are axes."""
    axes = [plot.plotItem.getAxis(side).opacity() > 0 for side in ("left", "bottom")]
    assert axes == [plot.empty.isHidden()] * 2
    return "" if plot.empty.isHidden() else plot.empty.text()


def test_a_plot_without_curves_says_what_will_appear_instead_of_showing_axes(view):
    view.redraw()
    assert "from the first step of a run" in words(view.loss_plot)
    assert "with each epoch" in words(view.accuracy_plot)
    view.add_step(stepped(1, art=2.0))
    view.redraw()
    assert words(view.loss_plot) == ""
    assert "with each epoch" in words(view.accuracy_plot)
    view.legend.tick([])
    view.redraw()
    assert "No task is ticked" in words(view.loss_plot)


@pytest.mark.parametrize("most", [1.0, 2.0, 40.0])
def test_steps_and_epochs_are_counted_in_whole_numbers(view, most):
    axis = view.accuracy_plot.plotItem.getAxis("bottom")
    ticks = [(spacing, values) for spacing, values in axis.tickValues(1.0, most + 0.05, 300) if values]
    assert ticks
    for spacing, values in ticks:
        assert all(text == str(int(text)) for text in axis.tickStrings(values, 1, spacing))


def test_a_figure_drawn_at_once_has_room_for_the_numbers_of_its_axes(view, qtbot):
    view.add_step(stepped(1, art=2.0, accuracy=0.25))
    view.add_step(stepped(2, art=1.0, accuracy=0.5))
    made = curves_figure(view)
    qtbot.addWidget(made)
    for plot in (made.loss_plot, made.accuracy_plot):
        left, cells = plot.plotItem.getAxis("left").geometry(), plot.plotItem.vb.geometry()
        assert left.width() > 20
        assert left.right() <= cells.left() + 1


def test_the_loss_stands_on_a_logarithmic_scale_if_asked_for_a_loss_of_zero_too(view, qtbot):
    for step, loss in enumerate((100.0, 1.0, 0.0, 0.01), start=1):
        view.add_step(stepped(step, art=loss))
    view.log.setChecked(True)
    view.redraw()
    view.loss_plot.plotItem.vb.updateAutoRange()
    bottom, top = view.loss_plot.plotItem.viewRange()[1]
    assert -3 < bottom <= -2 < 2 <= top < 3
    named = view.loss_plot.plotItem.getAxis("left").logTickStrings(np.log10([0.1, 0.2, 0.3, 0.5, 0.9, 1, 20]), 1, 0)
    assert [bool(text) for text in named] == [True, True, False, True, False, True, True]
    assert drawn(view) == {"art": 0.01}
    figure = view.figure()
    qtbot.addWidget(figure)
    assert figure.loss_plot.logarithmic
    view.log.setChecked(False)
    view.redraw()
    view.loss_plot.plotItem.vb.updateAutoRange()
    assert view.loss_plot.plotItem.viewRange()[1][1] >= 100


def test_a_task_is_drawn_alone_and_all_are_again(view):
    legend = view.legend
    for shown in ({"ink"}, {"art", "ink"}):
        legend.itemActivated.emit(legend.topLevelItem(1), 0)
        assert legend.shown() == shown


@pytest.mark.parametrize(("most", "numbers"), [(12, 3), (408, 5), (4, 4), (100_000, 5)])
def test_numbers_along_the_curves_have_room(view, most, numbers):
    axis = view.accuracy_plot.plotItem.getAxis("bottom")
    assert sum(len(values) for _, values in axis.tickValues(0.6, most + 0.4, 185)) <= numbers


def test_one_plot_may_be_shown_alone_in_both_themes(view):
    view.which.setCurrentText(ACCURACY)
    assert not view.loss_plot.isVisible()
    try:
        theme.apply("dark")
        assert view.accuracy_plot.backgroundBrush().color().name() == theme.current().panel
    finally:
        theme.apply("light")


def test_in_a_narrow_panel_the_choices_and_names_are_whole_and_the_values_give_way(view):
    for stage in ("affinity", "training"):
        view.add_step(stepped(1, stage, art=1.0, ink=2.0))
    view.resize(474, 240)
    view.redraw()
    QApplication.processEvents()
    assert (view.stage.shown, view.which.shown) == ("Training", "Loss and accuracy")
    assert not view.caption.isVisible()
    assert view.legend.isColumnHidden(1)
    plots = view.loss_plot, view.accuracy_plot
    for plot in plots:
        assert plot.plotItem.vb.sceneBoundingRect().right() <= plot.viewport().width() + EDGE
    assert abs(plots[0].width() - plots[1].width()) < 4
    view.resize(800, 300)
    QApplication.processEvents()
    assert view.caption.isVisible()
    assert not view.legend.isColumnHidden(1)


def test_in_a_narrow_panel_the_legend_is_as_wide_as_its_names_want(qtbot):
    for name, whole in ("High contrast", True), ("an endless name of a task " * 3, False):
        legend = CurvesLegend()
        qtbot.addWidget(legend)
        legend.show_narrow(True)
        legend.show_tasks({name: 0})
        assert (legend.minimumWidth() >= legend.sizeHintForColumn(0)) == whole


@pytest.mark.parametrize("first", ["affinity", "training"])
def test_losses_of_an_affinity_from_the_cache_are_a_stage_of_their_own_and_take_no_other_away(view, first):
    kept = {"art": np.array([[1, 2], [3.0, 2.5]]), "ink": np.array([[1, 2], [4.0, 1.5]])}
    if first == "affinity":
        view.add_affinity(kept)
        assert drawn(view) == {"art": 2.5, "ink": 1.5}
    view.add_step(stepped(1, art=0.5, ink=0.25))
    if first == "training":
        view.add_affinity(kept)
    assert [view.stage.itemText(place) for place in range(2)] == ["Affinity", "Training"]
    assert drawn(view) == {"art": 0.5, "ink": 0.25}
    view.stage.setCurrentText("Affinity")
    assert drawn(view) == {"art": 2.5, "ink": 1.5}


def test_a_narrow_plot_shows_as_much_of_its_title_as_fits_and_no_words_over_it(view, qtbot):
    plot = view.accuracy_plot
    title = plot.plotItem.titleLabel
    for width in (400, 130):
        plot.resize(width, 110)
        qtbot.wait(1)
        assert plot.fontMetrics().horizontalAdvance(title.text) <= width
        assert plot.empty.y() >= title.sceneBoundingRect().bottom() - 1
    assert title.text.startswith("Valid")
    assert title.text.endswith("%")


def test_the_legend_is_wider_for_long_names_within_limits(qtbot):
    widths = []
    for name in ("a", "High contrast", "a domain of images with a name " * 4):
        legend = CurvesLegend()
        qtbot.addWidget(legend)
        legend.show_tasks({name: 0})
        widths.append(legend.minimumWidth())
        legend.show_narrow(True)
        assert legend.minimumWidth() < widths[0]
    letter = legend.fontMetrics().averageCharWidth()
    assert widths[0] == 40 * letter < widths[1] <= widths[2] == 46 * letter


def test_long_names_get_up_to_half_of_a_wide_view(view):
    name = "scanner number 21 of hospital"
    view.add_step(stepped(1, "training", **{name: 1.0}))
    widths = []
    for width in (700, 1000):
        view.resize(width, 300)
        view.redraw()
        widths.append(view.legend.minimumWidth())
    assert widths[0] == 350
    assert widths[1] == view.legend.wanted_width() < 500
