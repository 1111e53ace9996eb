import re

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QImage
from PySide6.QtSvg import QSvgRenderer

from mmap_studio.session.explore.selection import Selection
from mmap_studio.ui.export.figures import render, render_pdf, render_png, render_svg
from mmap_studio.ui.kit import theme
from mmap_studio.ui.map.view import MapView
from mmap_studio.ui.results.confusion_matrix import ConfusionMatrix
from tests.session.explore.test_projection import features

SIZE = 300, 260


@pytest.fixture
def matrix(qtbot) -> ConfusionMatrix:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(*SIZE)
    matrix.show_matrix(np.array([[8, 2], [0, 5]]), ["fox", "cat"], np.array([0, 1]))
    matrix.show()
    return matrix


@pytest.fixture
def dark():
    theme.apply("dark")
    yield
    theme.apply("light")


def image(data: bytes) -> QImage:
    return QImage.fromData(data, "PNG")


@pytest.mark.parametrize("width", [300, 1234])
def test_a_png_has_the_width_asked_for_and_the_shape_of_the_view(matrix, width):
    found = image(render_png(matrix, width))
    assert found.width() == width
    assert found.height() == round(width * SIZE[1] / SIZE[0])


def test_a_larger_png_is_drawn_anew_not_blown_up(matrix):
    large = image(render_png(matrix, 3 * SIZE[0])).convertToFormat(QImage.Format.Format_Grayscale8)
    blown = image(render_png(matrix, SIZE[0])).scaled(large.size()).convertToFormat(QImage.Format.Format_Grayscale8)
    rows = [
        np.frombuffer(i.constBits(), np.uint8).reshape(i.height(), -1)[:, : i.width()].astype(int)
        for i in (large, blown)
    ]
    edges = [np.abs(np.diff(row, axis=1)).max(0).mean() for row in rows]
    assert (rows[0] != rows[1]).any()
    assert edges[0] > 0


def test_in_the_dark_a_figure_is_the_same_as_in_the_light(matrix, dark):
    made = render_png(matrix, 600)
    assert image(made).pixelColor(1, 1) == QColor(theme.tokens("light").panel)
    assert theme.current() is theme.tokens("dark")
    shown = matrix._image.pixelColor(1, 0)
    theme.apply("light")
    assert render_png(matrix, 600) == made
    assert matrix._image.pixelColor(1, 0) != shown


def test_an_svg_has_the_views_own_units_and_texts(matrix):
    made = render_svg(matrix, "Confusion of art").decode()
    assert re.search(r'viewBox="0 0 300 260"', made)
    assert "Confusion of art" in made
    assert ">8</text>" in made
    assert QSvgRenderer(QByteArray(made.encode())).isValid()


def test_an_svg_of_the_map_is_made_of_shapes_not_of_images(qtbot):
    view = MapView(Selection())
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    view.show_features(features())
    made = render_svg(view.before).decode()
    assert "<image" not in made
    assert made.count("<circle") + made.count("<ellipse") >= 20


def test_a_pdf_is_one_page_of_the_views_size(matrix):
    made = render_pdf(matrix)
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", made).groups())
    assert made.startswith(b"%PDF")
    assert (width, height) == pytest.approx(
        (SIZE[0] * 72 / matrix.logicalDpiX(), SIZE[1] * 72 / matrix.logicalDpiY()), abs=1
    )


def test_the_suffix_chooses_and_others_are_refused(matrix):
    assert render(matrix, ".PNG").startswith(b"\x89PNG")
    assert render(matrix, ".pdf").startswith(b"%PDF")
    assert b"<svg" in render(matrix, ".svg")
    with pytest.raises(ValueError, match=r"must be one of \.png, \.svg, \.pdf\. Got '\.gif' instead"):
        render(matrix, ".gif")
