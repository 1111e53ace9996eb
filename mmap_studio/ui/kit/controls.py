"""Small controls as the lower views use them: none without an accessible name and a tooltip."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.elided import ElidedCombo
from mmap_studio.ui.kit.flow_layout import Flow

LEAST = 64
"""Pixels below which a choice cannot be read."""
YIELDS_TO = 14
"""Characters that a choice of long titles asks for; it takes what the others leave."""


def combo(name: str, tip: str, entries: Mapping[str, object] | None = None, yields: bool = False) -> QComboBox:
    """A choice; `entries` are titles and what they stand for. One that `yields` gives its room to those beside it."""
    box = ElidedCombo()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setMinimumWidth(LEAST)  # in a narrow window it shortens its text rather than widen the window
    if yields:  # long titles would leave the others two letters
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(YIELDS_TO)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    refill(box, entries or {})
    return box


def refill(box: QComboBox, entries: Mapping[str, object], otherwise: object = None) -> None:
    """Replace the entries without a signal; the chosen one stays chosen if it is still there, else `otherwise` is."""
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for title, key in entries.items():
        box.addItem(title, key)
    places = [box.findData(chosen) if chosen is not None else -1, box.findData(otherwise), 0 if entries else -1]
    box.setCurrentIndex(next((place for place in places if place >= 0), -1))
    box.blockSignals(False)


def choose(box: QComboBox, key: object, fallback: int | None = None) -> None:
    """Choose the entry with this key, if it is there; else the one at `fallback`."""
    place = box.findData(key)
    if place < 0 and fallback is not None:
        place = fallback
    if place >= 0:
        box.setCurrentIndex(place)


def button(text: str, tip: str, name: str = "", checkable: bool = False) -> QToolButton:
    """A quiet button."""
    made = QToolButton()
    made.setText(text)
    made.setToolTip(tip)
    made.setAccessibleName(name or text)
    made.setCheckable(checkable)
    if not checkable:
        made.setProperty("kind", "link")
    return made


def check(text: str, tip: str, on: bool = False) -> QCheckBox:
    """A tick box."""
    made = QCheckBox(text)
    made.setToolTip(tip)
    made.setAccessibleName(text)
    made.setChecked(on)
    return made


def slider(name: str, tip: str, low: int, high: int, value: int, width: int) -> QSlider:
    """A slider of at most `width` pixels, and half of them in a narrow window."""
    made = QSlider(Qt.Orientation.Horizontal)
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setRange(low, high)
    made.setValue(value)
    made.setMinimumWidth(width // 2)
    made.setMaximumWidth(width)
    return made


def note(text: str = "", centred: bool = False) -> QLabel:
    """A line of secondary text."""
    made = QLabel(text)
    made.setProperty("role", "muted")
    made.setFont(theme.font())
    if centred:
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made.setWordWrap(True)
    return made


def quiet_tree(tree: QTreeWidget, headers: list[str]) -> None:
    """A flat list with columns: the first takes the room, the others are figures."""
    tree.setHeaderLabels(headers)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setIndentation(0)
    tree.setTextElideMode(Qt.TextElideMode.ElideRight)
    tree.setFrameShape(QTreeWidget.Shape.NoFrame)
    tree.setFont(theme.font())
    tree.setStyleSheet("QTreeView::item {padding: 2px 5px}")
    tree.header().setStretchLastSection(False)
    tree.header().setMinimumSectionSize(24)
    tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in range(1, len(headers)):
        tree.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def row(*parts: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is free room."""
    made = QHBoxLayout()
    made.setSpacing(theme.S)
    _fill(made, parts)
    return made


def flow(*parts: QWidget | None) -> Flow:
    """The same, on several lines where the window is narrow."""
    made = Flow(theme.S)
    _fill(made, parts)
    return made


def _fill(made: QHBoxLayout | Flow, parts: Iterable[QWidget | None]) -> None:
    for part in parts:
        if part is None:
            made.addStretch()
        else:
            made.addWidget(part)
