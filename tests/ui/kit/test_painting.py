"""Rounded boxes and lines of text, by the pixels they leave."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from mmap_studio.ui.kit.painting import RIGHT, rounded, write


def drawn(act: object) -> QImage:
    made = QImage(40, 20, QImage.Format.Format_RGB32)
    made.fill(QColor("#ffffff"))
    with QPainter(made) as painter:
        act(painter)  # type: ignore[operator]
    return made


def test_a_box_is_filled_and_its_line_lies_inside(qtbot: QtBot) -> None:
    made = drawn(lambda painter: rounded(painter, QRect(10, 5, 20, 10), 0, "#0000ff", "#ff0000"))
    assert [made.pixelColor(x, 10).name() for x in (9, 10, 15, 29, 30)] == [
        "#ffffff", "#ff0000", "#0000ff", "#ff0000", "#ffffff"
    ]  # fmt: skip


def test_a_box_without_a_line_fills_all_of_it(qtbot: QtBot) -> None:
    made = drawn(lambda painter: rounded(painter, QRect(10, 5, 20, 10), 0, "#0000ff"))
    assert [made.pixelColor(x, 10).name() for x in (9, 10, 29, 30)] == ["#ffffff", "#0000ff", "#0000ff", "#ffffff"]


def inked(made: QImage) -> list[int]:
    return [x for x in range(40) if any(made.pixelColor(x, y).name() != "#ffffff" for y in range(20))]


def test_a_text_stands_at_the_side_that_is_asked_for(qtbot: QtBot) -> None:
    box = QRect(0, 0, 40, 20)
    left = inked(drawn(lambda painter: write(painter, box, "l", "#000000")))
    right = inked(drawn(lambda painter: write(painter, box, "l", "#000000", where=RIGHT)))
    assert max(left) < 20 < min(right)
