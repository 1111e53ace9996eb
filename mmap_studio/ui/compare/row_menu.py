"""What can be done with rows of the comparison's table: order, images, curves, settings, export."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from mmap_studio.session.compare.live.ledger import LedgerLine
from mmap_studio.ui.compare.table import ComparisonTable
from mmap_studio.ui.kit.plain_text import copy_text


@dataclass(frozen=True)
class RowCommands:
    """What the rows that are selected can be told."""

    images: Callable[[LedgerLine], object]
    curves: Callable[[list[LedgerLine]], object]
    about: Callable[[LedgerLine], object]
    export: Callable[[LedgerLine], object]
    first: Callable[[list[LedgerLine]], object]
    skip: Callable[[list[LedgerLine]], object]


ENTRIES = {
    "images": ("Show &images", "Return"), "curves": ("Show c&urves", "Shift+Return"),
    "about": ("&Settings and figures…", "Space"),
    "export": ("&Export…", "Ctrl+Alt+E"), "first": ("Make &next", "Ctrl+Up"), "skip": ("S&kip", "Del"),
}  # fmt: skip
"""Text and key of each, by its name in `RowCommands`."""


class RowActions:
    """The actions of the table, with keys that hold while it has the focus, and its context menu."""

    def __init__(self, table: ComparisonTable, commands: RowCommands) -> None:
        self._table, self._commands = table, commands
        self.by_name = {one.name: self._action(one.name) for one in fields(commands)}
        copy = QAction("&Copy rows", table)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(lambda: copy_text(table.as_text()))
        for action in (*self.by_name.values(), copy):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            table.addAction(action)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._menu)
        table.doubleClicked.connect(lambda: self.by_name["images"].trigger())
        table.selectionModel().selectionChanged.connect(self.update)
        table.rows.dataChanged.connect(self.update)
        table.rows.modelReset.connect(self.update)
        self.update()

    def update(self) -> None:
        """Which can be used with the rows that are selected."""
        lines = self._table.selected()
        one, made = len(lines) == 1, bool(lines) and bool(lines[0].made)
        can = {
            "images": one and made, "curves": any(line.made for line in lines), "about": one and made,
            "export": one and made,
            "first": any(line.state == "waiting" for line in lines),
            "skip": any(line.state != "done" for line in lines),
        }  # fmt: skip
        for name, action in self.by_name.items():
            action.setEnabled(can[name])
        put_back = bool(lines) and all(line.state == "skipped" for line in lines)
        self.by_name["skip"].setText("&Make after all" if put_back else "S&kip")

    def _action(self, name: str) -> QAction:
        text, key = ENTRIES[name]
        action = QAction(text, self._table)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: self._do(name))
        return action

    def _do(self, name: str) -> None:
        lines = self._table.selected()
        if lines:
            what = getattr(self._commands, name)
            what(lines if name in ("curves", "first", "skip") else lines[0])

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self._table)
        menu.addActions(self._table.actions())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._table.viewport().mapToGlobal(at))
