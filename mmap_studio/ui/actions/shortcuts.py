"""Shortcuts of the actions: those of the catalogue, or the user's own, kept in the preferences."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence

from mmap_studio.errors import InputError
from mmap_studio.ui.actions.catalogue import ACTIONS, MENUS, plain
from mmap_studio.ui.kit.preferences import Preferences

GROUP = "shortcuts"
"""In the preferences: action key -> shortcut in Qt's portable form, empty for none."""
PORTABLE, NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText
TAKEN = {
    "Ctrl+C": "copies what a view shows", "Ctrl+X": "cuts text", "Ctrl+V": "pastes text", "Ctrl+A": "selects all",
    "Ctrl+Left": "moves a card", "Ctrl+Right": "moves a card", "Ctrl+Down": "moves a card", "Ctrl+Up": "moves a card",
    "F2": "renames a group or edits a name", "Shift+F10": "opens a menu", "F10": "opens the menus",
    "Alt+F4": "closes the window", "Ctrl+Alt+E": "exports a row of the comparison",
}  # fmt: skip
"""Keys that views and text fields use, and what for."""
PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class Shortcuts(QObject):
    """Signal changed(key): an action has another shortcut."""

    changed = Signal(str)

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences, self.specs = preferences, {spec.key: spec for spec in ACTIONS}
        read = {key: QKeySequence(text, PORTABLE) for key, text in preferences.texts(GROUP).items()}
        wanted = {key: keys for key, keys in read.items() if key in self.specs and not self._forbidden(keys)}
        taken = [wanted.get(key, self.default(key)) for key in self.specs]  # keys may have changed places
        self._given = {key: keys for key, keys in wanted.items() if keys.isEmpty() or taken.count(keys) == 1}

    def of(self, key: str) -> QKeySequence:
        """The shortcut of an action; empty for none."""
        if key in self._given:
            return self._given[key]
        own = self.default(key)
        return QKeySequence() if own.toString() and own in self._given.values() else own

    def default(self, key: str) -> QKeySequence:
        return QKeySequence(self.specs[key].shortcut, PORTABLE)

    def is_default(self, key: str) -> bool:
        return key not in self._given

    def refusal(self, key: str, keys: QKeySequence) -> str:
        """Why an action cannot have this shortcut, in one sentence; empty where it can."""
        owner = next((one for one in self.specs if one != key and self.of(one) == keys), None)
        if owner and not keys.isEmpty():
            return f"{said(keys)} belongs to “{plain(self.specs[owner].text)}”; give that another shortcut first."
        return self._forbidden(keys)

    def give(self, key: str, keys: QKeySequence) -> None:
        """Give an action this shortcut, empty for none; InputError where it belongs to another or to a view."""
        problem = self.refusal(key, keys)
        if problem:
            raise InputError(problem)
        self._given.pop(key, None)
        if keys != self.default(key):
            self._given[key] = keys
        self._keep()
        self.changed.emit(key)

    def reset(self, key: str) -> None:
        """Give an action its default shortcut; InputError where another action has it now."""
        self.give(key, self.default(key))

    def reset_all(self) -> None:
        self._given.clear()
        self._keep()
        for key in self.specs:
            self.changed.emit(key)

    def _forbidden(self, keys: QKeySequence) -> str:
        if keys.isEmpty():
            return ""
        if said(keys, PORTABLE) in TAKEN:
            return f"{said(keys)} {TAKEN[said(keys, PORTABLE)]} in the views; choose other keys."
        pressed = keys[0]  # type: ignore[index]  # it is a sequence
        function = Qt.Key.Key_F1 <= pressed.key() <= Qt.Key.Key_F35
        if not pressed.keyboardModifiers() & ~PLAIN and not function:
            return f"{said(keys)} alone belongs to views and text; add Ctrl or Alt, or take a function key."
        menu = next((title for title in MENUS if said(keys, PORTABLE) == f"Alt+{title[0]}"), None)
        return f"{said(keys)} opens the menu {menu}; choose other keys." if menu else ""

    def _keep(self) -> None:
        self._preferences.remove(GROUP)
        for key, keys in self._given.items():
            self._preferences.save(f"{GROUP}/{key}", said(keys, PORTABLE))


def said(keys: QKeySequence, how: QKeySequence.SequenceFormat = NATIVE) -> str:
    return keys.toString(how)
