"""Controls in lines: one while there is room, several where they could not be read, never one over another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmap_studio.ui.kit.flow_layout import READABLE, FlowLayout

GAP = 8


class Box(QWidget):
    """Wishes for one width, can do with another."""

    def __init__(self, wish: int, least: int = 40) -> None:
        super().__init__()
        self.wish = wish
        self.setMinimumWidth(least)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self.wish, 20)


def line(*parts) -> tuple[QWidget, list[Box]]:
    """A widget of these widths side by side; None is free room."""
    home, flow, boxes = QWidget(), FlowLayout(GAP), []
    for part in parts:
        if part is None:
            flow.addStretch()
        else:
            boxes.append(part if isinstance(part, Box) else Box(part))
            flow.addWidget(boxes[-1])
    home.setLayout(flow)
    return home, boxes


def laid(home: QWidget, width: int) -> int:
    height = home.layout().heightForWidth(width)
    home.layout().setGeometry(QRect(0, 0, width, height))
    return height


def test_with_room_everything_is_on_one_line_and_free_room_takes_the_rest(qapp):
    home, (first, second) = line(60, None, 80)
    assert laid(home, 400) == 20
    assert first.geometry() == QRect(0, 0, 60, 20)
    assert second.geometry() == QRect(320, 0, 80, 20)


def test_a_long_text_gives_way_before_a_line_is_added(qapp):
    home, (long, short) = line(200, 60)
    assert laid(home, 60 + GAP + READABLE) == 20
    assert (long.width(), short.width()) == (READABLE, 60)
    assert laid(home, 60 + GAP + READABLE - 1) == 20 + GAP + 20
    assert (long.y(), short.y()) == (0, 28)


def test_no_text_is_cut_where_the_next_line_has_room_for_what_follows(qapp):
    home, (first, second, last) = line(READABLE + 20, READABLE + 20, 60)
    home.layout().addWidget(after := Box(100))
    width = 2 * READABLE + 60 + 2 * GAP  # three, two of them cut
    assert laid(home, width) == 20 + GAP + 20
    assert (first.width(), second.width(), last.y(), after.y()) == (READABLE + 20, READABLE + 20, 28, 28)


def test_what_expands_takes_the_rest_where_no_room_is_free(qapp):
    wide = Box(60)
    wide.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    home, (_, short) = line(wide, 50)
    laid(home, 300)
    assert (wide.width(), short.width()) == (300 - GAP - 50, 50)


def test_what_is_hidden_takes_no_room(qapp):
    home, (first, hidden, last) = line(60, 70, 80)
    hidden.hide()
    assert laid(home, 60 + GAP + 80) == 20
    assert last.x() == 60 + GAP
    assert first.x() == 0


@pytest.mark.parametrize("width", [30, 160])
def test_the_least_width_is_that_of_the_widest_item(qapp, width):
    home, _ = line(300, 50)
    assert home.layout().minimumSize() == QSize(40, 20)
    assert laid(home, width) == 48


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.integers(10, 260), min_size=1, max_size=8), st.integers(60, 700))
def test_no_control_is_over_another_or_outside(qapp, widths, width):
    home, boxes = line(*widths)
    height = laid(home, width)
    places = [box.geometry() for box in boxes]
    for at, place in enumerate(places):
        assert QRect(0, 0, width, height).contains(place)
        assert not any(place.intersects(other) for other in places[at + 1 :])


def test_a_height_is_computed_once_until_something_in_it_changes(qtbot, monkeypatch):
    home, (first, second) = line(60, 80)
    qtbot.addWidget(home)
    home.show()
    flow, asked = home.layout(), []
    arrange = FlowLayout._arrange
    monkeypatch.setattr(FlowLayout, "_arrange", lambda own, *args, **how: asked.append(1) or arrange(own, *args, **how))
    asked.clear()
    assert [flow.heightForWidth(width) for width in (400, 110, 400, 110)] == [20, 48, 20, 48]
    assert len(asked) == 2
    second.wish = 30
    second.updateGeometry()
    assert flow.heightForWidth(110) == 20
    second.hide()
    third = Box(80)
    flow.addWidget(third)
    third.show()
    assert flow.heightForWidth(110) == 48
    first.hide()
    assert flow.heightForWidth(110) == 20
