"""Names in a column and in a header are cut where there is no room, each so that it is no other."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QStyleOptionHeader, QStyleOptionViewItem, QTreeWidget, QTreeWidgetItem

from mmap_studio.ui.kit.name_column import NEAR, NameColumn, NameHeader

NAMES = [f"Plants in the garden of the hospital, camera {n} of site A" for n in range(1, 5)]


@pytest.fixture
def tree(qtbot):
    made = QTreeWidget()
    qtbot.addWidget(made)
    return made


def cut(tree, row, room=120):
    option = QStyleOptionViewItem()
    index = tree.model().index(row, 0)
    option.text = index.data()
    return NameColumn(tree).cut(option, room, index)


def test_names_below_each_other_stay_apart(tree):
    for name in NAMES:
        QTreeWidgetItem(tree, [name])
    assert len({cut(tree, row) for row in range(len(NAMES))}) == len(NAMES)


def test_a_name_that_was_cut_is_not_cut_again_by_the_style(tree, monkeypatch):
    for name in NAMES:
        QTreeWidgetItem(tree, [name])
    drawn, style = [], tree.style()
    recorded = SimpleNamespace(
        pixelMetric=style.pixelMetric, subElementRect=style.subElementRect,
        drawControl=lambda control, option, *more: drawn.append((option.text, option.textElideMode)),
    )  # fmt: skip
    monkeypatch.setattr(tree, "style", lambda: recorded)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, 90, 20)
    NameColumn(tree).paint(None, option, tree.model().index(0, 0))
    ((text, mode),) = drawn
    assert text.count("…") >= 1
    assert mode == Qt.TextElideMode.ElideNone


def test_of_very_many_names_the_near_ones_are_compared(tree):
    tree.addTopLevelItems([QTreeWidgetItem([f"{n:06d} plants of the garden"]) for n in range(3 * NEAR)])
    near = NameColumn(tree)._column(tree.model().index(2 * NEAR, 0))
    assert (near[0], near[-1], len(near)) == (f"{NEAR:06d} plants of the garden", "001499 plants of the garden", 1000)


def test_names_of_a_header_stay_apart_and_widen_no_column(tree):
    tree.setHeader(NameHeader(tree))
    tree.setHeaderLabels(NAMES)
    header, option, shown = tree.header(), QStyleOptionHeader(), []
    for section in range(len(NAMES)):
        header.resizeSection(section, 130)
        header.initStyleOptionForIndex(option, section)
        shown.append(option.text)
        assert header.sectionSizeFromContents(section).width() < 250
    assert len(set(shown)) == len(NAMES)
