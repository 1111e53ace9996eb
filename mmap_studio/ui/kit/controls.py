"""Small controls with the accessible names, tooltips and sizes that the views share."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSizePolicy,
    QSlider,
    QTableView,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.elided import ElidedCombo
from mmap_studio.ui.kit.flow_layout import FlowLayout
from mmap_studio.ui.kit.plain_text import as_text, plain_label

NARROWEST = 64
"""Width below which a drop-down cannot be read, pixels."""
YIELDS_TO = 14
"""Characters that a drop-down of long titles asks for; it takes what the others leave."""


def combo(name: str, tip: str, entries: Mapping[str, object] | None = None, yields: bool = False) -> QComboBox:
    """A drop-down; `entries`: title -> data. One that `yields` gives its width to the controls beside it."""
    box = ElidedCombo()
    box.setAccessibleName(name)
    box.setToolTip(as_text(tip))
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setMinimumWidth(NARROWEST)  # in a narrow window it shortens its text rather than widen the window
    if yields:  # long titles would leave the others two letters
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(YIELDS_TO)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    refill(box, entries or {})
    return box


def refill(box: QComboBox, entries: Mapping[str, object], otherwise: object = None) -> None:
    """Replace the entries without a signal; the selected one stays selected if it is still there, else `otherwise`."""
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for title, key in entries.items():
        box.addItem(title, key)
    places = [box.findData(chosen) if chosen is not None else -1, box.findData(otherwise), 0 if entries else -1]
    box.setCurrentIndex(next((place for place in places if place >= 0), -1))
    box.blockSignals(False)


def choose(box: QComboBox, key: object, fallback: int | None = None) -> None:
    """Select the entry with this data, if there is one; else the one at index `fallback`."""
    place = box.findData(key)
    if place < 0 and fallback is not None:
        place = fallback
    if place >= 0:
        box.setCurrentIndex(place)


def button(text: str, tip: str, name: str = "", checkable: bool = False) -> QToolButton:
    """A flat button; one that is `checkable` has a frame."""
    made = QToolButton()
    made.setText(text)
    made.setToolTip(as_text(tip))
    made.setAccessibleName(name or text)
    made.setCheckable(checkable)
    if not checkable:
        made.setProperty("kind", "link")
    return made


def push_button(text: str, tip: str) -> QPushButton:
    """A framed button that Return does not press unless it has the focus."""
    made = QPushButton(text)
    made.setToolTip(as_text(tip))
    made.setAccessibleName(text.replace("&", "").rstrip("…"))
    made.setAutoDefault(False)
    return made


def line_edit(name: str, tip: str, text: str = "", placeholder: str = "") -> QLineEdit:
    """A line of text; one with a placeholder has a button that clears it."""
    made = QLineEdit(text)
    made.setAccessibleName(name)
    made.setToolTip(as_text(tip))
    made.setPlaceholderText(placeholder)
    made.setClearButtonEnabled(bool(placeholder))
    return made


def check(text: str, tip: str, on: bool = False) -> QCheckBox:
    made = QCheckBox(text)
    made.setToolTip(as_text(tip))
    made.setAccessibleName(text)
    made.setChecked(on)
    return made


def slider(name: str, tip: str, low: int, high: int, value: int, width: int) -> QSlider:
    """A slider of at most `width` pixels, and half of them in a narrow window."""
    made = QSlider(Qt.Orientation.Horizontal)
    made.setAccessibleName(name)
    made.setToolTip(as_text(tip))
    made.setRange(low, high)
    made.setValue(value)
    made.setMinimumWidth(width // 2)
    made.setMaximumWidth(width)
    return made


def note(text: str = "", centred: bool = False) -> QLabel:
    """A line of secondary text."""
    made = plain_label(text)
    made.setWordWrap(centred)
    made.setProperty("role", "muted")
    made.setFont(theme.font())
    if centred:
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return made


def quiet_table(table: QTableView, name: str, tip: str) -> None:
    """Make a table plain rows to select, without grid and row numbers; Tab leaves it."""
    table.setAccessibleName(name)
    table.setToolTip(as_text(tip))
    table.setTabKeyNavigation(False)  # arrow keys go from cell to cell
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
    table.horizontalHeader().setHighlightSections(False)
    table.verticalHeader().hide()


def quiet_tree(tree: QTreeWidget, headers: list[str]) -> None:
    """Make a tree a flat list with columns: the first one stretches, the others hold right-aligned figures."""
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


class PlaceholderList(QListWidget):
    """A list that shows `sentence` in its middle while it is empty."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence
        self.setAccessibleDescription(sentence)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if self.count() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(theme.current().muted)
            room = self.viewport().rect().adjusted(theme.L, theme.S, -theme.L, -theme.S)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.sentence)
            painter.end()


def row(*parts: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is a stretch."""
    made = QHBoxLayout()
    made.setSpacing(theme.S)
    _fill(made, parts)
    return made


def flow(*parts: QWidget | None) -> FlowLayout:
    """As `row`, on several lines where the window is narrow."""
    made = FlowLayout(theme.S)
    _fill(made, parts)
    return made


def _fill(made: QHBoxLayout | FlowLayout, parts: Iterable[QWidget | None]) -> None:
    for part in parts:
        if part is None:
            made.addStretch()
        else:
            made.addWidget(part)
