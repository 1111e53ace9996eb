"""What the window remembers from one start to the next: geometry, splitters, theme, shortcuts, recent projects."""

from typing import Literal

from PySide6.QtCore import QByteArray, QSettings

RECENT = 12
"""Projects remembered."""


class Preferences:
    """A thin face of `QSettings`."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings or QSettings()

    def bytes(self, key: str) -> QByteArray | None:
        """A geometry or state saved under `key`."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else None

    def text(self, key: str, otherwise: str = "") -> str:
        """A text saved under `key`."""
        return str(self._settings.value(key, otherwise))

    def texts(self, group: str) -> dict[str, str]:
        """All texts saved under a group."""
        self._settings.beginGroup(group)
        found = {key: str(self._settings.value(key) or "") for key in self._settings.childKeys()}
        self._settings.endGroup()
        return found

    def keep(self, key: str, value: QByteArray | str) -> None:
        """Save."""
        self._settings.setValue(key, value)

    def forget(self, group: str) -> None:
        """Drop everything under a group."""
        self._settings.remove(group)

    @property
    def theme(self) -> Literal["system", "light", "dark"]:
        """The theme that was chosen; the system's, where it is none that there is."""
        choices: dict[str, Literal["system", "light", "dark"]] = {"light": "light", "dark": "dark"}
        return choices.get(self.text("theme"), "system")

    @property
    def recent(self) -> list[str]:
        """Paths of projects, newest first."""
        value = self._settings.value("recent", [])
        paths = value if isinstance(value, list) else [value]
        return [str(path) for path in paths if path]

    def forget_recent(self, path: str) -> None:
        """A project is not to be offered any more."""
        self._settings.setValue("recent", [p for p in self.recent if p != path])

    def add_recent(self, path: str) -> None:
        """A project was opened."""
        self._settings.setValue("recent", [path, *(p for p in self.recent if p != path)][:RECENT])
