"""Small controls with the accessible names, tooltips and sizes that the views share."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSplitter,
    QTableView,
    QToolButton,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)

from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.elided import ElidedCombo
from mmap_studio.ui.kit.flow_layout import FlowLayout
from mmap_studio.ui.kit.name_column import NameColumn
from mmap_studio.ui.kit.plain_text import as_text, plain_label

W = TypeVar("W", bound=QWidget)
Part = QWidget | QLayout
NARROWEST = 64
"""Width below which a drop-down cannot be read, pixels."""
YIELDS_TO = 14
"""Characters that a drop-down of long titles asks for; it takes what the others leave."""


def described(widget: W, name: str, tip: str = "") -> W:
    """The widget, with its name for screen readers and its tooltip."""
    widget.setAccessibleName(name)
    widget.setToolTip(as_text(tip))
    return widget


def marked(widget: QWidget, key: str, value: object) -> None:
    """Change a property that the style sheet selects by, and the look that follows from it."""
    if widget.property(key) != value:
        widget.setProperty(key, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def combo(
    name: str, tip: str, entries: Mapping[str, object] | None = None, yields: bool = False, whole: bool = False
) -> QComboBox:
    """A drop-down; `entries`: title -> data.

    yields : it gives its width to the controls beside it   whole : its few words are never cut
    """
    box = described(ElidedCombo(), name, tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setMinimumWidth(NARROWEST)  # in a narrow window it shortens its text rather than widen the window
    if whole:
        box.setMinimumWidth(0)
        box.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    if yields:  # long titles would leave the others two letters
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(YIELDS_TO)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    refill(box, entries or {})
    return box


def refill(box: QComboBox, entries: Mapping[str, object], otherwise: object = None) -> None:
    """Replace the entries without a signal; the selected one stays selected if it is still there, else `otherwise`."""
    chosen = box.currentData()
    with QSignalBlocker(box):
        box.clear()
        for title, key in entries.items():
            box.addItem(title, key)
        places = [box.findData(chosen) if chosen is not None else -1, box.findData(otherwise), 0 if entries else -1]
        box.setCurrentIndex(next((place for place in places if place >= 0), -1))


def choose(box: QComboBox, key: object, fallback: int | None = None) -> None:
    """Select the entry with this data, if there is one; else the one at index `fallback`."""
    place = box.findData(key)
    if place < 0 and fallback is not None:
        place = fallback
    if place >= 0:
        box.setCurrentIndex(place)


def button(text: str, tip: str, name: str = "", checkable: bool = False) -> QToolButton:
    """A flat button; one that is `checkable` has a frame."""
    made = described(QToolButton(), name or text, tip)
    made.setText(text)
    made.setCheckable(checkable)
    if not checkable:
        made.setProperty("kind", "link")
    return made


def push_button(text: str, tip: str) -> QPushButton:
    """A framed button that Return does not press unless it has the focus."""
    made = described(QPushButton(text), text.replace("&", "").rstrip("…"), tip)
    made.setAutoDefault(False)
    return made


def line_edit(name: str, tip: str, text: str = "", placeholder: str = "") -> QLineEdit:
    """A line of text; one with a placeholder has a button that clears it."""
    made = described(QLineEdit(text), name, tip)
    made.setPlaceholderText(placeholder)
    made.setClearButtonEnabled(bool(placeholder))
    return made


def offer(line: QLineEdit, *texts: str) -> None:
    """Give a line a menu of texts at its end, for whoever has the mouse in hand."""
    name = f"Offers for {line.accessibleName().lower()}"
    menu, opener = QMenu(line), QAction(line)
    menu.setAccessibleName(name)
    icons.put_on(opener, "chevron-down", "muted")
    opener.triggered.connect(lambda: menu.popup(line.mapToGlobal(line.rect().bottomLeft())))
    line.addAction(opener, QLineEdit.ActionPosition.TrailingPosition)
    described(line.findChildren(QToolButton)[-1], name, "Choose one, or write another")

    def take(action: QAction) -> None:
        line.setText(action.text())
        line.editingFinished.emit()

    for text in texts:
        menu.addAction(text)
    menu.triggered.connect(take)


def check(text: str, tip: str, on: bool = False) -> QCheckBox:
    made = described(QCheckBox(text), text, tip)
    made.setChecked(on)
    return made


def slider(name: str, tip: str, low: int, high: int, value: int, width: int) -> QSlider:
    """A slider of at most `width` pixels, and half of them in a narrow window."""
    made = described(QSlider(Qt.Orientation.Horizontal), name, tip)
    made.setRange(low, high)
    made.setValue(value)
    made.setMinimumWidth(width // 2)
    made.setMaximumWidth(width)
    return made


def note(text: str = "", centred: bool = False) -> QLabel:
    made = plain_label(text)
    made.setWordWrap(centred)
    made.setProperty("role", "muted")
    made.setFont(theme.font())
    if centred:
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return made


def quiet_table(table: QTableView, name: str, tip: str) -> None:
    """Make a table plain rows to select, without grid and row numbers; Tab leaves it."""
    described(table, name, tip).setTabKeyNavigation(False)  # arrow keys go from cell to cell
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
    table.horizontalHeader().setHighlightSections(False)
    table.verticalHeader().hide()


def quiet_tree(tree: QTreeWidget, headers: list[str]) -> None:
    """Make a tree a flat list: names in the first column, which stretches, right-aligned figures in the others."""
    tree.setHeaderLabels(headers)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setIndentation(0)
    tree.setTextElideMode(Qt.TextElideMode.ElideRight)
    tree.setItemDelegateForColumn(0, NameColumn(tree))
    tree.setFrameShape(QTreeWidget.Shape.NoFrame)
    tree.setFont(theme.font())
    tree.setStyleSheet("QTreeView::item {padding: 2px 5px}")
    tree.header().setStretchLastSection(False)
    tree.header().setMinimumSectionSize(24)
    tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in range(1, len(headers)):
        tree.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class HeadedTree(QTreeWidget):
    """Never narrower than its headings."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        header, size = self.header(), super().minimumSizeHint()
        return QSize(max(size.width(), sum(map(header.sectionSizeHint, range(header.count())))), size.height())


