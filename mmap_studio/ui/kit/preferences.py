"""Preferences that last from one start to the next: geometry, layout, theme, shortcuts, recent projects."""

from typing import Literal

from PySide6.QtCore import QByteArray, QSettings

RECENT = 12
"""Recent projects that are kept."""


class Preferences:
    """Typed access to `QSettings`."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings or QSettings()

    def state(self, key: str) -> QByteArray | None:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else None

    def text(self, key: str, otherwise: str = "") -> str:
        return str(self._settings.value(key, otherwise))

    def texts(self, group: str) -> dict[str, str]:
        self._settings.beginGroup(group)
        found = {key: str(self._settings.value(key) or "") for key in self._settings.childKeys()}
        self._settings.endGroup()
        return found

    def save(self, key: str, value: QByteArray | str) -> None:
        self._settings.setValue(key, value)

    def remove(self, group: str) -> None:
        """Remove everything saved under a key or a group."""
        self._settings.remove(group)

    @property
    def theme(self) -> Literal["system", "light", "dark"]:
        """The theme that was chosen; "system" where none was, or one that does not exist."""
        choices: dict[str, Literal["system", "light", "dark"]] = {"light": "light", "dark": "dark"}
        return choices.get(self.text("theme"), "system")

    @property
    def recent(self) -> list[str]:
        """Paths of projects, newest first."""
        value = self._settings.value("recent", [])
        paths = value if isinstance(value, list) else [value]
        return [str(path) for path in paths if path]

    def remove_recent(self, path: str) -> None:
        self._settings.setValue("recent", [p for p in self.recent if p != path])

    def add_recent(self, path: str) -> None:
        self._settings.setValue("recent", [path, *(p for p in self.recent if p != path)][:RECENT])
