import re
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.curves.buffer import CurveKey
from mmap_studio.ui.curves.lines import DASHES, POINTS, DrawnCurve, Line, draw, line_pen, pieces, raw_pen
from mmap_studio.ui.curves.plot import CurvesPlot
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column

KEY, OTHER = CurveKey("Training", "art"), CurveKey("Training", "ink")


@pytest.fixture
def plot(qtbot) -> Iterator[CurvesPlot]:
    view = QWidget()  # pyqtgraph takes a plot that is closed itself apart
    qtbot.addWidget(view)
    plot = CurvesPlot("Loss", "", "step", "")
    column(plot, parent=view)
    view.resize(400, 300)
    view.show()
    yield plot
    view.hide()


def bounds(plot: CurvesPlot) -> list[tuple[float, float] | None]:
    return [plot.lines.dataBounds(axis) for axis in (0, 1)]


def image(*points: tuple[float, float], pen: QPen) -> np.ndarray:
    """Of a line drawn on white: True where a pixel is not white."""
    paper = QImage(200, 40, QImage.Format.Format_RGB32)
    paper.fill(Qt.GlobalColor.white)
    with QPainter(paper) as painter:
        draw(painter, *np.array(points).T, pen, whole=False)
    return np.array([[paper.pixelColor(x, y).name() != "#ffffff" for x in range(200)] for y in range(40)])


def test_the_view_fits_lines_and_the_raw_values_behind_them(plot):
    assert bounds(plot) == [None, None]
    plot.lines.put(KEY, DrawnCurve(0, np.array([1.0, 5.0]), np.array([2.0, 3.0]), np.array([1.0, 4.0])))
    plot.lines.put(OTHER, DrawnCurve(1, np.array([2.0, 9.0]), np.array([2.5, 0.5])))
    assert bounds(plot) == [(1, 9), (0.5, 4)]
    plot.lines.remove(OTHER)
    assert bounds(plot) == [(1, 5), (1, 4)]
    plot.plotItem.vb.updateAutoRange()
    (left, right), (bottom, top) = plot.plotItem.viewRange()
    assert left < 1 < 5 < right
    assert bottom < 1 < 4 < top


def test_on_a_logarithmic_scale_what_has_no_logarithm_does_not_count(plot):
    plot.lines.put(KEY, DrawnCurve(0, np.arange(4.0), np.array([100, 0, np.nan, 0.01])))
    plot.set_logarithmic(True)
    assert bounds(plot) == [(0, 3), (-2, 2)]
    plot.lines.put(KEY, DrawnCurve(0, np.arange(2.0), np.zeros(2)))
    assert bounds(plot) == [(0, 1), None]
    plot.grab()  # nothing to draw there


def test_a_line_is_broken_where_a_value_is_not_finite():
    marks = image((10, 20), (60, 20), (80, np.nan), (100, 20), (150, 20), pen=QPen(Qt.GlobalColor.black, 3))
    assert marks[20, 15:55].all()
    assert not marks[:, 65:95].any()
    assert marks[20, 105:145].all()


def test_dashes_go_on_from_one_piece_of_a_line_to_the_next():
    """Qt begins each piece with a dash, so that a line of many short pieces would have no gaps."""
    x = np.arange(0, 101, 2.0)
    starts, _, ends, _ = pieces(x, np.zeros(51), np.array([30.0, 20.0]))
    inked = np.zeros(100, bool)
    for start, end in zip(starts, ends, strict=True):
        inked[int(start) : int(end)] = True
    assert inked[:30].all()
    assert not inked[30:50].any()
    assert inked[50:80].all()
    assert not inked[80:].any()


def test_dashes_are_counted_along_the_line_and_not_along_the_steps():
    starts_x, starts_y, ends_x, ends_y = pieces(
        np.array([0.0, 0.0, 3.0]), np.array([0.0, 4.0, 4.0]), np.array([5.0, 1])
    )
    lengths = np.hypot(ends_x - starts_x, ends_y - starts_y)
    assert lengths.tolist() == pytest.approx([4, 1, 1])
    assert (ends_x[-1], ends_y[-1]) == (3, 4)