class PlaceholderList(QListWidget):
    """A list that shows `sentence` in its middle while it is empty."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence
        self.setAccessibleDescription(sentence)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if self.count() == 0:
            with QPainter(self.viewport()) as painter:
                painter.setPen(theme.current().muted)
                room = self.viewport().rect().adjusted(theme.L, theme.S, -theme.L, -theme.S)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.sentence)


def row(
    *parts: Part | None, parent: QWidget | None = None, stretch: Iterable[Part] = (), spacing: int = theme.S,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QHBoxLayout:  # fmt: skip
    """Parts side by side; None is a stretch, and those of `stretch` take what is left."""
    made = QHBoxLayout(parent) if parent else QHBoxLayout()
    _fill(made, parts, tuple(stretch), spacing, margins)
    return made


def column(
    *parts: Part | None, parent: QWidget | None = None, stretch: Iterable[Part] = (), spacing: int = -1,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QVBoxLayout:  # fmt: skip
    """As `row`, below each other; without `spacing`, the style's."""
    made = QVBoxLayout(parent) if parent else QVBoxLayout()
    _fill(made, parts, tuple(stretch), spacing, margins)
    return made


def splitter(*parts: QWidget, stretch: Iterable[int], sizes: list[int]) -> QSplitter:
    """Widgets side by side whose widths the user can change; `sizes` are those at first, pixels."""
    made = QSplitter(Qt.Orientation.Horizontal)
    for place, (part, share) in enumerate(zip(parts, stretch, strict=True)):
        made.addWidget(part)
        made.setStretchFactor(place, share)
    made.setSizes(sizes)
    return made


def flow(*parts: QWidget | None) -> FlowLayout:
    """As `row`, on several lines where the window is narrow."""
    made = FlowLayout(theme.S)
    for part in parts:
        made.addStretch() if part is None else made.addWidget(part)
    return made


def _fill(
    made: QBoxLayout, parts: Iterable[Part | None], stretch: tuple[Part, ...], spacing: int,
    margins: tuple[int, int, int, int],
) -> None:  # fmt: skip
    made.setContentsMargins(*margins)
    made.setSpacing(spacing)
    for part in parts:
        if part is None:
            made.addStretch()
        elif isinstance(part, QLayout):
            made.addLayout(part, int(part in stretch))
        else:
            made.addWidget(part, int(part in stretch))
