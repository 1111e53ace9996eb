"""The registry of actions as Qt knows them: one `QAction` each, wired to the command of the same name."""

from collections.abc import Iterable, Mapping

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from mmap_studio.ui.actions.catalogue import ACTIONS, MENUS, ActionSpec
from mmap_studio.ui.actions.shortcuts import Shortcuts, said
from mmap_studio.ui.kit import icons


class Actions:
    """All actions of one window by their key."""

    def __init__(self, window: QMainWindow, commands: object, shortcuts: Shortcuts) -> None:
        self._window, self.shortcuts = window, shortcuts
        self.by_key: dict[str, QAction] = {spec.key: self._make(spec, commands) for spec in ACTIONS}
        self._themes = QActionGroup(window)
        for key in ("theme_system", "theme_light", "theme_dark"):
            self._themes.addAction(self.by_key[key])
        self._fill_menus()
        self.extra: list[QAction] = []
        shortcuts.changed.connect(self._show_keys)

    def __getitem__(self, key: str) -> QAction:
        return self.by_key[key]

    def all(self) -> list[QAction]:
        """Every action, for the searchable list."""
        return [*self.by_key.values(), *self.extra]

    def add_panels(self, toggles: Iterable[QAction]) -> None:
        """A menu in View that shows and hides each panel."""
        menu = QMenu("&Panels", self._window)
        for toggle in toggles:
            menu.addAction(toggle)
            search = QAction(f"Panel: {toggle.text()}", self._window)
            search.setToolTip(toggle.toolTip())
            search.triggered.connect(toggle.trigger)
            self.extra.append(search)
        self.menus["View"].insertMenu(self.by_key["reset_layout"], menu)

    def enable(self, wanted: Mapping[str, bool]) -> None:
        """Which of them can be used now."""
        for key, on in wanted.items():
            self.by_key[key].setEnabled(on)

    def _make(self, spec: ActionSpec, commands: object) -> QAction:
        action = QAction(spec.text, self._window)
        action.setObjectName(spec.key)
        action.setCheckable(spec.checkable)
        self._give_keys(action, spec)
        action.setStatusTip(spec.tip)
        action.triggered.connect(getattr(commands, f"do_{spec.key}"))
        if spec.icon:
            icons.put_on(action, spec.icon)
        self._window.addAction(action)
        return action

    def _show_keys(self, key: str) -> None:
        self._give_keys(self.by_key[key], self.shortcuts.specs[key])

    def _give_keys(self, action: QAction, spec: ActionSpec) -> None:
        """The shortcut, and the tooltip that says it."""
        keys = self.shortcuts.of(spec.key)
        action.setShortcut(keys)
        action.setToolTip(spec.tip if keys.isEmpty() else f"{spec.tip} ({said(keys)})")

    def _fill_menus(self) -> None:
        bar = self._window.menuBar()
        self.menus = {title: bar.addMenu(f"&{title}") for title in MENUS}
        for spec in ACTIONS:
            if spec.rule_before:
                self.menus[spec.menu].addSeparator()
            self.menus[spec.menu].addAction(self.by_key[spec.key])
        self.recent = QMenu("Open &recent", self._window)
        self.menus["Project"].insertMenu(self.by_key["starter"], self.recent)