def test_a_line_without_dashes_is_all_its_pieces():
    starts_x, _, ends_x, _ = pieces(np.array([0.0, 1, 5]), np.zeros(3), np.zeros(0))
    assert (starts_x.tolist(), ends_x.tolist()) == ([0, 1], [1, 5])


def test_pixels_look_as_if_the_line_was_drawn_whole():
    rng = np.random.default_rng(0)
    points = np.stack([np.arange(5, 195, 5.0), 20 + 10 * rng.standard_normal(38).cumsum() / 6])
    for place in (0, 1):
        found = []
        for whole in (False, True):
            paper = QImage(200, 40, QImage.Format.Format_RGB32)
            paper.fill(Qt.GlobalColor.white)
            with QPainter(paper) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                draw(painter, *points, line_pen(place), whole)
            found.append(np.frombuffer(paper.constBits(), np.uint8).reshape(40, 200, 4)[..., :3].astype(int))
        ink = (255 - found[1]).sum()
        assert np.abs(found[0] - found[1]).sum() < 0.35 * ink, "but for joints and the ends of dashes"
        assert ink == pytest.approx((255 - found[0]).sum(), rel=0.15)


def test_a_file_of_shapes_gets_a_curve_as_one_line(plot, tmp_path):
    plot.lines.put(KEY, DrawnCurve(1, np.arange(50.0), np.arange(50.0) % 7))
    plot.plotItem.vb.updateAutoRange()
    made = QSvgGenerator()
    made.setFileName(str(tmp_path / "curves.svg"))
    with QPainter(made) as painter:
        plot.render(painter, QRectF(0, 0, 400, 300))
    text = (tmp_path / "curves.svg").read_text()
    (points,) = re.findall('<polyline[^>]* points="([^"]*)"', text)
    assert len(points.split()) == 50
    assert "stroke-dasharray" in text


def test_zoomed_in_the_points_in_sight_are_drawn_and_no_means_of_many(plot, monkeypatch):
    told = []
    monkeypatch.setattr("mmap_studio.ui.curves.lines.draw", lambda painter, x, y, *_: told.append(len(x)))
    x = np.arange(100 * POINTS, dtype=float)
    plot.lines.put(KEY, DrawnCurve(0, x, x % 10, x % 3))
    plot.plotItem.vb.updateAutoRange()
    plot.grab()
    raw, line = told[-2:]
    assert POINTS - 2 <= line <= POINTS
    assert POINTS < raw <= 2 * POINTS
    plot.plotItem.vb.setXRange(1000, 1020, padding=0)
    plot.grab()
    assert told[-2:] == [23, 23], "the 21 in sight and one on either side"


def test_one_point_is_a_dot(plot):
    plot.lines.put(KEY, DrawnCurve(0, np.array([1.0]), np.array([2.0])))
    plot.plotItem.vb.updateAutoRange()
    at = plot.mapFromScene(plot.plotItem.vb.mapViewToScene(QPoint(1, 2)))
    assert plot.grab().toImage().pixelColor(at).name() == line_pen(0).color().name()


def test_24_tasks_differ_in_line_style_or_colour():
    looks = {(line_pen(n).color().name(), tuple(line_pen(n).dashPattern())) for n in range(24)}
    assert len(looks) == 24
    assert len({tuple(line_pen(n).dashPattern()) for n in range(6)}) == len(DASHES)
    assert line_pen(Line(3, 1)).color() == line_pen(3).color()
    assert line_pen(Line(3, 1)).dashPattern() == line_pen(1).dashPattern()


def test_raw_values_are_fainter_in_both_themes():
    try:
        for name in ("light", "dark"):
            theme.apply(name)
            ground = theme.current().panel
            for place in range(8):
                pen = raw_pen(place)
                assert pen.color().alpha() == 255
                assert pen.color().name() not in (ground, line_pen(place).color().name())
    finally:
        theme.apply("light")
