"""Names that are too long: what tells them apart stays."""

import pytest
from PySide6.QtGui import QFont, QFontMetricsF

from mmap_studio.ui.kit.shortened import shortened

HOSPITALS = [f"Domain number {k:02d} of the scanner images" for k in range(24)]
FLUENT = ["Noto", "Fluent flat icons", "Fluent 3D icons", "Fluent high contrast icons"]


def cut(names, room, font=None):
    face = font or QFont()
    return [shortened(name, face, room, names) for name in names]


def width(text) -> float:
    return QFontMetricsF(QFont()).horizontalAdvance(text)


@pytest.mark.parametrize("room", [60, 80, 120, 160, 200])
@pytest.mark.parametrize(
    "names",
    [HOSPITALS, FLUENT, ["scanner A", "scanner B"], [f"site-{k}/stain-HE" for k in range(64)]],
)
def test_no_two_names_look_alike_and_none_is_too_wide(qapp, names, room):
    found = cut(names, room)
    assert len(set(found)) == len(names)
    assert all(width(one) <= room + 0.5 for one in found)


def test_a_name_that_fits_is_left_alone(qapp):
    assert shortened("Art", QFont(), 200, ["Art", "Clip art"]) == "Art"


def test_the_beginning_is_enough_where_no_other_has_it(qapp):
    assert shortened("Photographs of birds", QFont(), width("Photographs…") + 1, ["Art", "Ink"]) == "Photographs…"


def test_the_end_stays_where_the_beginning_is_shared(qapp):
    names = ["Hospital images of scanner A", "Hospital images of scanner B"]
    assert [one[-1] for one in cut(names, 110)] == ["A", "B"]


def test_the_middle_stays_where_beginning_and_end_are_shared(qapp):
    found = cut(HOSPITALS, 75)
    assert all(f"{k:02d}" in one for k, one in enumerate(found))


def test_without_neighbours_both_ends_stay(qapp):
    found = shortened("Domain number 7 of hospital A", QFont(), 110)
    assert found.startswith("D")
    assert found.endswith("A")
    assert "…" in found


def test_names_that_no_cut_tells_apart_are_cut_all_the_same(qapp):
    found = cut(["x" * 50, "x" * 51], 8)
    assert all(one for one in found)
