"""The action registry: one `QAction` per entry of the catalogue, wired to its command, in menus and with shortcuts."""

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from mmap_studio.ui.actions.catalogue import ACTIONS, MENUS, ActionSpec
from mmap_studio.ui.actions.palette import ActionSearch
from mmap_studio.ui.actions.shortcuts import Shortcuts, said
from mmap_studio.ui.actions.shortcuts_dialog import ShortcutsDialog
from mmap_studio.ui.kit import icons
from mmap_studio.ui.kit.plain_text import as_text

Command = Callable[[], object]


class ActionRegistry:
    """All actions of one window by their key.

    commands : what each action of the catalogue does, but for the palette and the shortcuts dialog, which are the
        registry's own; a key that is missing, or is no action's, raises ValueError
    """

    def __init__(self, window: QMainWindow, commands: Mapping[str, Command], shortcuts: Shortcuts) -> None:
        self._window, self.shortcuts = window, shortcuts
        commands = {**commands, "palette": self._show_palette, "shortcuts": self._show_shortcuts}
        wrong = commands.keys() ^ {spec.key for spec in ACTIONS}
        if wrong:
            raise ValueError(
                f"Commands and catalogue must have the same keys; only one has {', '.join(sorted(wrong))}."
            )
        self.by_key: dict[str, QAction] = {spec.key: self._make(spec, commands[spec.key]) for spec in ACTIONS}
        self._themes = QActionGroup(window)
        for key in ("theme_system", "theme_light", "theme_dark"):
            self._themes.addAction(self.by_key[key])
        self._fill_menus()
        self._panels: list[QAction] = []
        shortcuts.changed.connect(lambda key: self._give_keys(self.by_key[key], shortcuts.specs[key]))

    def __getitem__(self, key: str) -> QAction:
        return self.by_key[key]

    def add_panels(self, toggles: Iterable[QAction]) -> None:
        """Add a menu to View that shows and hides each panel."""
        menu = QMenu("&Panels", self._window)
        for toggle in toggles:
            menu.addAction(toggle)
            search = QAction(f"Panel: {toggle.text()}", self._window)
            search.setToolTip(toggle.toolTip())
            search.triggered.connect(toggle.trigger)
            self._panels.append(search)
        self.menus["View"].insertMenu(self.by_key["reset_layout"], menu)

    def add_searched(self, entries: Iterable[tuple[str, str, Command]]) -> None:
        """Let the palette find more than actions: (text, tip, what it does)."""
        for text, tip, command in entries:
            search = QAction(text.replace("&", "&&"), self._window)
            search.setToolTip(as_text(tip))
            search.triggered.connect(lambda _=False, command=command: command())
            self._panels.append(search)

    def enable(self, wanted: Mapping[str, bool]) -> None:
        for key, on in wanted.items():
            self.by_key[key].setEnabled(on)

    def _make(self, spec: ActionSpec, command: Command) -> QAction:
        action = QAction(spec.text, self._window)
        action.setObjectName(spec.key)
        action.setCheckable(spec.checkable)
        self._give_keys(action, spec)
        action.setStatusTip(as_text(spec.tip))
        action.triggered.connect(lambda: command())  # without `checked`, which a default argument would take
        if spec.icon:
            icons.put_on(action, spec.icon)
        self._window.addAction(action)
        return action

    def _give_keys(self, action: QAction, spec: ActionSpec) -> None:
        keys = self.shortcuts.of(spec.key)
        action.setShortcut(keys)
        action.setToolTip(as_text(spec.tip if keys.isEmpty() else f"{spec.tip} ({said(keys)})"))

    def _fill_menus(self) -> None:
        bar = self._window.menuBar()
        self.menus = {title: bar.addMenu(f"&{title}") for title in MENUS}
        for spec in ACTIONS:
            if spec.rule_before:
                self.menus[spec.menu].addSeparator()
            self.menus[spec.menu].addAction(self.by_key[spec.key])
        self.recent = QMenu("Open &recent", self._window)
        self.menus["Project"].insertMenu(self.by_key["starter"], self.recent)

    def _show_palette(self) -> None:
        search = ActionSearch([*self.by_key.values(), *self._panels], self._window)
        search.finished.connect(search.deleteLater)
        centre = self._window.mapToGlobal(self._window.rect().center())
        search.move(centre.x() - search.width() // 2, centre.y() - search.height() // 2)
        search.show()
        search.line.setFocus()

    def _show_shortcuts(self) -> None:
        dialog = ShortcutsDialog(self.shortcuts, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
