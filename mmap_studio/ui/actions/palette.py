"""Ctrl+K: type a few letters of any action, see its shortcut, press Return."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from mmap_studio.ui.actions.action_row import SHORTCUT, ActionRow
from mmap_studio.ui.kit import theme


def matches(wanted: str, text: str) -> int | None:
    """How well `text` fits, lower is better: words that begin so before words that contain so; None: not at all."""
    words, where = text.lower().split(), 0
    for part in wanted.lower().split():
        begins = any(word.startswith(part) for word in words)
        if not begins and part not in text.lower():
            return None
        where += 0 if begins else 1
    return where


ROWS = 12
"""Rows of the list at most; as high as what fits, else."""


class ActionSearch(QDialog):
    """A line to type in and the actions that fit."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._actions = list(actions)
        self.setAccessibleName("All actions")
        self.setProperty("kind", "popup")
        self.setFixedWidth(520)
        self.line, self.list = QLineEdit(placeholderText="Search every action"), QListWidget()
        self.line.setAccessibleName("Search every action")
        self.list.setAccessibleName("Actions that fit")
        self.line.setToolTip("Type a few letters; arrows choose, Return runs, Esc closes")
        self.list.setToolTip("Actions that fit what is typed; a click runs one")
        self.list.setItemDelegate(ActionRow(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        layout.setSpacing(theme.S)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.line.textChanged.connect(self.fill)
        self.line.returnPressed.connect(self.run)
        self.list.itemClicked.connect(self.run)
        self.line.installEventFilter(self)
        self.fill("")

    def fill(self, wanted: str) -> None:
        """List what fits, best first."""
        found = [(matches(wanted, _plain(a)), n, a) for n, a in enumerate(self._actions)]
        self.list.clear()
        for _, _, action in sorted(((m, n, a) for m, n, a in found if m is not None), key=lambda one: one[:2]):
            item = QListWidgetItem(action.icon(), _plain(action))
            item.setData(SHORTCUT, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            item.setToolTip(action.toolTip())
            item.setData(Qt.ItemDataRole.UserRole, self._actions.index(action))
            if not action.isEnabled():
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        if not self.list.count():
            nothing = QListWidgetItem("Nothing fits")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)
        rows = min(self.list.count(), ROWS)
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 2 * self.list.frameWidth())
        self.adjustSize()

    def run(self) -> None:
        """Close, and do what is chosen."""
        item = self.list.currentItem()
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        action = self._actions[item.data(Qt.ItemDataRole.UserRole)]
        self.accept()
        action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Arrows in the line move in the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step:
                rows = self.list.count()
                self.list.setCurrentRow((self.list.currentRow() + step) % rows if rows else -1)
                return True
        return super().eventFilter(watched, event)


def _plain(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")
