"""The dialog of keyboard shortcuts: search, change by pressing other keys, and reset."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QKeySequenceEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from mmap_studio.errors import InputError
from mmap_studio.ui.actions.catalogue import plain
from mmap_studio.ui.actions.palette import matches
from mmap_studio.ui.actions.shortcuts import Shortcuts, said
from mmap_studio.ui.kit.controls import described, line_edit, push_button, quiet_tree, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

KEY = Qt.ItemDataRole.UserRole
ACTION, MENU, KEYS = range(3)
CHANGED = " · changed"


class KeysField(QKeySequenceEdit):
    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Esc closes the dialog and Shift+Tab goes back: Qt would take both for a shortcut."""
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            event.ignore()
        elif event.key() == Qt.Key.Key_Backtab and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class ShortcutsDialog(QDialog):
    """Lists all actions; every change applies at once and is saved."""

    def __init__(self, shortcuts: Shortcuts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.shortcuts = shortcuts
        tip = "Type a few letters of an action, or keys such as Ctrl+G"
        self.line = line_edit("Search actions and keys", tip, placeholder="Search actions and keys")
        tip = "Select an action; Return goes to its shortcut"
        self.list = described(QTreeWidget(), "Actions and their shortcuts", tip)
        quiet_tree(self.list, ["Action", "Menu", "Shortcut"])
        self.list.headerItem().setTextAlignment(MENU, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.keys = described(KeysField(), "Shortcut of the selected action", "Press the new keys")
        self.keys.setMaximumSequenceLength(1)
        self.caption = label("", "", "Selected action")
        self.caption.setBuddy(self.keys)
        self.none = push_button("No shortcut", "Leave the selected action without a shortcut")
        self.default = push_button("Default", "Give the selected action its default shortcut")
        self.problem = label("", "bad", "Why the shortcut cannot be used", wrap=True)
        self.buttons = button_box(self, Buttons.Close)
        self.all = self.buttons.addButton("Reset all", QDialogButtonBox.ButtonRole.ResetRole)
        self.all.setToolTip("Give every action its default shortcut")
        for button in self.buttons.buttons():
            if isinstance(button, QPushButton):
                button.setAutoDefault(False)  # Return goes from the list to the keys
        self._items: list[QTreeWidgetItem] = []
        for spec in self.shortcuts.specs.values():
            item = QTreeWidgetItem(self.list, [plain(spec.text), spec.menu, ""])
            item.setData(ACTION, KEY, spec.key)
            item.setToolTip(ACTION, as_text(spec.tip))
            self._items.append(item)
            item.setTextAlignment(KEYS, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._show_list()
        keys = row(self.caption, None, self.keys, self.none, self.default)
        lay_out(self, self.line, self.list, keys, self.problem, self.buttons, stretch=self.list)
        self.problem.setMinimumHeight(2 * self.fontMetrics().lineSpacing())  # the dialog keeps its size when it speaks
        self.keys.setMinimumWidth(160)
        sized(self, 620, 560)
        self._connect()
        self.list.setCurrentItem(self._items[0])

    @property
    def current(self) -> str:
        """The key of the selected action; empty for none."""
        item = self.list.currentItem()
        return "" if item is None or item.isHidden() else str(item.data(ACTION, KEY))

    def search(self, wanted: str) -> None:
        first: QTreeWidgetItem | None = None
        for item in self._items:
            fits = matches(wanted, " ".join(item.text(column) for column in (ACTION, MENU, KEYS))) is not None
            item.setHidden(not fits)
            first = first or (item if fits else None)
        self.list.setCurrentItem(first)  # type: ignore[arg-type]  # None for none

    def take(self, keys: QKeySequence) -> None:
        """Give the selected action this shortcut, or show why it cannot have it."""
        self._attempt(lambda key: self.shortcuts.give(key, keys))

    def _attempt(self, change: Callable[[str], None]) -> None:
        problem = ""
        try:
            if self.current:
                change(self.current)
        except InputError as error:
            problem = str(error)
        self.problem.setText(problem)
        if not problem:
            self._show_keys()

    def _show_list(self) -> None:
        for item in self._items:
            key = str(item.data(ACTION, KEY))
            keys = said(self.shortcuts.of(key))
            item.setText(KEYS, keys if self.shortcuts.is_default(key) else f"{keys or 'none'}{CHANGED}")

    def _show_keys(self) -> None:
        key, item = self.current, self.list.currentItem()
        with QSignalBlocker(self.keys):
            self.keys.setKeySequence(self.shortcuts.of(key) if key else QKeySequence())
        for widget in (self.keys, self.none, self.default):
            widget.setEnabled(bool(key))
        self.default.setEnabled(bool(key) and not self.shortcuts.is_default(key))
        self.caption.setText(f"Shortcut of “{item.text(ACTION)}”" if key and item is not None else "No matching action")

    def _chosen(self) -> None:
        self.problem.setText("")
        self._show_keys()

    def _pressed(self, keys: QKeySequence) -> None:
        if not keys.isEmpty():  # Qt empties the field as the first key goes down
            self.take(keys)

    def _reset_all(self) -> None:
        self.shortcuts.reset_all()
        self._chosen()

    def _connect(self) -> None:
        self.line.textChanged.connect(self.search)
        self.list.currentItemChanged.connect(self._chosen)
        self.list.itemActivated.connect(lambda _: self.keys.setFocus())
        self.line.returnPressed.connect(self.keys.setFocus)
        self.keys.keySequenceChanged.connect(self._pressed)
        self.none.clicked.connect(lambda: self.take(QKeySequence()))
        self.default.clicked.connect(lambda: self._attempt(self.shortcuts.reset))
        self.all.clicked.connect(self._reset_all)
        self.shortcuts.changed.connect(self._show_list)
