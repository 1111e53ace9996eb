"""The palette of all actions: type a few letters, see the shortcut, press Return."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mmap_studio.ui.actions.catalogue import plain
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, described
from mmap_studio.ui.kit.painting import RIGHT, write

ROWS = 12
"""Rows of the list at most."""
SHORTCUT = Qt.ItemDataRole.UserRole + 1
ICON = 16
"""Pixels of the icon; rows without one leave its place free, so that the texts are aligned."""


def matches(wanted: str, text: str) -> int | None:
    """Rank of a text for what is typed: how many parts begin no word of it, 0 is best; None if it lacks a part."""
    words, where = text.lower().split(), 0
    for part in wanted.lower().split():
        begins = any(word.startswith(part) for word in words)
        if not begins and part not in text.lower():
            return None
        where += 0 if begins else 1
    return where


class ActionSearch(QDialog):
    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._actions = list(actions)
        described(self, "All actions").setProperty("kind", "popup")
        self.setFixedWidth(520)
        tip = "Type a few letters; arrows select, Return runs, Esc closes"
        self.line = described(
            QLineEdit(placeholderText="Search actions, settings and help"), "Search every action", tip
        )
        self.list = described(QListWidget(), "Matching actions", "Actions that match what is typed; a click runs one")
        self.list.setItemDelegate(_ActionRow(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column(self.line, self.list, parent=self, spacing=theme.S, margins=(theme.M, theme.M, theme.M, theme.M))
        self.line.textChanged.connect(self.fill)
        self.line.returnPressed.connect(self.run)
        self.list.itemClicked.connect(self.run)
        self.line.installEventFilter(self)
        self.fill("")

    def fill(self, wanted: str) -> None:
        found = [(matches(wanted, plain(a.text())), n, a) for n, a in enumerate(self._actions)]
        self.list.clear()
        for _, _, action in sorted(((m, n, a) for m, n, a in found if m is not None), key=lambda one: one[:2]):
            item = QListWidgetItem(action.icon(), plain(action.text()))
            item.setData(SHORTCUT, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            item.setToolTip(action.toolTip())
            item.setData(Qt.ItemDataRole.UserRole, self._actions.index(action))
            if not action.isEnabled():
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        if not self.list.count():
            nothing = QListWidgetItem("No action, setting or help has these words")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)
        rows = min(self.list.count(), ROWS)
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 2 * self.list.frameWidth())
        self.adjustSize()

    def run(self) -> None:
        item = self.list.currentItem()
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        action = self._actions[item.data(Qt.ItemDataRole.UserRole)]
        self.accept()
        action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Up and Down in the search field move in the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step:
                rows = self.list.count()
                self.list.setCurrentRow((self.list.currentRow() + step) % rows if rows else -1)
                return True
        return super().eventFilter(watched, event)


class _ActionRow(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        on = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        tokens, style = theme.current(), option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        rect = option.rect.adjusted(theme.S, 0, -theme.S, 0)
        icon: QIcon | None = index.data(Qt.ItemDataRole.DecorationRole)
        if icon is not None:
            place = QRect(rect.left(), rect.center().y() - ICON // 2 + 1, ICON, ICON)
            icon.paint(painter, place, mode=QIcon.Mode.Normal if on else QIcon.Mode.Disabled)
        place, shortcut = rect.adjusted(ICON + theme.S, 0, 0, 0), str(index.data(SHORTCUT) or "")
        text, keys = str(index.data()), option.fontMetrics.horizontalAdvance(shortcut)
        room = place.width() - (keys + theme.M if shortcut else 0)  # a long title is cut before its shortcut
        painter.save()
        text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        write(painter, place, text, tokens.text if on else tokens.disabled)
        write(painter, place, shortcut, tokens.muted if on else tokens.disabled, where=RIGHT)
        painter.restore()

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, max(ICON, option.fontMetrics.height()) + theme.S)
